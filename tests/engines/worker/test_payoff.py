"""When a draft model pays, by tables of seconds."""

from __future__ import annotations

import pytest

from edge.engines.worker.costs import Stretch
from edge.engines.worker.pace import PATIENCE, Pace
from edge.engines.worker.payoff import (
    AT_ONCE_TOKENS,
    FIRST_CHANCE,
    FIRST_STEPS,
    LEAST_READ,
    LENGTHS,
    LONGEST_REST,
    NOTHING,
    PLAIN_EVERY,
    REST_STEPS,
    TRIAL_ROUNDS,
    Costs,
    Kind,
    Move,
    Payoff,
    best,
)
from edge.units import Seconds

PLAIN = 0.1


def costs(*, row: float, drafted: float) -> Costs:
    """Shares of a plain step's time: each further row, each drafted token."""
    rows = {n + 1: PLAIN * (1 + n * row) for n in LENGTHS}
    return Costs(PLAIN, PLAIN * drafted, 0.001, rows)


@pytest.mark.parametrize(
    ("chance", "row", "drafted", "length"),
    [
        (0.7, 0.05, 0.1, 3),  # 7 B with 0.5 B on an accelerator
        (0.9, 0.05, 0.1, 7),
        (0.98, 0.01, 0.05, 11),
        (0.3, 0.05, 0.1, 1),
        (0.1, 0.05, 0.1, 0),
        (0.7, 0.35, 0.1, 1),  # the same on a CPU
        (0.7, 0.35, 0.42, 0),  # 1.5 B with 0.5 B on a CPU
        (0.7, 0.05, 0.42, 1),
        (1.0, 0.35, 0.7, 0),
    ],
)
def test_the_length_that_saves_most(chance: float, row: float, drafted: float, length: int):
    found, saved = best(chance, costs(row=row, drafted=drafted))
    assert found == length
    assert (saved > 0) is (length > 0)


def pace(*, row: float = 0.05) -> Pace:
    found = Pace(512)
    for rows in (1, *(n + 1 for n in LENGTHS)):
        found.learn([Stretch(rows, 0)], [], Seconds(PLAIN * (1 + (rows - 1) * row)))
    return found


def started(*, drafted: float = 0.1, read: float = 0.01) -> Payoff:
    """``read``: of a plain step's time as well."""
    payoff = Payoff()
    payoff.learn_drafting(1, Seconds(PLAIN * drafted))
    payoff.learn_reading(100, Seconds(100 * PLAIN * read))
    return begun(payoff)


def begun(payoff: Payoff, kind: Kind = "text") -> Payoff:
    """At an answer whose first steps are behind it."""
    payoff.begin()
    for _ in range(FIRST_STEPS):
        assert payoff.move(kind, 1, None, pace()) == NOTHING
    return payoff


def test_nothing_is_done_before_costs_are_known():
    assert begun(Payoff()).move("text", 1, None, pace()) == NOTHING
    assert started().move("text", 1, None, Pace(512)) == NOTHING


def test_what_pays_is_drafted_but_for_a_plain_step_now_and_then():
    payoff = started()
    moves = [payoff.move("text", 1, None, pace()) for _ in range(3 * PLAIN_EVERY)]
    assert moves.count(NOTHING) == 3
    assert payoff.on
    assert set(moves) == {NOTHING, Move(draft=3)}


def test_never_more_than_may_be_written():
    payoff = started()
    assert payoff.move("text", 1, 3, pace()) == Move(draft=2)
    assert payoff.move("text", 1, 1, pace()) == NOTHING


def test_what_can_never_pay_is_not_even_tried():
    payoff = started(drafted=1.5)
    moves = {payoff.move("text", 1, None, pace(row=0.35)) for _ in range(10 * REST_STEPS)}
    assert moves == {NOTHING}
    assert not payoff.on
    assert (news := payoff.take_news()) is not None
    assert "even right tokens would cost time, a drafted one 150 ms" in news
    assert payoff.take_news() is None


def test_what_was_measured_on_a_bad_day_is_measured_again():
    payoff = started(drafted=1.5)
    steps = 0
    while (move := payoff.move("text", 1, None, pace())) == NOTHING:
        steps += 1
    assert 10 * REST_STEPS < steps < 20 * LONGEST_REST
    payoff.learn_drafting(move.draft, Seconds(1.5 * PLAIN * move.draft))
    assert payoff.move("text", 1, None, pace()) == NOTHING, "it was no better"
    assert not payoff.on


