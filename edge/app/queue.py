"""The queue, put together out of the configuration: its file, its doors, its runner.

Started by the daemon. Where the file cannot be used the box serves all the same, and whoever
wants to queue something is told why it cannot.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from edge.api.admission import Admission
from edge.api.batches import BatchHandler
from edge.api.queue import QueueHandler
from edge.api.server import Measures
from edge.app.runner import Runner
from edge.config import Config
from edge.errors import CodriverError
from edge.queue import Desk
from edge.queue.gate import Gate, gate
from edge.queue.jobs import Limits
from edge.routing.router import Router
from edge.state import LinkState
from edge.uplink import Watch

log = logging.getLogger(__name__)

FILE = "queue.db"


@dataclass(frozen=True, slots=True)
class Queueing:
    """A queue at work: its doors and its measures. ``stop`` has it begin nothing more: said as
    soon as the daemon is to stop, it gives a job that is being asked the whole of the drain."""

    routes: tuple[web.RouteDef, ...]
    measures: Measures
    stop: Callable[[], None]


@asynccontextmanager
async def queueing(
    config: Config, state_dir: Path, router: Router, uplink: Watch | None
) -> AsyncGenerator[Queueing, None]:
    """A queue whose runner is at work inside the block; where that ends well, so does what is
    being asked, within the daemon's drain, or it is put back."""
    settings = config.queue
    limits = Limits(settings.expires_seconds, settings.keep_seconds, settings.max_bytes)
    desk = Desk(state_dir / FILE, limits, clock=time.time, steady=time.monotonic)
    passing = frozenset(name for name, one in config.upstreams.items() if one.credential == "pass")
    usable = frozenset(config.upstreams) - passing

    def now() -> Gate:
        return gate(router.snapshot(), usable, metered_too=settings.metered)

    runner = Runner(
        desk,
        router,
        now,
        together=settings.together,
        asked=uplink.asked if uplink else lambda: None,
        steady=time.monotonic,
    )
    admission = Admission(router, usable=usable, passing=passing)
    doors = QueueHandler(desk, admission, lambda: now().why)

    def stop() -> None:
        runner.stop(config.server.drain_seconds)

    try:
        await _open(desk)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(runner.run(), name="queue")
            unsubscribe = _when_back(uplink, runner.link_is_back)
            try:
                routes = (*doors.routes(), *BatchHandler(desk, admission).routes())
                yield Queueing(routes, desk.measures, stop)
                stop()
                await runner.stopped()
            finally:
                unsubscribe()
                running.cancel()
    finally:
        await desk.close()


async def _open(desk: Desk) -> None:
    try:
        await desk.open()
    except CodriverError as error:
        log.error("%s", error)


def _when_back(uplink: Watch | None, back: Callable[[], None]) -> Callable[[], None]:
    """Returns what ends it."""
    if uplink is None:
        return lambda: None

    def told(state: LinkState) -> None:
        if state.level == "online":
            back()

    return uplink.subscribe(told)
