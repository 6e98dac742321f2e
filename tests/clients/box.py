"""The daemon's HTTP stack over a scripted engine, in a thread: what real clients are shown.

Everything between socket and engine is the real thing: routes, guard, router, dialect,
keep-alive. Its time passes at the pace that it is given.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Lock, Thread
from typing import TypeAlias

from aiohttp import web

from edge.api.auth import allow_all
from edge.api.chat import START_PATIENCE, ChatHandler
from edge.api.server import build
from edge.chat import ChatRequest, Finished, Started, TextDelta, Usage
from edge.config import load
from edge.engines.fake import FakeEngine, Script, Step
from edge.routing.policy import LOCAL, Rules
from edge.routing.router import Router
from edge.safeguards import Policy
from edge.units import Tokens
from tests.clients.pace import Compressed, Pace

USAGE = Usage(input=Tokens(1200), output=Tokens(7))


@dataclass(frozen=True, slots=True)
class Box:
    """A running one; ``engine.requests`` is what reached the engine."""

    url: str
    engine: FakeEngine

    @property
    def turns(self) -> list[ChatRequest]:
        """The requests of the conversation itself: side requests offer no tools."""
        return [request for request in self.engine.requests if request.tools]


@dataclass(slots=True)
class Turns:
    """A script that plays the n-th answer for the n-th request with tools, the last for ever.

    It says, as the local engine does, that the model that was asked for has answered: a
    client drops another model's thinking.
    """

    answers: Sequence[Sequence[Step]]
    played: int = 0
    lock: Lock = field(default_factory=Lock)

    def __call__(self, request: ChatRequest) -> Sequence[Step]:
        if not request.tools:
            return says("{}")
        with self.lock:
            self.played += 1
            answer = self.answers[min(self.played, len(self.answers)) - 1]
        return [
            replace(step, model=request.model) if isinstance(step, Started) else step
            for step in answer
        ]


def says(words: str) -> Sequence[Step]:
    """One text answer."""
    return (Started("fake", USAGE), TextDelta(words), Finished("end_turn", USAGE))


@contextmanager
def serving(script: Script, *, pace: Pace | None = None, policy: Policy = "rules") -> Iterator[Box]:
    """A box on a free loopback port, gone when the block ends; in real time by default."""
    pace = pace or Compressed()
    engine = FakeEngine(script, sleep=pace.sleep)
    router = Router({LOCAL: engine}, Rules((LOCAL,)), policy)
    server = load(None).server
    messages = ChatHandler(
        router,
        keepalive=pace.real(server.keepalive_seconds),
        clock=pace.clock,
        patience=pace.real(START_PATIENCE),
    )
    app = build(messages, router, guard=allow_all, max_body=server.max_body_bytes)
    address: Future[_Address] = Future()
    thread = Thread(target=lambda: asyncio.run(_serve(app, address)))
    thread.start()
    url, loop, stop = address.result(60)
    try:
        yield Box(url, engine)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


_Address: TypeAlias = tuple[str, asyncio.AbstractEventLoop, asyncio.Event]


async def _serve(app: web.Application, address: Future[_Address]) -> None:
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        stop = asyncio.Event()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        address.set_result((url, asyncio.get_running_loop(), stop))
        await stop.wait()
    finally:
        await runner.cleanup()
