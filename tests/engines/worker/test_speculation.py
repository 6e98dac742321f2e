"""The loop with a draft model: the same answers, sooner where the draft is good."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.engines.frames import Stats
from edge.engines.worker.context import Part
from edge.engines.worker.draft_model import VIEWS, DraftModel
from edge.engines.worker.pace import Pace
from edge.engines.worker.payoff import AT_ONCE_TOKENS, Kind, Move, Payoff
from edge.engines.worker.speculation import Speculation
from edge.errors import EngineError
from edge.units import Seconds
from tests.engines.worker.scripted_context import (
    END,
    VOCABULARY,
    ScriptedContext,
    continuation,
    successor,
)
from tests.engines.worker.scripted_loop import PROMPT, Stage, continued, expected


class Clock:
    """Time that only decodes take."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Always(Payoff):
    """Drafts whatever it costs; reads first."""

    def move(self, kind: Kind, unread: int, left: int | None, pace: Pace) -> Move:
        self.on = True
        return Move(read=20) if unread > AT_ONCE_TOKENS else Move(draft=3)


class Guesser(ScriptedContext):
    """A draft's context; every ``wrong``-th guess is wrong, none for 0."""

    def __init__(self, clock: Clock, *, wrong: int = 0, step: float = 0.01) -> None:
        super().__init__(400, sequences=VIEWS)
        self._clock = clock
        self._step = step
        self._wrong = wrong

    def decode(self, parts: Sequence[Part], *, interruptible: bool = False) -> bool:
        self._clock.now += self._step + 0.0005 * sum(len(part.tokens) for part in parts)
        return super().decode(parts)

    def _row(self, sequence: int):
        row = super()._row(sequence)
        if self._wrong and len(self.tokens(sequence)) % self._wrong == 0:
            row = row.copy()
            row[(successor(self.tokens(sequence)) + 1) % VOCABULARY] = 19.0
        return row


class Table:
    """A stage with a draft model. A step of the big one takes 0.1 s and ``row`` for each
    further token, one of the draft ``step``."""

    def __init__(
        self,
        payoff: Payoff,
        *,
        wrong: int = 0,
        row: float = 0.005,
        step: float = 0.01,
        size: int = 2000,
    ) -> None:
        clock = self.clock = Clock()
        self.guesser = Guesser(clock, wrong=wrong, step=step)
        model = DraftModel(self.guesser, shared=VOCABULARY, ends={END})
        speculation = Speculation(model, payoff, clock=clock)
        self.stage = Stage(size, speculation=speculation, clock=clock)
        decode = self.stage.context.decode

        def timed(parts: Sequence[Part], *, interruptible: bool = False, padding: int = 0) -> bool:
            clock.now += 0.1 + row * (sum(len(part.tokens) for part in parts) + padding - 1)
            return decode(parts, interruptible=interruptible, padding=padding)

        self.stage.context.decode = timed

    @property
    def measures(self) -> dict[str, float]:
        return [f for f in self.stage.sent if isinstance(f, Stats)][-1].measures


