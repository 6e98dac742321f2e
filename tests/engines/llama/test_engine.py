"""The engine over real processes that play a script instead of running a model."""

import asyncio
import logging
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from edge.chat import (
    ChatRequest,
    Failed,
    Image,
    Message,
    Started,
    Text,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    Usage,
)
from edge.engines.frames import Cancel, Count, Generate, Load, Stop, Warm
from edge.engines.llama import Ladder, LlamaEngine, Warmth, WorkerLink
from edge.engines.llama.engine import BACKOFF_FIRST, BACKOFF_LAST, MAX_IN_FLIGHT
from edge.errors import (
    EngineError,
    ModelUnusable,
    Overloaded,
    PromptTooLong,
    ShuttingDown,
    TimedOut,
    UnsupportedInput,
    WorkerCrashed,
)
from edge.units import Seconds, Tokens
from tests.engines.llama.engine_stage import (
    BEGUN,
    READ,
    Rest,
    again,
    ask,
    begin,
    collect,
    end,
    running,
)
from tests.engines.llama.scripted_worker import PROMPT
from tests.engines.llama.workers import Spawner, load

# --- answers ----------------------------------------------------------------------------


async def test_an_answer(tmp_path: Path):
    async with running(tmp_path) as (engine, _):
        events = await collect(engine, ask("say hello there"))
    assert events == [BEGUN, READ, TextDelta("hello"), TextDelta("there"), end(2)]


async def test_what_the_worker_decides_goes_to_the_log(tmp_path: Path, caplog):
    caplog.set_level(logging.INFO)
    async with running(tmp_path) as (engine, _):
        events = await collect(engine, ask("note threads: 2 to write"))
    assert "threads: 2 to write" in caplog.messages
    assert len(events) == 2 + 4 + 1


async def test_a_call(tmp_path: Path):
    async with running(tmp_path) as (engine, _):
        events = await collect(engine, ask('call Bash {"command": "ls"}', "Bash"))
    started = events[3]
    assert isinstance(started, ToolCallStarted)
    assert started.id.startswith("toolu_")
    assert events == [
        BEGUN,
        READ,
        ThinkingDelta("hm"),
        ToolCallStarted(started.id, "Bash"),
        ToolCallDelta('{"command": "ls"}'),
        ToolCallEnded(),
        end(3, "tool_use"),
    ]


async def test_a_queued_request_starts_at_once(tmp_path: Path):
    async with running(tmp_path) as (engine, _):
        events = await collect(engine, ask("queue hello"))
    assert events[0] == Started("claude-x", Usage(input=Tokens(PROMPT)))
    assert events[-1] == end(1)


async def test_requests_in_flight_are_told_apart(tmp_path: Path):
    async with running(tmp_path) as (engine, _):
        held = [await begin(engine, ask(f"hold word{number}")) for number in range(3)]
        assert await collect(engine, ask("say between")) == [
            BEGUN,
            READ,
            TextDelta("between"),
            end(1),
        ]
        await collect(engine, ask("release"))
        for events in held:
            assert [event async for event in events] == [TextDelta("released"), end(1)]


async def test_many_at_once_get_their_own_words(tmp_path: Path):
    async with running(tmp_path) as (engine, _):
        answers = await asyncio.gather(
            *(collect(engine, ask(f"say word{number}")) for number in range(MAX_IN_FLIGHT))
        )
    assert [events[2] for events in answers] == [
        TextDelta(f"word{number}") for number in range(MAX_IN_FLIGHT)
    ]


async def test_a_refusal_is_raised_and_the_worker_goes_on(tmp_path: Path):
    async with running(tmp_path) as (engine, spawner):
        with pytest.raises(PromptTooLong, match="prompt is too long: 9000 tokens > 4096 maximum"):
            await collect(engine, ask("refuse too_long"))
        assert (await collect(engine, ask("say x")))[-1] == end(1)
        assert not [sent for sent in spawner.links[0].sent if isinstance(sent, Cancel)]


