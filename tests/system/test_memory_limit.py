"""Real workers in real control groups: the plan's memory is enough, and less is survived."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from edge.app.choose import Keeping, load_frame
from edge.board.live import oom_kills
from edge.catalog.fetch import ensure
from edge.catalog.models import DEFAULT_MODEL, resolve
from edge.catalog.planner import plan
from edge.catalog.plans import Wishes
from edge.catalog.store import candidate
from edge.chat import ChatRequest, Event, Finished, Message, Text
from edge.engines.frames import Load, Ready
from edge.engines.llama import Ladder, LlamaEngine, Readings, Rung, WorkerLink, spawn
from edge.state import BoardFacts
from edge.units import Bytes, Tokens
from tests.bench.plan.trial import crafted, run
from tests.clients.conftest import MODELS_DIR
from tests.system.memory_group import MemoryGroup, memory_group

GB = 10**9
ROOMY = BoardFacts(memory_available=Bytes(64 * GB), cores=2)


def planned(model: str, models: Path, context: int):
    one = candidate(resolve(model, models))
    return plan([one], ROOMY, Wishes(context=Tokens(context), threads=2))[0]


def asking(text: str) -> ChatRequest:
    return ChatRequest("m", (Message("user", (Text(text),)),), max_tokens=8)


def test_a_worker_that_the_kernel_kills_comes_back_smaller(tmp_path: Path) -> None:
    large = planned(DEFAULT_MODEL, tmp_path, 8192)
    small = planned(DEFAULT_MODEL, tmp_path, 1024)
    rungs = [Rung(load_frame(one), one.memory_bytes) for one in (large, small)]
    killed_before = oom_kills() or 0
    with memory_group(int(small.memory_bytes * 1.05)) as group:
        ready, last, reason = asyncio.run(answered(group, rungs))
    assert (oom_kills() or 0) > killed_before
    assert ready.n_ctx == small.n_ctx
    assert isinstance(last, Finished)
    assert "for want of memory" in reason


async def answered(group: MemoryGroup, rungs: Sequence[Rung]) -> tuple[Ready, Event, str]:
    """A model that gets an answer out of that group: how it came up, the end, and its state."""
    engine = LlamaEngine(
        "m",
        Ladder(rungs, Readings(kills=oom_kills)),
        coached=False,
        spawn=lambda load: spawned(group, load),
        sleep=no_rest,
    )
    async with asyncio.TaskGroup() as tasks:
        life = tasks.create_task(engine.run())
        ready = await engine.wait_ready()
        async with aclosing(engine.stream(asking("Say hello."))) as events:
            last = [event async for event in events][-1]
        reason = engine.state().reason
        life.cancel()
    return ready, last, reason


async def spawned(group: MemoryGroup, load: Load) -> WorkerLink:
    return await spawn(load, program=group.worker)


async def no_rest(_seconds: float) -> None:
    """The back-off, skipped."""


@pytest.mark.slow
@pytest.mark.parametrize("kv_type", ["f16", "q8_0"])
def test_the_planned_memory_is_enough_for_a_long_prompt(tmp_path: Path, kv_type: str) -> None:
    """All but the end of the prompt comes from disk: its keys and values are there, and the last
    micro-batches look at all of them."""
    ref = resolve("coder", MODELS_DIR)
    ensure(ref, MODELS_DIR)
    one = candidate(ref)
    wishes = Wishes(context=Tokens(20_480), threads=2, kv_type=kv_type)
    best = plan([one], ROOMY, wishes)[0]
    load = load_frame(best, Keeping(tmp_path, 2**36))
    order = crafted(load, 20_300)
    with memory_group(int(best.memory_bytes * 1.05)) as group:
        trial = asyncio.run(run(load, order, program=group.worker))
    assert trial.deep + trial.read > 20_000
    assert trial.written > 0