def test_bad_guesses_switch_it_off_for_longer_and_longer():
    payoff = started()
    drafts = _steps_until_rest(payoff)
    assert drafts < 2 * TRIAL_ROUNDS
    assert not payoff.on
    rests = []
    for _ in range(9):
        rests.append(_steps_of_rest(payoff))
        _steps_until_rest(payoff)
    assert rests[0] >= REST_STEPS
    assert rests == sorted(rests)
    assert LONGEST_REST <= rests[-1] <= 1.1 * LONGEST_REST
    assert payoff.take_news() is not None
    assert payoff.take_news() is None, "the same again is no news"


def _steps_until_rest(payoff: Payoff, accepted: int = 0) -> int:
    """Drafts that were made before it gave up."""
    for count in range(200):
        move = payoff.move("text", 1, None, pace())
        if not payoff.on:
            return count
        if move.draft:
            payoff.judge("text", move.draft, accepted, Seconds(0.01 * move.draft), pace())
    raise AssertionError("it never rested")


def _steps_of_rest(payoff: Payoff) -> int:
    for count in range(2 * LONGEST_REST):
        if payoff.move("text", 1, None, pace()) != NOTHING:
            return count
    raise AssertionError("it never tried again")


def test_good_guesses_after_a_rest_are_news():
    payoff = started()
    _steps_until_rest(payoff)
    _steps_of_rest(payoff)
    payoff.take_news()
    for _ in range(2 * TRIAL_ROUNDS):
        payoff.judge("text", 3, 3, Seconds(0.03), pace())
    assert (news := payoff.take_news()) is not None
    assert news.startswith("on: text with it 2.")


def test_time_that_no_guess_explains_counts_as_well():
    payoff = started()
    for _ in range(TRIAL_ROUNDS):
        payoff.judge("text", 3, 3, Seconds(5 * PLAIN), pace())
    assert not payoff.on
    assert "times as fast" in payoff.reason


def test_calls_and_text_are_judged_apart():
    payoff = started()
    _steps_until_rest(payoff)
    assert payoff.move("calls", 1, None, pace()).draft > 0
    assert payoff.move("text", 1, None, pace()) == NOTHING


def test_having_nothing_to_offer_costs_too():
    payoff = started()
    for _ in range(TRIAL_ROUNDS):
        payoff.judge("text", 0, 0, Seconds(PLAIN / 10), pace())
    assert not payoff.on


def test_reading_waits_until_what_was_lost_would_have_paid_it():
    payoff = started(read=0.01)
    unread, price = 1000, 1000 * 0.01 * PLAIN
    _, saved = best(FIRST_CHANCE, costs(row=0.05, drafted=0.1))
    waited = 0
    while (move := payoff.move("text", unread, None, pace())) == NOTHING:
        waited += 1
    assert price / saved - 2 <= waited <= (price / saved + 2) * (1 + 2 / PLAIN_EVERY)
    assert move == Move(read=int((PATIENCE - 1) / 0.01))
    while unread > AT_ONCE_TOKENS:
        unread = max(1, unread - payoff.move("text", unread, None, pace()).read)
    assert payoff.move("text", unread, None, pace()).draft > 0


def test_a_slow_reader_reads_little_at_once():
    payoff = started(read=1.0)
    moves = {payoff.move("text", 100, None, pace()) for _ in range(500)}
    assert moves == {NOTHING, Move(read=LEAST_READ)}


def test_nothing_is_read_for_the_little_that_is_left():
    payoff = started(read=0.01)
    moves = {payoff.move("text", 1000, 15, pace()) for _ in range(500)}
    assert moves == {NOTHING}


def test_another_answer_has_to_earn_its_own_reading():
    payoff = started(read=0.01)
    while payoff.move("text", 1000, None, pace()) == NOTHING:
        pass
    assert begun(payoff).move("text", 1000, None, pace()) == NOTHING


def test_later_answers_begin_with_what_was_learnt():
    payoff = started()
    for _ in range(60):
        payoff.judge("text", 1, 1, Seconds(0.01), pace())
    assert begun(payoff).move("text", 1, None, pace()).draft > 3
