"""The pool over real processes that play a script instead of running a model."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from edge.chat import Failed, Finished, Started, Usage
from edge.engines.base import Question
from edge.engines.frames import Cancel, Stop, Warm
from edge.engines.llama.pool import BEGIN_AFTER, LEAVING_SECONDS, LOAD_AGAIN_AFTER, MAX_WAITING
from edge.engines.llama.residence import SWAP_PATIENCE
from edge.errors import (
    EngineError,
    ModelNotLoaded,
    ModelUnusable,
    Overloaded,
    ShuttingDown,
    TimedOut,
    WorkerCrashed,
)
from edge.units import Seconds, Tokens
from tests.engines.llama.pool_stage import (
    TWO,
    Memory,
    Stage,
    answer,
    ask,
    begin,
    begun_early,
    collect,
    is_alive,
    running,
    said,
    until,
)

# --- loading ----------------------------------------------------------------------------


async def test_the_default_answers_whoever_names_no_model(tmp_path: Path):
    async with running(tmp_path) as stage:
        events = await collect(stage, ask("claude-x", "say hello"))
        assert isinstance(events[0], Started)
        assert (events[0].model, events[0].reason) == ("claude-x", "")
        assert said(events) == ["hello"]
        odd = await collect(stage, ask("gpt-4", "say hello"))
        assert odd[0].reason == "no model here is called gpt-4: a answers"
        assert (stage.starts("a"), stage.starts("b")) == (1, 0)


async def test_another_model_comes_beside_it(tmp_path: Path, caplog):
    caplog.set_level("INFO")
    async with running(tmp_path) as stage:
        events = await collect(stage, ask("codriver/b", "say hello"))
        why = "asked for, fits beside a: by order of the test"
        assert isinstance(events[0], Started)
        assert events[0].reason == f"b is loading: {why}"
        assert said(events) == ["hello"]
        assert caplog.text.count(f"loading b: {why}") == 1
        again = await collect(stage, ask("b", "say again"))
        assert isinstance(again[0], Started)
        assert again[0].reason == "", "it was there"
        await collect(stage, ask("claude-x", "say hello"))
        assert (stage.starts("a"), stage.starts("b"), stage.loaded) == (1, 1, 2)


async def test_all_who_ask_for_a_model_share_one_load(tmp_path: Path):
    async with running(tmp_path, shut=["b"]) as stage:
        asking = [stage.asking(ask("b", f"say {n}")) for n in range(5)]
        await until(lambda: "5 requests wait for a model" in stage.pool.state().reason)
        stage.workers.gates["b"].set()
        assert [said(await answer(one)) for one in asking] == [[str(n)] for n in range(5)]
        assert stage.starts("b") == 1


async def test_without_room_it_takes_the_place_of_an_idle_one(tmp_path: Path, caplog):
    caplog.set_level("INFO")
    async with running(tmp_path, together=False) as stage:
        first = stage.pid("a")
        events = await collect(stage, ask("b", "say hello"))
        assert isinstance(events[0], Started)
        assert events[0].reason == (
            "it takes the place of a: by order of the test; "
            "b is loading: asked for, nothing else is loaded"
        )
        assert stage.workers.links["a"][0].sent[-1] == Stop(), "it may write its last blocks"
        assert not is_alive(first)
        assert "unloading a: b is asked for: by order of the test" in caplog.text
        assert stage.loaded == 1
        assert said(await collect(stage, ask("claude-x", "say back"))) == ["back"]
        assert (stage.starts("a"), stage.starts("b")) == (2, 1)


# --- waiting ----------------------------------------------------------------------------


async def test_who_waits_long_is_begun_so_that_pings_come(tmp_path: Path):
    async with running(tmp_path, shut=["b"]) as stage:
        started, events = await begun_early(stage, ask("b", "say hello"))
        assert started == Started("b", Usage(), started.reason)
        assert started.reason.startswith("b is loading: asked for")
        stage.workers.gates["b"].set()
        rest = [event async for event in events]
        assert not any(isinstance(event, Started) for event in rest)
        assert said(rest) == ["hello"]
        assert isinstance(rest[-1], Finished)
        assert rest[-1].usage.input > 0, "the true counts come last"


async def test_a_whole_answer_is_not_begun_before_its_model_is_there(tmp_path: Path):
    async with running(tmp_path, shut=["b"]) as stage:
        asking = stage.asking(ask("b", "say hello", stream=False))
        await until(lambda: "1 requests wait" in stage.pool.state().reason)
        assert stage.time.dues == []
        stage.workers.gates["b"].set()
        assert said(await answer(asking)) == ["hello"]


async def test_a_busy_model_is_waited_for_and_then_swapped(tmp_path: Path):
    async with running(tmp_path, together=False) as stage:
        held = await begin(stage, ask("a", "hold on"))
        asking = stage.asking(ask("b", "say hello"))
        await stage.time.until_asleep(SWAP_PATIENCE)
        assert said(await collect(stage, ask("a", "say meanwhile"))) == ["meanwhile"]
        await collect(stage, ask("a", "release"))
        assert said([event async for event in held]) == ["released"]
        assert said(await answer(asking)) == ["hello"]
        assert (stage.starts("a"), stage.starts("b"), stage.loaded) == (1, 1, 1)


async def crowded(stage: Stage):
    """An answer that holds on to "a", who has waited too long for "b", and one late for "a"."""
    held = await begin(stage, ask("a", "hold on"))
    asking = stage.asking(ask("b", "say b"))
    await stage.time.until_asleep(SWAP_PATIENCE)
    stage.time.pass_(SWAP_PATIENCE)
    late = stage.asking(ask("a", "say late"))
    await until(lambda: "2 requests wait" in stage.pool.state().reason)
    return held, asking, late


async def test_new_requests_do_not_starve_one_that_waits_for_another_model(tmp_path: Path):
    async with running(tmp_path, together=False) as stage:
        held, asking, late = await crowded(stage)
        assert await stage.pool.count_tokens(ask("a", "messages")) == 1, "a count is brief"
        await held.aclose()
        assert said(await answer(asking)) == ["b"]
        events = await answer(late)
        assert said(events) == ["late"]
        assert isinstance(events[0], Started)
        assert events[0].reason.startswith("a request for b has waited longer; ")
        assert stage.starts("a") == 2


async def test_who_leaves_while_it_waits_costs_nobody_a_model(tmp_path: Path):
    async with running(tmp_path, together=False) as stage:
        held, asking, late = await crowded(stage)
        asking.cancel()
        assert said(await answer(late)) == ["late"], "the way is free again"
        await held.aclose()
        assert (stage.starts("a"), stage.starts("b")) == (1, 0)


async def test_one_too_many_is_told_to_come_back(tmp_path: Path):
    async with running(tmp_path, shut=["b"]) as stage:
        model = stage.pool.models()[1].id
        waiting = [stage.asking(ask(model, "say x")) for _ in range(MAX_WAITING)]
        await until(lambda: f"{MAX_WAITING} requests wait" in stage.pool.state().reason)
        with pytest.raises(Overloaded, match="waiting for a model") as caught:
            await collect(stage, ask("b", "say x"))
        assert caught.value.retry_after is not None
        for one in waiting:
            one.cancel()


# --- loads that fail --------------------------------------------------------------------


async def test_a_load_that_fails_is_one_clean_error_and_is_not_tried_at_once(tmp_path: Path):
    async with running(tmp_path, b="unusable no tensors in it\nfine") as stage:
        for _ in range(3):
            with pytest.raises(
                ModelNotLoaded, match="model b cannot be loaded: no tensors in it; /v1/models"
            ):
                await collect(stage, ask("b", "say x"))
        await until(lambda: "b is" not in stage.pool.state().reason)
        assert stage.starts("b") == 1
        assert stage.pool.state().ready, "the default is not concerned"
        stage.time.pass_(LOAD_AGAIN_AFTER)
        assert said(await collect(stage, ask("b", "say x"))) == ["x"]


async def test_a_worker_that_dies_loading_says_what_to_do(tmp_path: Path):
    async with running(tmp_path, b="dies") as stage:
        with pytest.raises(ModelNotLoaded, match=r"killed by signal 9.*take a smaller one"):
            await collect(stage, ask("b", "say x"))


async def test_a_failure_of_the_default_leaves_the_request_to_other_engines(tmp_path: Path):
    async with running(tmp_path, together=False, a="fine\nunusable gone bad") as stage:
        await collect(stage, ask("b", "say x"))
        with pytest.raises(EngineError, match="model a cannot be loaded: gone bad"):
            await collect(stage, ask("claude-x", "say x"))
        state = stage.pool.state()
        assert not state.ready
        assert "gone bad" in state.reason


async def test_after_a_begun_answer_a_failure_is_its_last_event(tmp_path: Path):
    async with running(tmp_path, shut=["b"], b="unusable no tensors in it") as stage:
        _, events = await begun_early(stage, ask("b", "say x"))
        stage.workers.gates["b"].set()
        (failed,) = [event async for event in events]
        assert isinstance(failed, Failed)
        assert isinstance(failed.error, ModelNotLoaded)


async def test_a_default_that_cannot_be_loaded_at_all_is_told_as_it_is(tmp_path: Path):
    with pytest.raises(BaseExceptionGroup) as caught:
        async with running(tmp_path, a="unusable no tensors in it"):
            pass
    (error,) = caught.value.exceptions
    assert isinstance(error, ModelUnusable)
    assert str(error) == "no tensors in it"


async def test_no_process_to_be_had_is_a_failed_load(tmp_path: Path):
    async with running(tmp_path) as stage:
        stage.workers.refusal = OSError(12, "Cannot allocate memory")
        with pytest.raises(ModelNotLoaded, match="cannot be started: Cannot allocate memory"):
            await collect(stage, ask("b", "say x"))


# --- memory given back ------------------------------------------------------------------


async def test_a_model_that_rests_too_long_is_unloaded_and_comes_back(tmp_path: Path, caplog):
    caplog.set_level("INFO")
    async with running(tmp_path, idle=60.0) as stage:
        pid = stage.pid("a")
        await stage.time.until_asleep(60.0)
        stage.time.pass_(40.0)
        await collect(stage, ask("a", "say x"))
        await stage.time.until_asleep(100.0)
        stage.time.pass_(20.0)
        assert stage.loaded == 1, "it was used in between"
        stage.time.pass_(40.0)
        await until(lambda: not is_alive(pid))
        await until(lambda: stage.pool.state().reason == "a is loaded when it is asked for")
        assert "unloading a: not used for 60 s" in caplog.text
        assert stage.pool.state().ready
        assert stage.loaded == 0
        assert said(await collect(stage, ask("claude-x", "say back"))) == ["back"]


async def test_an_answer_that_runs_keeps_its_model(tmp_path: Path):
    async with running(tmp_path, idle=60.0) as stage:
        held = await begin(stage, ask("a", "hold on"))
        stage.time.pass_(600.0)
        await collect(stage, ask("a", "release"))
        assert said([event async for event in held]) == ["released"]
        assert stage.starts("a") == 1


async def test_a_worker_that_does_not_go_is_ended(tmp_path: Path):
    async with running(tmp_path, together=False, exit_grace=0.01) as stage:
        stuck = stage.pid("a")
        os.kill(stuck, signal.SIGSTOP)
        asking = stage.asking(ask("b", "say x"))
        await stage.time.until_asleep(LEAVING_SECONDS)
        stage.time.pass_(LEAVING_SECONDS)
        assert said(await answer(asking)) == ["x"]
        assert not is_alive(stuck)


# --- deadlines --------------------------------------------------------------------------


async def test_a_deadline_that_passes_while_it_waits(tmp_path: Path):
    async with running(tmp_path, shut=["b"]) as stage:
        asking = stage.asking(ask("b", "say x", deadline=3.0))
        await stage.time.until_asleep(3.0)
        stage.time.pass_(3.0)
        with pytest.raises(TimedOut, match="x-codriver-deadline"):
            await answer(asking)
        assert "requests wait" not in stage.pool.state().reason


async def test_a_deadline_that_passes_after_it_was_begun(tmp_path: Path):
    async with running(tmp_path, shut=["b"]) as stage:
        _, events = await begun_early(stage, ask("b", "say x", deadline=30.0))
        stage.time.pass_(30.0 - BEGIN_AFTER)
        (failed,) = [event async for event in events]
        assert isinstance(failed, Failed)
        assert isinstance(failed.error, TimedOut)


async def test_the_wait_counts(tmp_path: Path):
    async with running(tmp_path, shut=["b"]) as stage:
        asking = stage.asking(ask("b", "hold on", deadline=30.0))
        await stage.time.until_asleep(30.0)
        stage.time.pass_(20.0)
        stage.workers.gates["b"].set()
        await until(lambda: stage.time.dues == [30.0, 30.0])
        stage.time.pass_(10.0)
        failed = (await answer(asking))[-1]
        assert isinstance(failed, Failed)
        assert isinstance(failed.error, TimedOut)
        assert stage.workers.links["b"][0].sent[-1] == Cancel(1)


# --- counting ---------------------------------------------------------------------------


async def test_a_count_loads_its_model_where_that_costs_no_other_its_place(tmp_path: Path):
    async with running(tmp_path) as stage:
        assert await stage.pool.count_tokens(ask("b", "messages")) == 1
        assert stage.starts("b") == 1


async def test_otherwise_the_one_that_is_loaded_counts(tmp_path: Path, caplog):
    caplog.set_level("INFO")
    async with running(tmp_path, together=False) as stage:
        assert await stage.pool.count_tokens(ask("b", "messages")) == 1
        assert stage.starts("b") == 0
    assert "a counts for b, which has no room beside it" in caplog.text


# --- questions --------------------------------------------------------------------------


def question(text: str = "shares 0.25 0.75") -> Question:
    return Question("Is it light or heavy?", text, ("light", "heavy"))


async def test_the_default_is_asked_before_others_and_nothing_is_loaded_for_it(tmp_path: Path):
    async with running(tmp_path) as stage:
        odds = await stage.pool.weigh(question())
        assert odds is not None
        assert (odds.model, stage.starts("b")) == ("a", 0)
        await collect(stage, ask("b", "say x"))
        later = await stage.pool.weigh(question())
        assert later is not None
        assert later.model == "a"


async def test_another_is_asked_where_the_default_is_not_there(tmp_path: Path):
    async with running(tmp_path, together=False) as stage:
        await collect(stage, ask("b", "say x"))
        odds = await stage.pool.weigh(question())
        assert odds is not None
        assert odds.model == "b"


async def test_nobody_is_asked_while_any_model_is_at_work_or_wanted(tmp_path: Path):
    async with running(tmp_path, shut=["b"]) as stage:
        held = await begin(stage, ask("a", "hold x"))
        assert await stage.pool.weigh(question()) is None
        await held.aclose()
        waiting = stage.asking(ask("b", "say x"))
        await until(lambda: stage.pool._waiting)
        assert await stage.pool.weigh(question()) is None
        stage.workers.gates["b"].set()
        await answer(waiting)
        assert await stage.pool.weigh(question()) is not None
        await stage.pool.drain(Seconds(0.0))
        assert await stage.pool.weigh(question()) is None


# --- what others see --------------------------------------------------------------------


async def test_every_model_is_listed_the_default_first(tmp_path: Path):
    async with running(tmp_path) as stage:
        first, second = stage.pool.models()
        assert (first.id, second.id) == TWO
        assert second.names == {"codriver/b"}
        assert second.display_name == "b (codriver)"
        assert first.context == second.context == Tokens(4096)


async def test_a_crash_is_the_models_own_affair(tmp_path: Path):
    async with running(tmp_path) as stage:
        await collect(stage, ask("b", "say x"))
        *_, failed = await collect(stage, ask("b", "die now"))
        assert isinstance(failed, Failed)
        assert isinstance(failed.error, WorkerCrashed)
        assert stage.pool.state().ready
        assert said(await collect(stage, ask("a", "say x"))) == ["x"]
        os.kill(stage.pid("a"), signal.SIGKILL)
        await until(lambda: not stage.pool.state().ready)
        assert "a: the worker ended (killed by signal 9)" in stage.pool.state().reason


# --- the end ----------------------------------------------------------------------------


async def test_draining_ends_waits_and_lets_answers_finish(tmp_path: Path):
    async with running(tmp_path, together=False) as stage:
        held = await begin(stage, ask("a", "hold on"))
        asking = stage.asking(ask("b", "say x"))
        await stage.time.until_asleep(SWAP_PATIENCE)
        async with asyncio.TaskGroup() as tasks:
            draining = tasks.create_task(stage.pool.drain(Seconds(60.0)))
            with pytest.raises(ShuttingDown):
                await answer(asking)
            with pytest.raises(ShuttingDown):
                await collect(stage, ask("a", "say x"))
            assert not stage.pool.state().ready
            assert not draining.done()
            await held.aclose()
        assert stage.workers.links["a"][0].sent[-1] == Stop()
        assert stage.starts("b") == 0


# --- warming up -------------------------------------------------------------------------


LONG = "Be " * 2000


def warmed(stage: Stage, model: str) -> list[str]:
    """The system texts that the model's worker, the last one, was asked to read."""
    sent = stage.workers.links[model][-1].sent
    return [each.prompt.messages[0]["content"] for each in sent if isinstance(each, Warm)]


