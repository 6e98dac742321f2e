"""The engine over scripted workers, and what its tests ask it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from edge.chat import (
    ChatRequest,
    Event,
    Finished,
    Message,
    Progress,
    Started,
    Text,
    TextDelta,
    ToolSpec,
    Usage,
)
from edge.engines.llama import Ladder, LlamaEngine, Warmth
from edge.units import Seconds, Tokens
from tests.engines.llama.scripted_worker import CACHED, PROMPT
from tests.engines.llama.workers import Spawner, load

BEGUN = Started("claude-x", Usage(input=Tokens(PROMPT - CACHED), cache_read=Tokens(CACHED)))
READ = Progress(Tokens(PROMPT), Tokens(PROMPT))


def ask(text: str, *tools: str, deadline: float | None = None) -> ChatRequest:
    offered = tuple(ToolSpec(name, schema={"type": "object"}) for name in tools)
    return ChatRequest(
        "claude-x",
        (Message("user", (Text(text),)),),
        tools=offered,
        deadline=None if deadline is None else Seconds(deadline),
    )


def end(output: int, reason="end_turn") -> Finished:
    usage = Usage(Tokens(PROMPT - CACHED), Tokens(CACHED), output=Tokens(output))
    return Finished(reason, usage)


class Rest:
    """Stands for time between two starts. Each rest is noted and lasts until it is ended."""

    def __init__(self, *, ended: bool = True) -> None:
        self.delays: list[float] = []
        self.begun, self.may_end = asyncio.Event(), asyncio.Event()
        if ended:
            self.may_end.set()

    async def __call__(self, seconds: float) -> None:
        self.delays.append(seconds)
        self.begun.set()
        await self.may_end.wait()


@asynccontextmanager
async def running(
    tmp_path: Path,
    *starts: str,
    rest: Rest | None = None,
    warmth: Warmth | None = None,
    is_awaited: bool = False,
) -> AsyncIterator[tuple[LlamaEngine, Spawner]]:
    """An engine whose workers start as told, once the first one is up."""
    spawner = Spawner()
    engine = LlamaEngine(
        "model-x",
        Ladder.only(load(tmp_path / "starts", *starts)),
        coached=False,
        spawn=spawner,
        sleep=rest or Rest(),
        warmth=warmth,
        is_awaited=lambda: is_awaited,
    )
    async with asyncio.TaskGroup() as tasks:
        life = tasks.create_task(engine.run())
        try:
            await engine.wait_ready()
            yield engine, spawner
        finally:
            life.cancel()


async def collect(engine: LlamaEngine, request: ChatRequest) -> list[Event]:
    async with aclosing(engine.stream(request)) as events:
        return [event async for event in events]


async def begin(engine: LlamaEngine, request: ChatRequest):
    """A stream whose first words have come."""
    events = engine.stream(request)
    async for event in events:
        if isinstance(event, TextDelta):
            return events
    raise AssertionError("it ended before it began")


async def again(engine: LlamaEngine, spawner: Spawner, kill: int | None = None) -> None:
    """Until another worker is up."""
    spawner.ready.clear()
    if kill is not None:
        os.kill(kill, signal.SIGKILL)
    await spawner.ready.wait()