async def test_what_cannot_be_asked_never_reaches_the_worker(tmp_path: Path):
    picture = ChatRequest("m", (Message("user", (Image("image/png", b"x"),)),))
    async with running(tmp_path) as (engine, spawner):
        with pytest.raises(UnsupportedInput):
            await collect(engine, picture)
        assert [type(sent).__name__ for sent in spawner.links[0].sent] in ([], ["Cancel"])
        assert (await collect(engine, ask("say x")))[-1] == end(1)


# --- counts, models, state --------------------------------------------------------------


async def test_tokens_are_counted(tmp_path: Path):
    async with running(tmp_path) as (engine, _):
        assert await engine.count_tokens(ask("messages")) == 1
        with pytest.raises(PromptTooLong):
            await engine.count_tokens(ask("refuse too_long"))
        with pytest.raises(EngineError, match="answered a count with Done"):
            await engine.count_tokens(ask("wrong"))
        with pytest.raises(WorkerCrashed, match="died while it counted"):
            await engine.count_tokens(ask("die"))


async def test_the_worker_is_told_the_time(tmp_path: Path):
    spawner = Spawner()
    plan = load(tmp_path / "starts")
    engine = LlamaEngine(
        "m", Ladder.only(plan), coached=False, spawn=spawner, clock=iter([5.0, 7.0]).__next__
    )
    async with asyncio.TaskGroup() as tasks:
        life = tasks.create_task(engine.run())
        await engine.wait_ready()
        await engine.count_tokens(ask("messages"))
        await collect(engine, ask("say x"))
        count, generate = spawner.links[0].sent
        life.cancel()
    assert isinstance(count, Count)
    assert isinstance(generate, Generate)
    assert (count.prompt.now, generate.prompt.now) == (5.0, 7.0)


async def test_the_model_and_the_state(tmp_path: Path):
    async with running(tmp_path) as (engine, _):
        (model,) = engine.models()
        assert (model.id, model.display_name) == ("model-x", "model-x (codriver)")
        assert (model.context, model.vision) == (4096, False)
        assert engine.state().ready
        assert engine.state().reason == "scripted, 4096 tokens of context"


async def test_before_the_model_is_loaded_nothing_is_taken(tmp_path: Path):
    engine = LlamaEngine(
        "model-x", Ladder.only(load(tmp_path / "starts")), coached=False, spawn=Spawner()
    )
    assert not engine.state().ready
    assert engine.models()[0].context is None
    with pytest.raises(WorkerCrashed, match="cannot answer now: the model is being loaded"):
        await collect(engine, ask("say x"))


# --- leaving, crowding ------------------------------------------------------------------


async def test_leaving_an_answer_cancels_it_in_the_worker(tmp_path: Path):
    async with running(tmp_path) as (engine, spawner):
        left = await begin(engine, ask("hold x"))
        await left.aclose()
        assert spawner.links[0].sent[-1] == Cancel(1)
        assert await engine.count_tokens(ask("cancelled")) == 1
        await collect(engine, ask("release"))


async def test_a_cancelled_reader_cancels_it_in_the_worker(tmp_path: Path):
    async with running(tmp_path) as (engine, spawner):
        begun = asyncio.Event()

        async def read() -> None:
            async for _ in engine.stream(ask("hold x")):
                begun.set()

        async with asyncio.TaskGroup() as tasks:
            reader = tasks.create_task(read())
            await begun.wait()
            reader.cancel()
        assert Cancel(1) in spawner.links[0].sent
        assert await engine.count_tokens(ask("cancelled")) == 1


async def test_a_whole_answer_is_not_cancelled(tmp_path: Path):
    async with running(tmp_path) as (engine, _):
        await collect(engine, ask("say x"))
        assert await engine.count_tokens(ask("cancelled")) == 0


