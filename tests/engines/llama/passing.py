"""Time that passes when a test says so: a ``sleep`` and a clock for engines and pools."""

from __future__ import annotations

import asyncio


class Time:
    """Hand ``sleep`` and ``clock`` to what is tested. ``pass_`` moves the clock and wakes
    those whose time has come."""

    def __init__(self) -> None:
        self.now = 0.0
        self._asleep: list[tuple[float, asyncio.Future[None]]] = []
        self._changed = asyncio.Event()

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (self.now + seconds, woken)
        self._asleep.append(entry)
        self._changed.set()
        try:
            await woken
        finally:
            self._asleep.remove(entry)

    @property
    def dues(self) -> list[float]:
        """When those who sleep wake, the soonest first."""
        return sorted(due for due, _ in self._asleep)

    async def until_asleep(self, due: float) -> None:
        """Until somebody sleeps to exactly then."""
        while due not in self.dues:
            self._changed.clear()
            await self._changed.wait()

    def pass_(self, seconds: float) -> None:
        self.now += seconds
        for due, woken in self._asleep:
            if due <= self.now and not woken.done():
                woken.set_result(None)
