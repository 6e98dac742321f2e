"""The scripted engine keeps the protocol it stands in for."""

import asyncio
from contextlib import aclosing

import pytest

from edge.chat import ChatRequest, Event, Finished, Started, TextDelta, Usage
from edge.engines.base import Engine, Odds, Question
from edge.engines.fake import FakeEngine, Pause
from edge.errors import Overloaded
from edge.units import Seconds

ASK = ChatRequest("claude-x", ())
BEGUN, END = Started("claude-x", Usage()), Finished("end_turn", Usage())


async def collect(engine: Engine) -> list[Event]:
    async with aclosing(engine.stream(ASK)) as events:
        return [event async for event in events]


async def test_it_greets():
    engine = FakeEngine()
    started, text, finished = await collect(engine)
    assert isinstance(started, Started)
    assert text == TextDelta("Hello from codriver.")
    assert isinstance(finished, Finished)
    assert engine.requests == [ASK]
    assert engine.cancelled == 0


async def test_it_plays_what_the_request_makes_of_it():
    engine = FakeEngine(lambda request: (TextDelta(request.model), END))
    assert await collect(engine) == [TextDelta("claude-x"), END]


async def test_a_pause_takes_time_and_no_event():
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    engine = FakeEngine(lambda request: (BEGUN, Pause(Seconds(9.0)), END), sleep=sleep)
    assert await collect(engine) == [BEGUN, END]
    assert slept == [9.0]


async def test_an_error_in_the_script_is_raised():
    with pytest.raises(Overloaded, match="full"):
        await collect(FakeEngine(lambda request: (Overloaded("full"),)))


async def test_a_reader_that_leaves_is_noticed_between_events_and_in_a_pause():
    engine = FakeEngine(lambda request: (BEGUN, Pause(Seconds(9.0)), END))
    async with aclosing(engine.stream(ASK)) as events:
        await anext(events)
    assert engine.cancelled == 1

    asleep = asyncio.Event()

    async def sleep(seconds: float) -> None:
        asleep.set()
        await asyncio.Event().wait()

    engine.sleep = sleep
    async with asyncio.TaskGroup() as tasks:
        reader = tasks.create_task(collect(engine))
        await asleep.wait()
        reader.cancel()
    assert engine.cancelled == 2


async def test_it_has_a_model_a_state_and_counts():
    engine = FakeEngine(name="cloud", model="claude-y", ready=False)
    assert [info.id for info in engine.models()] == ["claude-y"]
    assert not engine.state().ready
    assert await engine.count_tokens(ASK) == 0
    assert engine.requests == [ASK]


async def test_it_has_an_opinion_where_it_is_given_one():
    question = Question("Is it?", "so", ("yes", "no"))
    engine = FakeEngine()
    assert await engine.weigh(question) is None
    engine.opinion = lambda asked: (0.3, 0.7)
    assert await engine.weigh(question) == Odds("fake-anthropic", (0.3, 0.7), 1.0)
    engine.ready = False
    assert await engine.weigh(question) is None
    assert engine.questions == [question] * 3