async def test_one_too_many_is_told_to_come_back(tmp_path: Path):
    async with running(tmp_path) as (engine, _):
        held = [await begin(engine, ask("hold x")) for _ in range(MAX_IN_FLIGHT)]
        with pytest.raises(Overloaded, match=f"{MAX_IN_FLIGHT} requests are waiting") as caught:
            await collect(engine, ask("say x"))
        assert caught.value.retry_after is not None
        with pytest.raises(Overloaded):
            await engine.count_tokens(ask("messages"))
        await held[0].aclose()
        assert (await collect(engine, ask("say x")))[-1] == end(1)
        for events in held[1:]:
            await events.aclose()


# --- deadlines --------------------------------------------------------------------------


async def test_a_deadline_before_content_is_a_refusal(tmp_path: Path):
    rest = Rest(ended=False)
    async with running(tmp_path, rest=rest) as (engine, spawner):
        pid = spawner.links[0].pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        rest.may_end.set()
        with pytest.raises(TimedOut, match="the time that the request allows"):
            await collect(engine, ask("hold x", deadline=30.0))
        assert rest.delays == [30.0]
        assert spawner.links[0].sent[-1] == Cancel(1)
        os.kill(pid, signal.SIGCONT)
        assert (await collect(engine, ask("say x")))[-1] == end(1)


async def test_a_deadline_after_content_is_the_last_event(tmp_path: Path):
    rest = Rest(ended=False)
    async with running(tmp_path, rest=rest) as (engine, spawner):
        held = await begin(engine, ask("hold x", deadline=30.0))
        rest.may_end.set()
        (failed,) = [event async for event in held]
        assert isinstance(failed, Failed)
        assert isinstance(failed.error, TimedOut)
        assert spawner.links[0].sent[-1] == Cancel(1), "its seat is free"
        assert await engine.count_tokens(ask("cancelled")) == 1


async def test_an_answer_in_time_is_whole(tmp_path: Path):
    rest = Rest(ended=False)
    async with running(tmp_path, rest=rest) as (engine, spawner):
        assert (await collect(engine, ask("say x", deadline=30.0)))[-1] == end(1)
        rest.may_end.set()
        assert not [sent for sent in spawner.links[0].sent if isinstance(sent, Cancel)]


# --- crashes ----------------------------------------------------------------------------


async def test_a_crash_is_one_error_for_each_request_in_flight(tmp_path: Path):
    rest = Rest(ended=False)
    async with running(tmp_path, rest=rest) as (engine, spawner):
        held = [await begin(engine, ask("hold x")) for _ in range(3)]
        dying = await collect(engine, ask("die now"))
        assert dying[:3] == [BEGUN, READ, TextDelta("now")]
        failed = dying[-1]
        for events in held:
            assert isinstance(failed, Failed)
            assert isinstance(failed.error, WorkerCrashed)
            (failed,) = [event async for event in events]
        assert isinstance(failed, Failed)
        await rest.begun.wait()
        state = engine.state()
        assert (state.ready, state.reason) == (
            False,
            "the worker ended (killed by signal 9) and is being restarted",
        )
        with pytest.raises(WorkerCrashed, match="is being restarted") as caught:
            await collect(engine, ask("say x"))
        assert caught.value.retry_after is not None
        spawner.ready.clear()
        rest.may_end.set()
        await spawner.ready.wait()
        assert (await collect(engine, ask("say x")))[-1] == end(1)
        assert len(spawner.links) == 2


async def test_a_crash_before_the_start_is_raised(tmp_path: Path):
    """So that the router can still ask somebody else."""
    async with running(tmp_path) as (engine, spawner):
        pid = spawner.links[0].pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)

        async def kill() -> None:
            os.kill(pid, signal.SIGKILL)

        outcome, _ = await asyncio.gather(
            collect(engine, ask("say x")), kill(), return_exceptions=True
        )
        assert isinstance(outcome, WorkerCrashed)
        assert "died while it answered" in str(outcome)