def prompts_of(length: int) -> list[int]:
    """A prompt whose answer is at least so long."""
    return next(
        p for n in range(5000) if len(continuation(p := [*PROMPT, n, n // 64], 300)) > length
    )


LONG = prompts_of(80)


@pytest.mark.parametrize("wrong", [0, 1, 2, 3, 5])
def test_answers_are_the_same(wrong: int):
    table = Table(Always(), wrong=wrong)
    table.stage.submit(1, LONG, limit=300)
    table.stage.run()
    assert table.stage.text(1) == expected(LONG, 300)
    assert table.measures["draft_model_tokens_drafted_total"] > 20


def test_a_good_draft_saves_steps():
    steps = {}
    for wrong in (0, 1):
        table = Table(Always(), wrong=wrong)
        table.stage.submit(1, LONG, limit=300)
        table.stage.run()
        steps[wrong] = len(table.stage.context.decodes)
        told = table.measures
        rate = told["draft_model_tokens_accepted_total"] / told["draft_model_tokens_drafted_total"]
        assert (rate > 0.9) if not wrong else (rate < 0.1)
    assert steps[0] < steps[1] / 2


def test_it_reads_lazily_and_keeps_what_it_read():
    table = Table(Always())
    table.stage.submit(1, LONG, limit=30)
    table.stage.run()
    first = table.measures["draft_model_tokens_read_total"]
    assert first > 20
    turn = [*LONG, *continuation(LONG, 30), 5, 6, 7]
    continued(table.stage).submit(2, turn, limit=30)
    table.stage.run()
    assert table.measures["draft_model_tokens_read_total"] - first < AT_ONCE_TOKENS
    assert table.stage.text(2) == expected(turn, 30)


def test_it_is_silent_while_others_run():
    table = Table(Always())
    table.stage.submit(1, LONG, limit=300)
    table.stage.submit(2, [9, *LONG], limit=300)
    together: list[bool] = []
    decode = table.guesser.decode

    def watched(parts: Sequence[Part], *, interruptible: bool = False) -> bool:
        together.append(len(table.stage.context.decodes[-1]) > 1)
        return decode(parts)

    table.guesser.decode = watched
    table.stage.run()
    assert together.count(True) <= 1, "at most right after the other's last step"
    assert table.stage.text(1) == expected(LONG, 300)


class Failing(Guesser):
    def decode(self, parts: Sequence[Part], *, interruptible: bool = False) -> bool:
        raise EngineError("llama_decode gave -3")


def test_a_draft_model_that_fails_is_not_missed(caplog: pytest.LogCaptureFixture):
    model = DraftModel(Failing(Clock()), shared=VOCABULARY, ends={END})
    stage = Stage(speculation=Speculation(model, Always()))
    stage.submit(1, LONG, limit=60)
    stage.run()
    assert stage.text(1) == expected(LONG, 60)
    assert [f for f in stage.sent if isinstance(f, Stats)][-1].measures["draft_model_on"] == 0
    assert caplog.text.count("draft model off for good: llama_decode gave -3") == 1


def tried(payoff: Payoff) -> Payoff:
    """As a worker's start leaves it."""
    payoff.learn_drafting(1, Seconds(0.01))
    payoff.learn_reading(64, Seconds(64 * 0.0005))
    return payoff


def many_answers(table: Table, count: int) -> None:
    """One after the other, of different beginnings."""
    for number in range(1, count + 1):
        prompt = [number, *LONG]
        table.stage.submit(number, prompt, limit=300)
        table.stage.run()
        assert table.stage.text(number) == expected(prompt, 300)
        table.stage = continued(table.stage)


def test_a_good_one_stays_on_and_saves_time():
    table = Table(tried(Payoff()))
    many_answers(table, 12)
    told = table.measures
    assert told["draft_model_on"] == 1
    assert (
        told["draft_model_tokens_accepted_total"] > 0.9 * told["draft_model_tokens_drafted_total"]
    )
    without = Table(Payoff())
    many_answers(without, 12)
    assert without.measures["draft_model_tokens_drafted_total"] == 0
    assert table.clock.now < 0.8 * without.clock.now


def test_a_bad_one_switches_itself_off(caplog: pytest.LogCaptureFixture):
    table = Table(tried(Payoff()), wrong=1)
    many_answers(table, 12)
    told = table.measures
    assert told["draft_model_on"] == 0
    assert told["draft_model_tokens_drafted_total"] < 0.1 * told["answer_tokens_total"]
    assert "draft model off: text" in caplog.text
    without = Table(Payoff())
    many_answers(without, 12)
    assert table.clock.now < 1.1 * without.clock.now


def test_one_that_cannot_pay_is_never_asked(caplog: pytest.LogCaptureFixture):
    payoff = Payoff()
    payoff.learn_drafting(1, Seconds(0.3))
    payoff.learn_reading(64, Seconds(64 * 0.0005))
    table = Table(payoff, step=0.3)
    many_answers(table, 6)
    assert table.measures["draft_model_tokens_drafted_total"] == 0
    assert "even right tokens would cost time" in caplog.text


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 90), st.integers(1, 60)), max_size=6),
    st.integers(0, 7),
    st.integers(150, 900),
    st.booleans(),
)
def test_whatever_comes_every_answer_is_right(
    plans: list[tuple[int, int, int]], wrong: int, size: int, eager: bool
):
    table = Table(Always() if eager else tried(Payoff()), wrong=wrong, size=size)
    asked = {}
    for number, (family, length, limit) in enumerate(plans):
        prompt = [(family * 17 + n * n) % 60 + 1 for n in range(length)]
        asked[number] = (prompt, limit)
        table.stage.submit(number, prompt, limit)
    table.stage.run()
    for number, (prompt, limit) in asked.items():
        full = table.stage.end(number).reason == "context"
        assert expected(prompt, limit).startswith(table.stage.text(number))
        assert full or table.stage.text(number) == expected(prompt, limit)
