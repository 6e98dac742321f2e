"""How time passes for a box under test: as it does, compressed, or tick by tick."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

from edge.units import Seconds


class Pace(Protocol):
    """The clock, the engine's sleep, and real seconds for the box's timers."""

    def clock(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...

    def real(self, seconds: Seconds) -> Seconds: ...


@dataclass(frozen=True, slots=True)
class Compressed:
    """``speed`` seconds pass in one."""

    speed: float = 1.0

    def clock(self) -> float:
        return monotonic() * self.speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.speed)

    def real(self, seconds: Seconds) -> Seconds:
        return Seconds(seconds / self.speed)


@dataclass(slots=True)
class Ticking:
    """Every reading of the clock is ``tick`` later than the last, whatever the machine's load:
    silence is counted in keep-alives. An engine's pauses follow one another.
    """

    tick: float = 10.0
    now: float = 0.0
    slept: float = 0.0
    _sleepers: list[tuple[float, asyncio.Future[None]]] = field(default_factory=list)

    def clock(self) -> float:
        self.now += self.tick
        due = [future for until, future in self._sleepers if until <= self.now]
        self._sleepers = [each for each in self._sleepers if each[0] > self.now]
        for future in due:
            if not future.done():
                future.set_result(None)
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds
        if self.slept > self.now:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._sleepers.append((self.slept, future))
            await future

    def real(self, seconds: Seconds) -> Seconds:
        return Seconds(0.001)