@pytest.mark.parametrize("kind", ["nonsense", "foreign", "giant"])
async def test_a_worker_that_talks_nonsense_is_replaced(tmp_path: Path, kind: str, caplog):
    async with running(tmp_path) as (engine, spawner):
        spawner.ready.clear()
        *_, last = await collect(engine, ask(f"{kind} x"))
        assert isinstance(last, Failed)
        assert isinstance(last.error, WorkerCrashed)
        await spawner.ready.wait()
        assert (await collect(engine, ask("say x")))[-1] == end(1)
    assert "is no frame" in caplog.text


async def test_restarts_back_off_until_one_comes_up(tmp_path: Path, caplog):
    rest = Rest()
    caplog.set_level(logging.WARNING)
    failing = 9
    async with running(tmp_path, "fine", *["dies"] * failing, rest=rest) as (engine, spawner):
        await again(engine, spawner, kill=spawner.links[0].pid)
        expected = [BACKOFF_FIRST * 2**number for number in range(failing + 1)]
        assert rest.delays == [min(BACKOFF_LAST, delay) for delay in expected]
        assert rest.delays[-1] == BACKOFF_LAST
        await again(engine, spawner, kill=spawner.links[-1].pid)
        assert rest.delays[-1] == BACKOFF_FIRST
    assert "starting it again in 30.0 s" in caplog.text


async def test_why_a_model_cannot_be_loaded_again_is_told(tmp_path: Path, caplog):
    rest = Rest(ended=False)
    starts = ("fine", "unusable not enough memory")
    async with running(tmp_path, *starts, rest=rest) as (engine, spawner):
        pid = spawner.links[0].pid
        assert pid is not None
        spawner.ready.clear()
        os.kill(pid, signal.SIGKILL)
        await rest.begun.wait()
        assert engine.state().reason.startswith("the worker ended (killed by signal 9)")
        rest.begun.clear()
        rest.may_end.set()
        await rest.begun.wait()
        assert engine.state().reason == (
            "the worker ended (not enough memory) and is being restarted"
        )
        with pytest.raises(WorkerCrashed, match=r"cannot answer now: .*not enough memory"):
            await collect(engine, ask("say x"))
        assert "worker ended (not enough memory); starting it again" in caplog.text
        await spawner.ready.wait()
        await collect(engine, ask("say x"))
        assert engine.state().reason == "scripted, 4096 tokens of context"


# --- the first load ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        ("unusable no tensors in it", "no tensors in it"),
        ("dies", r"the worker died while it loaded .*killed by signal 9.*take a smaller one"),
    ],
)
async def test_a_first_load_that_fails_is_told(tmp_path: Path, start: str, sentence: str):
    plan = load(tmp_path / "starts", start)
    rest = Rest(ended=False)
    engine = LlamaEngine("m", Ladder.only(plan), coached=False, spawn=Spawner(), sleep=rest)
    async with asyncio.TaskGroup() as tasks:
        life = tasks.create_task(engine.run())
        with pytest.raises(ModelUnusable, match=sentence):
            await engine.wait_ready()
        await rest.begun.wait()
        life.cancel()
    assert not engine.state().ready


async def test_a_process_that_cannot_be_started_is_told_and_tried_again(tmp_path: Path):
    async def refuse(load: Load) -> WorkerLink:
        raise OSError(11, "Resource temporarily unavailable")

    rest = Rest(ended=False)
    engine = LlamaEngine(
        "m", Ladder.only(load(tmp_path / "x")), coached=False, spawn=refuse, sleep=rest
    )
    async with asyncio.TaskGroup() as tasks:
        life = tasks.create_task(engine.run())
        with pytest.raises(ModelUnusable, match="cannot be started: Resource temporarily"):
            await engine.wait_ready()
        await rest.begun.wait()
        life.cancel()


# --- the end ----------------------------------------------------------------------------


