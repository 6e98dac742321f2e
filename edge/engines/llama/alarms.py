"""Things that are to happen after a while.

Knows no clock: the time passes in ``sleep``, which tests hold in their hands. Owned by the
llama engine and the pool, each its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from edge.units import Seconds


class Alarm:
    """One thing to happen; it can be called off."""

    def __init__(self, task: asyncio.Task[None]) -> None:
        self._task = task

    def cancel(self) -> None:
        """After it has rung this does nothing."""
        self._task.cancel()


class Alarms:
    """Rings while ``running``; what has not rung at its end never will."""

    def __init__(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._sleep = sleep
        self._tasks: asyncio.TaskGroup | None = None
        self._pending: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None, None]:
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            try:
                yield
            finally:
                self._tasks = None
                for task in self._pending:
                    task.cancel()

    def set(self, after: Seconds, ring: Callable[[], object]) -> Alarm:
        """Have ``ring``, which must not raise, called after so long."""
        assert self._tasks is not None, "alarms ring only while they run"  # noqa: S101
        task = self._tasks.create_task(self._wait(after, ring))
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)
        return Alarm(task)

    async def _wait(self, after: Seconds, ring: Callable[[], object]) -> None:
        await self._sleep(after)
        ring()
