"""Warming up: what an idle worker is asked to read before the first laptop asks anything.

Knows which beginnings were used and when a worker came up; owns their file. Knows no socket.
Owned by the llama engine, for as long as its model is loaded.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from edge.engines.frames import Prompt, Warmed
from edge.engines.llama.beginnings import Beginnings, read, write

log = logging.getLogger(__name__)


class Warmth:
    """``path`` is the file of beginnings, None for a model that remembers and reads nothing."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._beginnings = Beginnings()
        self._changed = asyncio.Event()
        self._asked = False
        self._died = False

    @asynccontextmanager
    async def remembering(self) -> AsyncGenerator[None, None]:
        """Knows what the file holds, and writes what changes, while the block runs."""
        if self._path is None:
            yield
            return
        self._beginnings = await asyncio.to_thread(read, self._path)
        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(self._write(self._path))
            try:
                yield
            finally:
                writing.cancel()

    async def _write(self, path: Path) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            await asyncio.to_thread(write, path, self._beginnings.kept)

    @property
    def is_under_way(self) -> bool:
        """Whether a worker was told to read, nobody has asked since, and it has not finished."""
        return self._asked

    # --- what the engine tells ------------------------------------------------------------

    def came_up(self) -> Prompt | None:
        """A worker is ready and idle: what it is to read, if anything."""
        best = self._beginnings.best
        if best is None or self._died:
            if self._died:
                log.info("no warm-up: a worker died in the last one")
            return None
        log.info(
            "warming up with the beginning that was used most lately: %d tools, the best of %d",
            len(best.prompt.tools),
            len(self._beginnings.kept),
        )
        self._asked = True
        return best.prompt

    def saw(self, prompt: Prompt) -> None:
        """A request came with this prompt: a warm-up, if there is one, is left for it."""
        self._asked = False
        if self._path is not None and self._beginnings.saw(prompt):
            self._changed.set()

    def heard(self, frame: Warmed) -> None:
        """What became of a warm-up."""
        self._asked = False
        log.info(
            "warm-up: %s; %d of %d tokens are in memory, %d of them from disk",
            frame.reason,
            frame.held,
            frame.tokens,
            frame.restored,
        )

    def lost(self) -> None:
        """The worker is gone. If it was warming up, that may be why: it is not tried again."""
        self._died = self._died or self._asked
        self._asked = False
