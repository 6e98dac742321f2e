"""A pool over real processes that play a script, its time and its memory. For the tests."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.chat import ChatRequest, Event, Message, Started, Text, TextDelta
from edge.engines.frames import Load
from edge.engines.llama import LocalModel, ModelPool, Readings, Rung, WorkerLink
from edge.engines.llama.pool import BEGIN_AFTER
from edge.errors import (
    CodriverError,
)
from edge.state import Room
from edge.units import Bytes, Seconds
from tests.engines.llama.passing import Time
from tests.engines.llama.workers import Spawner, WatchedLink, load

TWO = ("a", "b")


def ask(
    model: str,
    text: str,
    *,
    stream: bool = True,
    deadline: float | None = None,
    system: str = "",
) -> ChatRequest:
    return ChatRequest(
        model,
        (Message("user", (Text(text),)),),
        system=(Text(system),) if system else (),
        stream=stream,
        deadline=None if deadline is None else Seconds(deadline),
    )


@dataclass
class Gated:
    """Hand it to a pool as ``spawn``: a model's worker starts when its gate is open."""

    spawner: Spawner
    gates: dict[str, asyncio.Event]
    links: dict[str, list[WatchedLink]] = field(default_factory=dict)
    contexts: dict[str, list[int]] = field(default_factory=dict)
    refusal: OSError | None = None

    async def __call__(self, load: Load) -> WorkerLink:
        name = Path(load.path).name
        await self.gates[name].wait()
        if self.refusal is not None:
            raise self.refusal
        await self.spawner(load)
        self.links.setdefault(name, []).append(self.spawner.links[-1])
        self.contexts.setdefault(name, []).append(load.n_ctx)
        return self.spawner.links[-1]


@dataclass
class Stage:
    """A pool, its time and its workers."""

    pool: ModelPool
    time: Time
    workers: Gated
    tasks: asyncio.TaskGroup

    def asking(self, request: ChatRequest) -> asyncio.Task[list[Event] | CodriverError]:
        """A client that waits for its whole answer, or what it was refused with."""
        return self.tasks.create_task(outcome(self, request))

    def starts(self, model: str) -> int:
        return len(self.workers.links.get(model, []))

    def pid(self, model: str) -> int:
        pid = self.workers.links[model][-1].pid
        assert pid is not None
        return pid

    @property
    def loaded(self) -> float:
        return dict(self.pool.state().measures)["models_loaded"]


@dataclass
class Memory:
    """What is free, and how much the kernel has killed for it. Model a takes 200, or 120 with half
    of its context, and b 100."""

    free: int = 1000
    kills: int = 0

    def readings(self) -> Readings:
        return Readings(lambda: Bytes(self.free), lambda: self.kills)

    def of(self, name: str, folder: Path) -> dict[str, Any]:
        if name == "b":
            return {"memory": Bytes(100)}
        half = Load(str(folder / name), 2048, 512, 512, 1, 0, "f16", 4, 2)
        return {"memory": Bytes(200), "smaller": (Rung(half, Bytes(120)),)}


@asynccontextmanager
async def running(
    tmp_path: Path,
    *,
    together: bool = True,
    shut: Sequence[str] = (),
    idle: float | None = None,
    exit_grace: float = 30.0,
    memory: Memory | None = None,
    **starts: str,
) -> AsyncIterator[Stage]:
    """A pool of models a (the default, which is up) and b. ``shut``: whose gates are closed;
    ``starts``: how their starts go, a line each; ``memory``: what they take and what there is."""

    def fit(models: Sequence[str]) -> Room:
        return Room(together or len(models) < 2, "by order of the test")

    models = [
        LocalModel(
            name,
            load(tmp_path / name, *starts.get(name, "").splitlines()),
            coached=False,
            names=frozenset({f"codriver/{name}"}),
            beginnings=tmp_path / f"{name}.beginnings",
            **(memory.of(name, tmp_path) if memory else {}),
        )
        for name in TWO
    ]
    time, gated = Time(), Gated(Spawner(exit_grace), {name: asyncio.Event() for name in TWO})
    for name in set(TWO) - set(shut):
        gated.gates[name].set()
    pool = ModelPool(
        models,
        fit,
        spawn=gated,
        readings=memory.readings() if memory else Readings(),
        idle_unload=None if idle is None else Seconds(idle),
        clock=time.clock,
        sleep=time.sleep,
    )
    async with asyncio.TaskGroup() as tasks:
        stage = Stage(pool, time, gated, tasks)
        life = tasks.create_task(pool.run())
        try:
            await stage.pool.wait_ready()
            yield stage
        finally:
            life.cancel()


async def collect(stage: Stage, request: ChatRequest) -> list[Event]:
    async with aclosing(stage.pool.stream(request)) as events:
        return [event async for event in events]


async def outcome(stage: Stage, request: ChatRequest) -> list[Event] | CodriverError:
    try:
        return await collect(stage, request)
    except CodriverError as error:
        return error


async def answer(asking: asyncio.Task[list[Event] | CodriverError]) -> list[Event]:
    got = await asking
    if isinstance(got, CodriverError):
        raise got
    return got


async def begin(stage: Stage, request: ChatRequest):
    """A stream whose first words have come."""
    events = stage.pool.stream(request)
    async for event in events:
        if isinstance(event, TextDelta):
            return events
    raise AssertionError("it ended before it began")


async def begun_early(stage: Stage, request: ChatRequest):
    """The start that a waiting stream is given, and the stream."""
    events = stage.pool.stream(request)
    first = stage.tasks.create_task(anext(events))
    await stage.time.until_asleep(BEGIN_AFTER)
    stage.time.pass_(BEGIN_AFTER)
    started = await first
    assert isinstance(started, Started)
    return started, events


def said(events: Sequence[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, TextDelta)]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def until(condition) -> None:
    for _ in itertools.count():
        if condition():
            return
        await asyncio.sleep(0)
