"""Answers begun for clients that will ask again."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

from edge.chat import ChatRequest, Failed, Finished, Started, TextDelta, Usage
from edge.engines.base import nobody
from edge.engines.fake import FakeEngine, Pause
from edge.errors import WorkerCrashed
from edge.routing.standby import MOST, Standby
from edge.units import Seconds

BEGUN = Started("m", Usage())
END = Finished("end_turn", Usage())
LONG = Pause(Seconds(3600.0))


def ask(name: str) -> ChatRequest:
    return ChatRequest(name, ())


def engine(*steps) -> FakeEngine:
    return FakeEngine(lambda request: steps)


@asynccontextmanager
async def running(patience: float = 5.0) -> AsyncGenerator[Standby, None]:
    standby = Standby(patience=Seconds(patience))
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(standby.run())
        yield standby
        task.cancel()


async def until(is_so) -> None:
    async with asyncio.timeout(5):
        while not is_so():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0)


async def test_who_asks_again_gets_it_from_its_beginning():
    local = engine(BEGUN, TextDelta("a"), TextDelta("b"), END)
    async with running() as standby:
        standby.begin(ask("one"), lambda: local.stream(ask("one")))
        await until(lambda: local.requests)
        assert standby.claim(ask("two")) is None
        stream = standby.claim(ask("one"))
        assert stream is not None
        assert [event async for event in stream] == [BEGUN, TextDelta("a"), TextDelta("b"), END]
        assert standby.claim(ask("one")) is None, "it is given away once"


async def test_who_asks_again_without_streaming_gets_it_too():
    local = engine(BEGUN, TextDelta("a"), END)
    async with running() as standby:
        asked = replace(ask("one"), stream=True)
        standby.begin(asked, lambda: local.stream(asked))
        stream = standby.claim(ask("one"))
        assert stream is not None
        assert [event async for event in stream] == [BEGUN, TextDelta("a"), END]


async def test_who_leaves_after_all_ends_the_work():
    local = engine(BEGUN, LONG)
    async with running() as standby:
        standby.begin(ask("one"), lambda: local.stream(ask("one")))
        stream = standby.claim(ask("one"))
        assert stream is not None
        assert await anext(stream) == BEGUN
        await stream.aclose()
        await until(lambda: local.cancelled)


async def test_nobody_is_waited_for_longer_than_it_takes():
    local = engine(BEGUN, LONG)
    async with running(patience=0.01) as standby:
        standby.begin(ask("one"), lambda: local.stream(ask("one")))
        await until(lambda: local.cancelled)
        assert standby.claim(ask("one")) is None


async def test_what_fails_is_told_to_whom_it_was_for():
    dead = WorkerCrashed("died")
    local = engine(BEGUN, dead)
    async with running() as standby:
        standby.begin(ask("one"), lambda: local.stream(ask("one")))
        stream = standby.claim(ask("one"))
        assert stream is not None
        assert [event async for event in stream] == [BEGUN, Failed(dead)]


async def test_a_mistake_of_ours_ends_that_answer_and_no_other(caplog):
    class Buggy(FakeEngine):
        async def stream(self, request, late=nobody):
            yield BEGUN
            raise ZeroDivisionError

    local = engine(BEGUN, END)
    async with running() as standby:
        standby.begin(ask("one"), lambda: Buggy().stream(ask("one")))
        broken = standby.claim(ask("one"))
        assert broken is not None
        *_, last = [event async for event in broken]
        assert isinstance(last, Failed)
        standby.begin(ask("two"), lambda: local.stream(ask("two")))
        stream = standby.claim(ask("two"))
        assert stream is not None
        assert [event async for event in stream] == [BEGUN, END]
    assert "ZeroDivisionError" in caplog.text


async def test_the_same_request_is_begun_once_and_only_so_many_are():
    local = engine(BEGUN, LONG)
    async with running() as standby:
        for name in ("one", "one", "two", "three", "four"):
            standby.begin(ask(name), lambda name=name: local.stream(ask(name)))
        await until(lambda: len(local.requests) == MOST)
        assert [request.model for request in local.requests] == ["one", "two"]
