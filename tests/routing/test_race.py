"""Who answers, when several might."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.chat import ChatRequest, Event, Failed, Finished, Progress, Started, TextDelta, Usage
from edge.engines.base import nobody
from edge.engines.fake import FakeEngine, Pause, Step, Tardy
from edge.errors import BadRequest, CodriverError, Overloaded, UpstreamUnreachable
from edge.routing.race import Runner, Won, race
from edge.units import Seconds, Tokens

ASK = ChatRequest("claude-x", ())
BEGUN = Started("claude-x", Usage())
READING = Progress(Tokens(1), Tokens(2))
END = Finished("end_turn", Usage())
AWAY = UpstreamUnreachable("no connection")
FOR_EVER = Pause(Seconds(3600.0))
A_MOMENT = Pause(Seconds(0.0))


def engine(name: str, *steps: Step) -> FakeEngine:
    def script(request: ChatRequest) -> Sequence[Step]:
        return steps

    return FakeEngine(script, name=name)


async def run(*engines: FakeEngine, together: int = 1) -> Won:
    runners = [Runner(one.name, lambda late, one=one: one.stream(ASK, late)) for one in engines]
    return await race(runners, together=together)


async def rest(won: Won) -> list[Event]:
    return [*won.held, *[event async for event in won.rest]]


async def test_the_first_answers_and_nobody_else_is_asked():
    cloud, local = engine("cloud", BEGUN, TextDelta("x"), END), engine("local", BEGUN, END)
    won = await run(cloud, local)
    assert (won.runner.name, won.notes) == ("cloud", ())
    assert await rest(won) == [BEGUN, TextDelta("x"), END]
    assert local.requests == []


async def test_who_fails_before_the_first_content_is_followed_at_once():
    cloud, local = engine("cloud", BEGUN, READING, Failed(AWAY)), engine("local", BEGUN, END)
    won = await run(cloud, local)
    assert won.runner.name == "local"
    assert won.notes == ("cloud did not take it: no connection",)
    assert await rest(won) == [BEGUN, END]


async def test_who_is_late_gets_company_and_may_still_win():
    cloud = engine("cloud", Tardy("1 s"), *[A_MOMENT] * 50, BEGUN, TextDelta("late"), END)
    local = engine("local", BEGUN, READING, FOR_EVER)
    won = await run(cloud, local)
    assert (won.runner.name, won.notes) == ("cloud", ("cloud was late: 1 s",))
    assert await rest(won) == [BEGUN, TextDelta("late"), END]
    assert local.cancelled == 1


async def test_company_that_has_content_first_wins():
    cloud = engine("cloud", Tardy("1 s"), BEGUN, FOR_EVER)
    local = engine("local", BEGUN, READING, A_MOMENT, TextDelta("here"), END)
    won = await run(cloud, local)
    assert won.runner.name == "local"
    assert await rest(won) == [BEGUN, READING, TextDelta("here"), END]
    assert cloud.cancelled == 1


async def test_together_from_the_beginning():
    cloud, local = engine("cloud", FOR_EVER), engine("local", BEGUN, TextDelta("here"), END)
    won = await run(cloud, local, together=2)
    assert (won.runner.name, won.notes) == ("local", ())
    assert cloud.cancelled == 1


async def test_who_is_left_alone_need_not_have_content():
    cloud = engine("cloud", Tardy("1 s"), A_MOMENT, AWAY)
    local = engine("local", BEGUN, *[READING] * 3, A_MOMENT, A_MOMENT, READING, FOR_EVER)
    won = await run(cloud, local)
    assert won.runner.name == "local"
    assert won.held[0] == BEGUN
    assert not any(isinstance(event, TextDelta) for event in won.held)
    await won.rest.aclose()


async def test_the_last_error_is_told_when_nobody_is_left():
    full = Overloaded("full")
    with pytest.raises(Overloaded, match="full"):
        await run(engine("cloud", AWAY), engine("local", full))
    with pytest.raises(UpstreamUnreachable):
        await run(engine("cloud", AWAY))


async def test_what_no_engine_would_answer_ends_it():
    local = engine("local", BEGUN, END)
    with pytest.raises(BadRequest):
        await run(engine("cloud", BadRequest("no")), local)
    assert local.requests == []


async def test_a_client_that_leaves_takes_everybody_along():
    cloud, local = engine("cloud", Tardy(), FOR_EVER), engine("local", BEGUN, FOR_EVER)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await run(cloud, local)
    assert (cloud.cancelled, local.cancelled) == (1, 1)


STEPS = st.sampled_from([BEGUN, READING, A_MOMENT, Tardy(), TextDelta("x"), AWAY, END])


@given(st.lists(st.lists(STEPS, max_size=6), min_size=1, max_size=3), st.integers(1, 2))
def test_whatever_they_do_one_wins_or_an_error_is_told(scripts, together):
    engines = [engine(f"e{place}", *steps) for place, steps in enumerate(scripts)]

    async def once() -> None:
        try:
            won = await run(*engines, together=together)
        except CodriverError:
            return
        assert won.held
        await won.rest.aclose()

    asyncio.run(once())


async def test_the_last_one_left_is_not_asked_to_hold_anything_back():
    seen = []

    def opened(one: FakeEngine):
        def open_(late):
            seen.append(late)
            return one.stream(ASK, late)

        return open_

    engines = [engine("local", AWAY), engine("cloud", BEGUN, END)]
    won = await race([Runner(one.name, opened(one)) for one in engines])
    assert won.runner.name == "cloud"
    first, last = seen
    assert first is not nobody
    assert last is nobody
