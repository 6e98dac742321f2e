"""Asks engines in turn until one has something to say, the next one while the first is late.

Until its first content an engine's answer is held, so that another may still take its place and
nobody notices. Nobody is waited for who has failed, and nobody is asked who is not needed.
Knows engines as streams of events; called by the router.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from edge.chat import Event, Failed, Progress, Started
from edge.engines.base import Late, nobody
from edge.errors import BadRequest, CodriverError, EngineError, TimedOut

FINAL = (BadRequest, TimedOut)
"""What no other engine would answer better."""


@dataclass(frozen=True, slots=True)
class Runner:
    """An engine that may answer: ``open`` asks it, and is given whom to tell that it is late."""

    name: str
    open: Callable[[Late], AsyncGenerator[Event, None]]


@dataclass(frozen=True, slots=True)
class Won:
    """Who answers, with its first events, at least one, and the rest; ``notes``: how it came so."""

    runner: Runner
    held: tuple[Event, ...]
    rest: AsyncGenerator[Event, None]
    notes: tuple[str, ...]


async def race(runners: Sequence[Runner], *, together: int = 1) -> Won:
    """The first with content wins, the others are closed. ``together``: how many are asked at
    once. Raises the last one's error if all have failed, a FINAL one at once.

    Who is left alone wins with any event: its client may be told that an answer is under way.
    """
    run = _Race(runners)
    try:
        async with asyncio.TaskGroup() as tasks:
            return await run.decide(tasks, together)
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None


class _Lane:
    """A runner under way."""

    def __init__(self, runner: Runner, stir: asyncio.Event, *, only: bool) -> None:
        self.runner = runner
        self.late: str | None = None
        self._stir = stir
        self.rest = runner.open(nobody if only else self._is_late)

    def _is_late(self, why: str) -> None:
        if self.late is None:
            self.late = why
            self._stir.set()

    async def run(self, is_alone: Callable[[], bool]) -> tuple[Event, ...] | CodriverError:
        """What it says first; an error is returned, as a task that raises would end the race."""
        held: list[Event] = []
        try:
            async for event in self.rest:
                if isinstance(event, Failed):
                    return event.error
                held.append(event)
                if not isinstance(event, Started | Progress) or is_alone():
                    return tuple(held)
        except CodriverError as error:
            return error
        finally:
            self._stir.set()
        return EngineError(f"{self.runner.name} ended without an answer")


class _Race:
    def __init__(self, runners: Sequence[Runner]) -> None:
        self._waiting = list(runners)
        self._lanes: dict[_Lane, asyncio.Task[tuple[Event, ...] | CodriverError]] = {}
        self._stir = asyncio.Event()
        self._notes: list[str] = []

    async def decide(self, tasks: asyncio.TaskGroup, together: int) -> Won:
        try:
            for _ in range(together):
                self._ask_next(tasks)
            while True:
                self._stir.clear()
                won = await self._look()
                if won is not None:
                    return won
                if all(lane.late for lane in self._lanes):
                    self._ask_next(tasks)
                await self._stir.wait()
        finally:
            for lane in tuple(self._lanes):
                await self._close(lane)

    def _ask_next(self, tasks: asyncio.TaskGroup) -> None:
        if self._waiting:
            runner = self._waiting.pop(0)
            # Who is the last one left has nobody behind it, and need not hold anything back.
            lane = _Lane(runner, self._stir, only=not (self._waiting or self._lanes))
            self._lanes[lane] = tasks.create_task(lane.run(self._is_alone), name=lane.runner.name)

    def _is_alone(self) -> bool:
        return not self._waiting and len(self._lanes) < 2

    async def _look(self) -> Won | None:
        """Who has arrived, if somebody has. Raises what ends the race."""
        for lane, task in tuple(self._lanes.items()):
            if lane.late is not None:
                self._note(f"{lane.runner.name} was late: {lane.late}")
            if not task.done():
                continue
            outcome = self._lanes.pop(lane).result()
            if not isinstance(outcome, CodriverError):
                return Won(lane.runner, outcome, lane.rest, tuple(self._notes))
            await lane.rest.aclose()
            if isinstance(outcome, FINAL) or not (self._lanes or self._waiting):
                raise outcome
            self._note(f"{lane.runner.name} did not take it: {outcome}")
        return None

    def _note(self, text: str) -> None:
        if text not in self._notes:
            self._notes.append(text)

    async def _close(self, lane: _Lane) -> None:
        task = self._lanes.pop(lane)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await lane.rest.aclose()
