"""Jobs for the tests of the queue, and clocks that stand still."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.queue import Desk, NewJob
from edge.queue.jobs import Limits
from edge.units import Seconds

NOON = 1_800_000_000.0
HOUR = 3600.0
LIMITS = Limits(Seconds(24 * HOUR), Seconds(240 * HOUR), 1_000_000)


def job(body: bytes = b'{"model":"m"}', *, here: bool = False, name: str | None = None) -> NewJob:
    headers = (("anthropic-version", "2023-06-01"),)
    return NewJob("anthropic", "/v1/messages", headers, body, "m", "a title", here, name)


@dataclass
class Clocks:
    """The wall's and one that nobody sets; ``pass_by`` moves both."""

    wall: float = NOON
    steady: float = 100.0

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


async def come(holds: Callable[[], bool]) -> None:
    """Once ``holds`` does, while the loop turns."""
    while True:
        if holds():
            return
        await asyncio.sleep(0)


def desk(folder: Path, clocks: Clocks | None = None, **more: object) -> Desk:
    clocks = clocks or Clocks()
    limits = more.pop("limits", LIMITS)
    return Desk(
        folder / "queue.db",
        limits,  # type: ignore[arg-type]
        clock=lambda: clocks.wall,
        steady=lambda: clocks.steady,
        **more,  # type: ignore[arg-type]
    )
