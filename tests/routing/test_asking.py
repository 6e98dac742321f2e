"""The question to the box's own model: when it is put, how it is read, what becomes of it."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from edge.engines.base import Odds, Question
from edge.engines.fake import FakeEngine
from edge.errors import EngineError
from edge.routing.asking import (
    EXAMPLES,
    LATEST,
    LOOK_AGAIN,
    MOST_ASKED,
    Asker,
    Asking,
    Scale,
    known_sentences,
    question,
    scale_of,
)
from edge.routing.features import Answer, Features, features_of
from edge.routing.need import load_table
from edge.units import Seconds
from tests.engines.llama.passing import Time
from tests.routing.asked import asked

TABLE = load_table()
KNOWN = len(known_sentences(TABLE))


def by_words(asked: Question) -> Odds | None:
    """A model that leans to heavy, and more so for heavy sentences; their kinds are told by the
    table, those of other texts by the word "heavy"."""
    is_heavy = asked.text in TABLE.heavy or "heavy" in asked.text
    leaning = (3.0 if is_heavy else 1.0) + 0.01 * len(asked.text)
    return Odds("coder", odds_of(leaning), 0.9)


def odds_of(leaning: float) -> tuple[float, float]:
    heavy = 1 / (1 + math.exp(-leaning))
    return 1 - heavy, heavy


@dataclass
class Scripted:
    """Answers as told. ``asked`` is set after each question."""

    says: Callable[[Question], Odds | None] = by_words
    questions: list[Question] = field(default_factory=list)
    learned: asyncio.Event = field(default_factory=asyncio.Event)

    async def weigh(self, question: Question) -> Odds | None:
        self.questions.append(question)
        if len(self.questions) == KNOWN:
            self.learned.set()
        return self.says(question)


@asynccontextmanager
async def learned(asker: Scripted, **more) -> AsyncIterator[Asking]:
    """With the scale of the model learned."""
    asking = Asking(asker, TABLE, **more)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(asking.run())
        await asker.learned.wait()
        await asyncio.sleep(0)
        asker.questions.clear()
        yield asking
        running.cancel()


async def answer(asking: Asking, *texts: str) -> Answer:
    found = (await asking.known(features_of(asked(*texts)))).answer
    assert found is not None
    return found


# --- the scale --------------------------------------------------------------------------


def test_a_scale_has_its_middle_between_the_kinds():
    scale = scale_of([-1.0, 0.0], [3.0, 4.0])
    assert scale.middle == 1.5
    assert scale.heavy(1.5) == 0.5
    assert scale.heavy(0.0) < 0.1
    assert scale.heavy(3.0) > 0.9


def test_who_tells_nothing_is_never_sure():
    blind, wrong = scale_of([0.0, 2.0], [0.1, 2.1]), scale_of([2.0, 3.0], [0.0, 1.0])
    assert 0.4 < blind.heavy(2.0) < 0.6
    assert wrong.heavy(0.0) == wrong.heavy(9.0) == 0.5


def test_what_is_far_off_the_scale_is_a_number_still():
    assert scale_of([0.0], [900.0]).heavy(-1e6) < 1e-9


# --- what is asked ----------------------------------------------------------------------


def test_what_is_fixed_comes_first_and_the_persons_words_are_few():
    log = "\n".join(f"line {n}" for n in range(2000))
    found = question(f"what is wrong?\n\n{log}", TABLE)
    assert found.text == "what is wrong?"
    assert (found.system, found.labels) == (TABLE.question, ("light", "heavy"))
    assert found.examples == question("another", TABLE).examples
    assert len(question("word " * 9999, TABLE).text) <= MOST_ASKED + 1


def test_examples_are_of_both_kinds_in_turn_and_nothing_is_learned_by_them():
    examples = question("x", TABLE).examples
    assert [label for _, label in examples] == ["light", "heavy"] * EXAMPLES
    assert all((text in TABLE.heavy) == (label == "heavy") for text, label in examples)
    known = known_sentences(TABLE)
    assert {tier for tier, _ in known} == {"light", "heavy"}
    assert not {text for text, _ in examples} & {text for _, text in known}


async def test_a_yes_is_what_it_continues():
    asker = Scripted()
    async with learned(asker) as asking:
        await answer(asking, "some heavy lifting", "yes")
    assert asker.questions[0].text == "some heavy lifting"


async def test_the_leaning_of_the_model_itself_does_not_count():
    async with learned(Scripted()) as asking:
        light, heavy = await answer(asking, "small"), await answer(asking, "a heavy thing")
    assert light.model == heavy.model == "coder"
    assert light.heavy is not None
    assert heavy.heavy is not None
    assert light.heavy < 0.2
    assert heavy.heavy > 0.8


async def test_the_same_words_are_asked_once():
    asker = Scripted()
    async with learned(asker) as asking:
        first = await answer(asking, "small")
        asker.says = lambda question: None
        assert await answer(asking, "small") == first
    assert len(asker.questions) == 1


# --- what is unknown --------------------------------------------------------------------


async def test_before_the_scale_is_known_nobody_is_asked():
    asker = Scripted()
    assert await answer(Asking(asker, TABLE), "small") == Answer()
    assert asker.questions == []


async def test_one_that_is_busy_is_asked_again_the_next_time():
    asker = Scripted()
    async with learned(asker) as asking:
        asker.says = lambda question: None
        assert await answer(asking, "small") == Answer()
        asker.says = by_words
        assert (await answer(asking, "small")).heavy is not None


async def test_what_is_not_told_in_time_is_unknown_and_not_asked_again():
    class Slow(Scripted):
        async def weigh(self, question: Question) -> Odds | None:
            odds = await super().weigh(question)
            if self.learned.is_set() and len(self.questions) < KNOWN:
                await asyncio.Event().wait()
            return odds

    asker = Slow()
    async with learned(asker, patience=Seconds(0.01)) as asking:
        assert await answer(asking, "small") == Answer()
        assert await answer(asking, "small") == Answer()
    assert len(asker.questions) == 1


async def test_a_model_that_wants_to_say_something_else_has_not_answered():
    asker = Scripted()
    async with learned(asker) as asking:
        asker.says = lambda question: Odds("coder", (0.1, 0.9), 0.001)
        assert await answer(asking, "small") == Answer()


async def test_an_error_is_unknown(caplog: pytest.LogCaptureFixture):
    def fail(question: Question) -> Odds:
        raise EngineError("it answered with nonsense")

    asker = Scripted()
    caplog.set_level(logging.INFO)
    async with learned(asker) as asking:
        asker.says = fail
        assert await answer(asking, "small") == Answer()
    assert "it answered with nonsense" in caplog.text


async def test_a_model_that_takes_too_long_for_a_sentence_is_not_asked(
    caplog: pytest.LogCaptureFixture,
):
    time = Time()

    def slowly(question: Question) -> Odds | None:
        time.now += 2.0
        return by_words(question)

    caplog.set_level(logging.INFO)
    asker = Scripted(slowly)
    async with learned(asker, clock=time.clock) as asking:
        assert await answer(asking, "small") == Answer()
    assert asker.questions == []
    assert "coder can be asked whether work is heavy: no, an answer takes 2.0 s" in caplog.text


async def test_a_model_that_does_not_tell_the_kinds_apart_is_not_asked():
    asker = Scripted(lambda question: Odds("coder", (0.3, 0.7), 0.9))
    async with learned(asker) as asking:
        assert await answer(asking, "small") == Answer()
    assert asker.questions == []


async def test_where_none_is_fit_another_is_looked_for_later():
    time = Time()
    dull = Scripted(lambda question: Odds("coder", (0.3, 0.7), 0.9))
    async with learned(dull, clock=time.clock) as asking:
        dull.says, dull.learned = by_words, asyncio.Event()
        assert await answer(asking, "small") == Answer()
        time.now += LATEST
        assert await answer(asking, "small") == Answer()
        await dull.learned.wait()
        await asyncio.sleep(0)
        assert (await answer(asking, "small")).heavy is not None


async def test_a_model_that_never_says_either_word_is_not_asked(caplog: pytest.LogCaptureFixture):
    def mute(question: Question) -> Odds:
        odds = by_words(question)
        assert odds is not None
        return Odds("coder", odds.shares, 0.001)

    caplog.set_level(logging.INFO)
    asker = Scripted(mute)
    async with learned(asker) as asking:
        assert await answer(asking, "small") == Answer()
    assert asker.questions == []
    assert "it wants to say something else" in caplog.text


async def test_one_strange_answer_does_not_spoil_a_scale():
    strange = known_sentences(TABLE)[0][1]

    def mostly(question: Question) -> Odds | None:
        odds = by_words(question)
        assert odds is not None
        return Odds("coder", odds.shares, 0.0) if question.text == strange else odds

    async with learned(Scripted(mostly)) as asking:
        assert (await answer(asking, "small")).heavy is not None


# --- learning ---------------------------------------------------------------------------


async def test_a_box_at_work_is_tried_again_later_and_later():
    time, asker = Time(), Scripted(lambda question: None)
    asking = Asking(asker, TABLE, clock=time.clock, sleep=time.sleep)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(asking.run())
        await time.until_asleep(LOOK_AGAIN)
        time.pass_(LOOK_AGAIN)
        await time.until_asleep(3 * LOOK_AGAIN)
        asker.questions.clear()
        asker.says = by_words
        time.pass_(2 * LOOK_AGAIN)
        await asker.learned.wait()
        await asyncio.sleep(0)
        assert (await answer(asking, "small")).heavy is not None
        running.cancel()


async def test_another_model_gets_a_scale_of_its_own():
    asker = Scripted()
    async with learned(asker) as asking:

        def other(question: Question) -> Odds:
            odds = by_words(question)
            assert odds is not None
            return Odds("other", odds.shares, 0.9)

        asker.says = other
        asker.learned.clear()
        assert await answer(asking, "small") == Answer("other")
        asker.questions.clear()
        await asker.learned.wait()
        await asyncio.sleep(0)
        found = await answer(asking, "small")
    assert found.model == "other"
    assert found.heavy is not None


async def test_one_that_changes_in_the_middle_is_asked_anew():
    time = Time()
    names = iter(["one"] * 3 + ["two"] * 999)

    def changing(question: Question) -> Odds:
        return Odds(next(names), (0.5, 0.5), 0.9)

    asking = Asking(Scripted(changing), TABLE, clock=time.clock, sleep=time.sleep)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(asking.run())
        await time.until_asleep(LOOK_AGAIN)
        assert asking._scales == {}
        running.cancel()


def test_the_scripted_engine_can_be_asked():
    assert isinstance(FakeEngine(), Asker)
    assert not isinstance(object(), Asker)
    assert Scale(0.0, 1.0).heavy(0.0) == 0.5


async def test_nothing_said_is_nothing_to_ask():
    asker = Scripted()
    async with learned(asker) as asking:
        assert (await asking.known(Features("claude-x"))).answer == Answer()
    assert asker.questions == []
