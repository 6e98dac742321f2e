"""How a model is loaded each time: with the largest of its layouts that memory has room for now.

Each rung is one frame for a worker and what it takes; the first is the plan, each further one
smaller. A worker that the kernel killed for want of memory is followed by a smaller one, and
none at all once the smallest was killed. Knows no model files; what is free, and what the
kernel killed, are asked of the functions it was given, which may block.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge.engines.frames import Load
from edge.errors import ModelUnusable
from edge.units import Bytes


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to load a model, and the memory it takes."""

    load: Load
    memory: Bytes = Bytes(0)


@dataclass(frozen=True, slots=True)
class Readings:
    """What is asked before and after each load. ``free``: bytes that may be taken now, ``kills``:
    processes that the kernel has killed for want of memory; None: unknown."""

    free: Callable[[], Bytes | None] = lambda: None
    kills: Callable[[], int | None] = lambda: None


UNKNOWN = Readings()


class Ladder:
    """One model's rungs, the largest first, and how far down it has come."""

    def __init__(self, rungs: Sequence[Rung], readings: Readings = UNKNOWN) -> None:
        self._rungs = tuple(rungs)
        self._readings = readings
        self._top = 0
        self._at = 0
        self._kills: int | None = None
        self.is_exhausted = False
        """Whether the kernel killed it at its smallest; it is not loaded again then."""
        self.reason = ""
        """Why it is not the first rung, in words."""

    @classmethod
    def only(cls, load: Load) -> Ladder:
        """Of one rung, whatever is free."""
        return cls([Rung(load)])

    @property
    def path(self) -> str:
        return self._rungs[0].load.path

    async def begin(self) -> Load:
        """The rung for a worker that is about to be started. Raises ModelUnusable where none has
        room, with the numbers, or the kernel has killed the smallest."""
        free, self._kills = await asyncio.to_thread(self._read)
        if self.is_exhausted:
            raise ModelUnusable("the kernel has killed it for want of memory, even at its smallest")
        for index, rung in enumerate(self._rungs[self._top :], self._top):
            if free is None or rung.memory <= free:
                return self._take(index, free)
        least = self._rungs[-1].memory
        raise ModelUnusable(
            f"it needs {_gigabytes(least)} at least and {_gigabytes(free or 0)} are free now"
        )

    async def ended(self) -> str:
        """After a worker that was not told to leave: what that means for the next, in words;
        empty for nothing."""
        before, (_, after) = self._kills, await asyncio.to_thread(self._read)
        if before is None or after is None or after <= before:
            return ""
        if self.step_down("the kernel has killed the one before for want of memory"):
            return f"a smaller one follows: {self._rungs[self._top].load.n_ctx:,} tokens of context"
        self.is_exhausted = True
        return "the kernel has killed it for want of memory, and there is no smaller one"

    def step_down(self, reason: str) -> bool:
        """Let the next worker be smaller than this one; False where there is no smaller one."""
        if self._at + 1 >= len(self._rungs):
            return False
        self._top = self._at + 1
        self.reason = reason
        return True

    def _take(self, index: int, free: Bytes | None) -> Load:
        self._at = index
        if index > self._top and free is not None:
            self.reason = f"{_gigabytes(free)} are free now"
        elif index == 0:
            self.reason = ""
        return self._rungs[index].load

    def _read(self) -> tuple[Bytes | None, int | None]:
        return self._readings.free(), self._readings.kills()


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.2f} GB"
