"""Starts the scripted worker as the engine does and shows what passes between the two."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from edge.engines.frames import FromWorker, Load, Ready, ToWorker
from edge.engines.llama import WorkerLink, spawn
from edge.units import Seconds
from tests.engines.llama import scripted_worker

PROGRAM = (sys.executable, scripted_worker.__file__)


def load(plan: Path, *starts: str) -> Load:
    """The first frame, for workers that start as ``plan`` is told here."""
    plan.write_text("\n".join(starts))
    return Load(str(plan), 4096, 512, 512, 1, 0, "f16", 4, 2)


class WatchedLink:
    """A link to a real process. ``sent`` is what the engine told it."""

    def __init__(self, link: WorkerLink, ready: asyncio.Event) -> None:
        self._link = link
        self._ready = ready
        self.sent: list[ToWorker] = []

    @property
    def pid(self) -> int | None:
        return self._link.pid

    def send(self, message: ToWorker) -> None:
        self.sent.append(message)
        self._link.send(message)

    async def incoming(self) -> AsyncIterator[FromWorker]:
        async for frame in self._link.incoming():
            yield frame
            if isinstance(frame, Ready):
                self._ready.set()

    async def close(self) -> str:
        return await self._link.close()


class Spawner:
    """Hand it to an engine as ``spawn``. ``ready`` is set whenever a worker has come up."""

    def __init__(self, exit_grace: float = 30.0) -> None:
        self._exit_grace = Seconds(exit_grace)
        self.links: list[WatchedLink] = []
        self.ready = asyncio.Event()

    async def __call__(self, load: Load) -> WorkerLink:
        link = await spawn(load, program=PROGRAM, exit_grace=self._exit_grace)
        self.links.append(WatchedLink(link, self.ready))
        return self.links[-1]