async def remember(tmp_path: Path) -> None:
    """A life of the box in which each model is asked on a beginning of its own."""
    async with running(tmp_path) as stage:
        for name in TWO:
            await collect(stage, ask(name, "say x", system=LONG + name))
            await until((tmp_path / f"{name}.beginnings").exists)


async def test_each_model_warms_up_with_its_own_beginning(tmp_path: Path):
    await remember(tmp_path)
    async with running(tmp_path) as stage:
        (text,) = warmed(stage, "a")
        assert text.endswith("Be a")
        hold = stage.pool.ensure_ready(stage.pool._models["b"], brief=True)
        await hold.engine()
        stage.pool.let_go(hold)
        (text,) = warmed(stage, "b")
        assert text.endswith("Be b")


async def test_a_model_that_a_request_waits_for_does_not_warm_up(tmp_path: Path):
    await remember(tmp_path)
    async with running(tmp_path, together=False) as stage:
        assert said(await collect(stage, ask("b", "say x"))) == ["x"]
        assert warmed(stage, "b") == []


# --- less memory than planned -----------------------------------------------------------------


async def is_gone(stage: Stage, model: str) -> None:
    await until(lambda: not is_alive(stage.pid(model)))
    await until(lambda: stage.loaded == 0)


async def test_a_model_is_loaded_with_what_there_is_now(tmp_path: Path):
    memory = Memory(free=150)
    async with running(tmp_path, memory=memory) as stage:
        assert stage.workers.contexts == {"a": [2048]}
        assert "are free now" in stage.pool.state().reason


