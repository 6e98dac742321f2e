"""The daemon: from a choice to answered requests, and back down in order.

Start: socket, uplink, books, upstreams, worker, queue, HTTP, systemd, mDNS. Stop is the exact
reverse, under one deadline. Called by the command line; knows every other package.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import socket
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from edge import __version__
from edge.api.auth import allow_all, require_token
from edge.api.chat import ChatHandler
from edge.api.server import build
from edge.app import banner
from edge.app.asking import asked
from edge.app.budget import spending
from edge.app.choose import Choice
from edge.app.likeness import compared
from edge.app.local import Place, local_models, readings, room_for
from edge.app.pressure import watch
from edge.app.privacy import privacy_of
from edge.app.queue import Queueing, queueing
from edge.app.rules import rules_of
from edge.app.systemd import Notifier
from edge.app.uplink import watched
from edge.board.live import memory_pressure
from edge.config import LOCAL, Config, CredentialFile, UpstreamSettings, read_secret
from edge.engines.base import Engine, Meter, Outcomes
from edge.engines.llama import ModelPool, spawn
from edge.engines.upstream import Credential, Server, Upstream, open_session
from edge.errors import StartFailed
from edge.lan.addresses import beyond_loopback, interface_addresses, reachable
from edge.lan.box import Offer
from edge.lan.discovery import Announcer
from edge.lan.identity import ensure_id
from edge.lan.tokens import TokenStore
from edge.routing.asking import Asker
from edge.routing.router import Router
from edge.routing.standby import Standby
from edge.state import LinkState
from edge.uplink import Watch

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plant:
    """What the daemon is built from. ``engine`` replaces the local worker (a fake)."""

    config: Config
    state_dir: Path
    choice: Choice | None
    tell: Callable[[str], None]
    engine: Engine | None = None


async def serve(plant: Plant) -> None:
    """Serve until SIGTERM or SIGINT. Raises StartFailed with a sentence.

    Stopped while it is still starting, it raises CancelledError: there is no answer to drain.
    """
    try:
        await _serve(plant)
    except BaseExceptionGroup as group:
        # Every part's TaskGroup wraps what went wrong inside it once more.
        ours, others = group.split(StartFailed)
        if ours is None or others is not None:
            raise
        raise _first(ours) from None


def _first(group: BaseExceptionGroup[StartFailed]) -> BaseException:
    inside = group.exceptions[0]
    return _first(inside) if isinstance(inside, BaseExceptionGroup) else inside


async def _serve(plant: Plant) -> None:
    starting = asyncio.current_task()
    assert starting is not None  # noqa: S101 - a coroutine runs in a task
    _on_stop_signals(starting.cancel)
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        sockets = _bind(plant.config)
        stack.callback(_close_all, sockets)
        tokens = await asyncio.to_thread(_tokens, plant, sockets)
        config = plant.config
        uplink = await stack.enter_async_context(watched(config))
        budget = await stack.enter_async_context(spending(config, plant.state_dir))
        engines = await _engines(plant, stack, tokens, _Told(uplink, budget))
        privacy = await asyncio.to_thread(privacy_of, config.privacy, plant.state_dir)
        policy = config.safeguards.policy
        stack.callback(_cut_when_offline(engines, uplink))
        standby = await stack.enter_async_context(_standing_by())
        rules = await asyncio.to_thread(rules_of, config)
        comparing = await stack.enter_async_context(compared(config, rules, plant.state_dir))
        asking = await stack.enter_async_context(asked(rules, _asker(engines[LOCAL])))
        router = Router(
            engines,
            rules,
            policy,
            privacy=privacy,
            uplink=uplink,
            standby=standby,
            budget=budget,
            comparing=comparing,
            asking=asking,
        )
        queue = await stack.enter_async_context(queueing(config, plant.state_dir, router, uplink))
        await stack.enter_async_context(_http(plant, router, tokens, sockets, queue))
        await stack.enter_async_context(_supervised())
        await _greet(plant, sockets, tokens)
        _on_stop_signals(stop.set)
        await stack.enter_async_context(_announced(plant, sockets))
        await stop.wait()
        log.info("stopping")
        queue.stop()


def _on_stop_signals(act: Callable[[], object]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, act)


# --- parts, in start order --------------------------------------------------------------


def _bind(config: Config) -> list[socket.socket]:
    """Listen first: a busy port is told before minutes of loading. Raises StartFailed."""
    host, port = config.server.host, config.server.port
    _check_host(host)
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StartFailed(
                f"port {port} on {host} is in use, perhaps by another codriver: stop that one "
                f"or take another with --port"
            ) from None
        # asyncio and socket append "(while attempting to bind ...)", which says it twice.
        reason = (error.strerror or str(error)).partition(" (while ")[0]
        raise StartFailed(f"cannot listen on {host} port {port}: {reason}") from None
    sock.setblocking(False)
    return [sock]


def _check_host(host: str) -> None:
    """Raises StartFailed for what no socket can be bound to (and would leak it trying)."""
    if not host:
        raise StartFailed("server.host is empty: 127.0.0.1 is this machine, 0.0.0.0 the whole LAN")
    try:
        possible = b"\0" not in host.encode("idna")
    except UnicodeError:
        possible = False
    if not possible:
        raise StartFailed(f"cannot listen on {host!r}: this is no host's name")


def _hosts(sockets: list[socket.socket]) -> list[str]:
    return [sock.getsockname()[0] for sock in sockets]


def _close_all(sockets: list[socket.socket]) -> None:
    for sock in sockets:
        sock.close()


@dataclass(frozen=True, slots=True)
class _Tokens:
    """The token store where one is needed; ``made`` is a token of this start, to be shown."""

    store: TokenStore
    made: str | None


def _tokens(plant: Plant, sockets: list[socket.socket]) -> _Tokens | None:
    """None on loopback, where nobody else can knock. Blocking."""
    if not beyond_loopback(_hosts(sockets)):
        return None
    path = plant.config.auth.token_file or plant.state_dir / "token"
    store = TokenStore(path)
    return _Tokens(store, store.ensure())


@dataclass(frozen=True, slots=True)
class _Told:
    """Who hears from upstreams."""

    outcomes: Outcomes | None
    meter: Meter | None


async def _engines(
    plant: Plant, stack: AsyncExitStack, tokens: _Tokens | None, told: _Told
) -> Mapping[str, Engine]:
    engines: dict[str, Engine] = {}
    if plant.config.upstreams:
        session = await stack.enter_async_context(open_session())
        for name, settings in plant.config.upstreams.items():
            engines[name] = Upstream(
                name,
                await asyncio.to_thread(_server, settings),
                session,
                clock=time.monotonic,
                is_own_token=tokens.store.check if tokens else _is_placeholder,
                outcomes=told.outcomes,
                meter=told.meter,
            )
    if plant.engine is not None:
        engines[LOCAL] = plant.engine
    else:
        engines[LOCAL] = await stack.enter_async_context(_local(plant))
    return engines


def _asker(engine: Engine) -> Asker | None:
    return engine if isinstance(engine, Asker) else None


def _cut_when_offline(engines: Mapping[str, Engine], uplink: Watch | None) -> Callable[[], None]:
    """Answers that come over a link that is gone break off at once. Returns what ends that."""
    if uplink is None:
        return lambda: None
    far = [engines[name] for name in uplink.over_link]

    def told(state: LinkState) -> None:
        for engine in far:
            if state.level == "offline" and isinstance(engine, Upstream):
                engine.cut()

    return uplink.subscribe(told)


@asynccontextmanager
async def _standing_by() -> AsyncGenerator[Standby, None]:
    """Answers begun for clients that ask again."""
    standby = Standby()
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(standby.run(), name="standby")
        try:
            yield standby
        finally:
            running.cancel()


def _server(settings: UpstreamSettings) -> Server:
    """Blocking. Raises ConfigError."""
    return Server(
        url=settings.url,
        dialect=settings.dialect,
        credential=_credential(settings),
        model=settings.model,
        models=settings.models,
        reasoning_effort=settings.reasoning_effort,
        max_tokens_name=settings.max_tokens_name,
        connect_timeout=settings.connect_timeout_seconds,
        first_byte_timeout=settings.first_byte_timeout_seconds,
    )


def _credential(settings: UpstreamSettings) -> Credential:
    """Blocking. Raises ConfigError."""
    match settings.credential:
        case CredentialFile(path):
            return read_secret(path)
        case word:
            return word


def _is_placeholder(token: str) -> bool:
    """What the greeting tells people to paste on loopback: no credential of theirs."""
    return token == banner.PLACEHOLDER_TOKEN


@asynccontextmanager
async def _local(plant: Plant) -> AsyncGenerator[Engine, None]:
    """The models of this box, the default up and loaded; drained on the way out."""
    assert plant.choice is not None  # noqa: S101 - Plant: a choice or an engine
    prefixes = plant.config.prefixes
    place = Place(plant.state_dir, prefixes.max_bytes, prefixes.warm)
    models, reasons = await asyncio.to_thread(local_models, plant.choice, place)
    pool = ModelPool(
        models,
        room_for(plant.choice),
        spawn=spawn,
        readings=readings(),
        idle_unload=plant.config.model.idle_unload_seconds or None,
    )
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(pool.run(), name="local models")
        watching = tasks.create_task(watch(memory_pressure, pool.relieve), name="memory pressure")
        try:
            _tell_all(plant, reasons)
            ready = await pool.wait_ready()
            _tell_all(plant, [*ready.reasons, f"loaded in {ready.load_seconds:.1f} s"])
            yield pool
            await pool.drain(plant.config.server.drain_seconds)
        finally:
            watching.cancel()
            running.cancel()


def _tell_all(plant: Plant, reasons: Iterable[str]) -> None:
    for reason in reasons:
        plant.tell(f"           {reason}")


@asynccontextmanager
async def _http(
    plant: Plant,
    router: Router,
    tokens: _Tokens | None,
    sockets: list[socket.socket],
    queue: Queueing,
) -> AsyncGenerator[None, None]:
    server = plant.config.server
    messages = ChatHandler(router, keepalive=server.keepalive_seconds, clock=time.monotonic)
    guard = require_token(tokens.store.check) if tokens else allow_all
    app = build(
        messages,
        router,
        guard=guard,
        max_body=server.max_body_bytes,
        more=queue.routes,
        measures=queue.measures,
    )
    runner = web.AppRunner(
        app, handler_cancellation=True, access_log=None, shutdown_timeout=server.drain_seconds
    )
    await runner.setup()
    try:
        for sock in sockets:
            await web.SockSite(runner, sock).start()
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _announced(plant: Plant, sockets: list[socket.socket]) -> AsyncGenerator[None, None]:
    """Found by mDNS, beyond loopback only. A LAN that does not let us is a warning."""
    hosts = _hosts(sockets)
    if not plant.config.lan.announce or not beyond_loopback(hosts):
        yield
        return
    offer = Offer(
        name=plant.config.lan.name or socket.gethostname(),
        id=await asyncio.to_thread(ensure_id, plant.state_dir / "id"),
        version=__version__,
        port=sockets[0].getsockname()[1],
        auth="token",
        model=plant.choice.plan.model if plant.choice else "",
        board=(plant.choice.board.board or "") if plant.choice else "",
    )
    async with Announcer(offer, hosts):
        yield


@asynccontextmanager
async def _supervised() -> AsyncGenerator[None, None]:
    notifier = Notifier()
    async with asyncio.TaskGroup() as tasks:
        feeding = tasks.create_task(notifier.feed_watchdog(), name="watchdog")
        notifier.send("READY=1")
        try:
            yield
        finally:
            notifier.send("STOPPING=1")
            feeding.cancel()


# --- words ------------------------------------------------------------------------------


async def _greet(plant: Plant, sockets: list[socket.socket], tokens: _Tokens | None) -> None:
    port = sockets[0].getsockname()[1]
    found = await asyncio.to_thread(interface_addresses)
    near = [spot.address for spot in reachable(_hosts(sockets), found)]
    urls = banner.urls(plant.config.server.host, port, near, socket.gethostname())
    notes = []
    token = None
    if tokens is not None:
        token = tokens.made or banner.TOKEN_ELSEWHERE
        notes.append("requests need the box's token, and travel unencrypted on this LAN")
        kept = "is kept" if tokens.made else "was shown at the first start and is kept"
        notes.append(f"the token {kept} in {tokens.store.path}")
    plant.tell(banner.serving(urls, " > ".join(rules_of(plant.config).order), token, notes))