async def test_draining_lets_answers_finish(tmp_path: Path):
    async with running(tmp_path) as (engine, spawner):
        held = await begin(engine, ask("hold x"))
        async with asyncio.TaskGroup() as tasks:
            draining = tasks.create_task(engine.drain(Seconds(60.0)))
            await asyncio.sleep(0)
            assert not engine.state().ready
            with pytest.raises(ShuttingDown, match="the box is stopping"):
                await collect(engine, ask("say x"))
            assert not draining.done()
            assert Stop() not in spawner.links[0].sent
            await held.aclose()
        assert spawner.links[0].sent[-1] == Stop()


async def test_at_the_deadline_the_worker_is_stopped_all_the_same(tmp_path: Path, caplog):
    async with running(tmp_path) as (engine, spawner):
        held = await begin(engine, ask("hold x"))
        await engine.drain(Seconds(0.0))
        assert spawner.links[0].sent[-1] == Stop()
        assert [event async for event in held] == [TextDelta("released"), end(1)]
    assert "1 requests were cut at the deadline" in caplog.text


async def test_a_drained_engine_ends_without_another_start(tmp_path: Path):
    spawner, rest = Spawner(), Rest()
    plan = load(tmp_path / "starts")
    engine = LlamaEngine("m", Ladder.only(plan), coached=False, spawn=spawner, sleep=rest)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(engine.run())
        await engine.wait_ready()
        await engine.drain(Seconds(60.0))
    assert len(spawner.links) == 1
    assert rest.delays == []


async def test_nobody_waits_for_a_worker_that_left_at_the_deadline(tmp_path: Path):
    spawner = Spawner(exit_grace=0.01)
    plan = load(tmp_path / "starts")
    engine = LlamaEngine("m", Ladder.only(plan), coached=False, spawn=spawner, sleep=Rest())
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(engine.run())
        await engine.wait_ready()
        stuck = await begin(engine, ask("linger x"))
        await engine.drain(Seconds(0.0))
        pid = spawner.links[0].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        (failed,) = [event async for event in stuck]
        assert isinstance(failed, Failed)


async def test_draining_between_two_starts_starts_nothing(tmp_path: Path):
    spawner, rest = Spawner(), Rest(ended=False)
    plan = load(tmp_path / "starts")
    engine = LlamaEngine("m", Ladder.only(plan), coached=False, spawn=spawner, sleep=rest)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(engine.run())
        await engine.wait_ready()
        pid = spawner.links[0].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await rest.begun.wait()
        await engine.drain(Seconds(60.0))
        rest.may_end.set()
    assert len(spawner.links) == 1


# --- warming up -------------------------------------------------------------------------


def long(text: str) -> ChatRequest:
    """On a beginning that is worth remembering."""
    return replace(ask(text), system=(Text("Be " * 2000),))


async def test_a_new_worker_warms_up_before_anybody_asks(tmp_path: Path):
    async with running(tmp_path, warmth=Warmth(tmp_path / "beginnings")) as (engine, spawner):
        await collect(engine, ask("say x"))
        await collect(engine, long("say x"))
        await again(engine, spawner, kill=spawner.links[0].pid)
        (warm,) = [sent for sent in spawner.links[1].sent if isinstance(sent, Warm)]
        assert [message["role"] for message in warm.prompt.messages] == ["system"]
        assert warm.prompt.now > 0, "templates tell the day"
        assert not [sent for sent in spawner.links[0].sent if isinstance(sent, Warm)]
        assert (await collect(engine, ask("say x")))[-1] == end(1)


async def test_a_worker_whom_somebody_waits_for_does_not_warm_up(tmp_path: Path):
    warmth = Warmth(tmp_path / "beginnings")
    async with running(tmp_path, warmth=warmth, is_awaited=True) as (engine, spawner):
        await collect(engine, long("say x"))
        await again(engine, spawner, kill=spawner.links[0].pid)
        assert not [sent for sent in spawner.links[1].sent if isinstance(sent, Warm)]