async def test_under_pressure_what_rests_beside_another_goes_first(tmp_path: Path):
    async with running(tmp_path, memory=Memory()) as stage:
        await collect(stage, ask("b", "say x"))
        assert stage.pool.relieve("pressure") == "a is unloaded", "b was used later"
        await until(lambda: stage.loaded == 1)


async def test_under_pressure_a_model_alone_comes_back_smaller(tmp_path: Path):
    async with running(tmp_path, memory=Memory()) as stage:
        held = await begin(stage, ask("a", "hold on"))
        words = "a gets less context, as soon as nobody uses it"
        assert stage.pool.relieve("pressure") == words
        assert stage.pool.relieve("pressure") == "", "that has to come first"
        await collect(stage, ask("a", "release"))
        assert said([event async for event in held]) == ["released"]
        await is_gone(stage, "a")
        assert said(await collect(stage, ask("claude-x", "say back"))) == ["back"]
        assert stage.workers.contexts["a"] == [4096, 2048]
        assert stage.pool.relieve("pressure") == "", "nothing is left to give"


async def test_who_did_not_insist_gets_the_next_smaller_model(tmp_path: Path):
    memory = Memory()
    async with running(tmp_path, memory=memory, idle=60.0) as stage:
        await stage.time.until_asleep(60.0)
        stage.time.pass_(60.0)
        await is_gone(stage, "a")
        memory.free = 110
        events = await collect(stage, ask("claude-x", "say x"))
        assert said(events) == ["x"]
        (started,) = [event for event in events if isinstance(event, Started)]
        assert "a cannot be loaded: it needs" in started.reason
        assert stage.starts("b") == 1
        again = await collect(stage, ask("claude-x", "say y"))
        assert said(again) == ["y"]
        with pytest.raises(ModelNotLoaded, match="a cannot be loaded"):
            await collect(stage, ask("a", "say z"))


async def test_a_model_that_the_kernel_kills_comes_back_smaller_and_then_not_at_all(
    tmp_path: Path,
):
    memory = Memory()
    async with running(tmp_path, memory=memory) as stage:
        for count in (1, 2):
            memory.kills = count
            stage.workers.spawner.ready.clear()
            os.kill(stage.pid("a"), signal.SIGKILL)
            if count == 1:
                await stage.time.until_asleep(0.5)
                stage.time.pass_(0.5)
                await stage.workers.spawner.ready.wait()
        await is_gone(stage, "a")
        assert stage.workers.contexts["a"] == [4096, 2048]
        assert said(await collect(stage, ask("claude-x", "say x"))) == ["x"]
        assert stage.starts("b") == 1
