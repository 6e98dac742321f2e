"""How seldom a probe is made."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.uplink.link import Urgency
from edge.uplink.spacing import (
    ASKED,
    AT_ONCE,
    EARNS_ONE,
    FIRST,
    JITTER,
    LONGEST,
    SAVED,
    WANTED_FOR,
    Spacing,
)


def spacing() -> Spacing:
    return Spacing(lambda: 0.5)


def pauses(plan: Spacing, urgency: Urgency, count: int, now: float = 0.0) -> list[float]:
    found = []
    plan.asked(now)
    for _ in range(count):
        wait = plan.wait(urgency, now)
        assert wait is not None
        found.append(round(wait, 6))
        now += wait
        plan.made(now)
    return found


def test_nobody_asks_nothing_is_probed() -> None:
    plan = spacing()
    assert plan.wait("later", 0) is None
    plan.asked(10)
    assert plan.wait("later", 10) == 0
    assert plan.wait("none", 10) is None
    assert plan.wait("later", 10 + WANTED_FOR + 1) is None


def test_what_settles_something_is_probed_unasked_and_soon() -> None:
    plan = spacing()
    assert plan.wait("now", 0) == 0
    plan.made(3)
    assert plan.wait("now", 3) == AT_ONCE


def test_pauses_grow_to_a_bound() -> None:
    assert pauses(spacing(), "later", 8) == [0, 2, 4, 8, 16, 32, 60, 60]


def test_a_change_makes_them_short_again() -> None:
    plan = spacing()
    pauses(plan, "later", 8)
    now = 1000.0
    plan.afresh(now)
    plan.asked(now)
    assert plan.wait("later", now) == 0
    plan.made(now)
    assert plan.wait("later", now) == FIRST


def test_who_asks_after_a_rest_need_not_wait() -> None:
    plan = spacing()
    pauses(plan, "later", 8)
    plan.asked(182.5 + WANTED_FOR * 2)
    assert plan.wait("later", 182.5 + WANTED_FOR * 2) == 0


@given(st.floats(0, 1))
def test_jitter_keeps_within_its_bounds(draw: float) -> None:
    plan = Spacing(lambda: draw)
    for pause in pauses(plan, "later", 12)[1:]:
        assert FIRST * (1 - JITTER) - 0.01 <= pause <= LONGEST * (1 + JITTER) + 0.01


def test_a_request_does_not_wait_for_a_long_pause() -> None:
    plan = spacing()
    now = sum(pauses(plan, "later", 8))
    plan.asked(now + 3)
    assert plan.wait("later", now + 3) == ASKED - 3


@given(st.lists(st.sampled_from(["now", "later"]), min_size=300, max_size=400))
def test_no_hour_has_more_than_the_budget(urgencies: list[Urgency]) -> None:
    plan, now, made = spacing(), 0.0, []
    for urgency in urgencies:
        plan.asked(now)
        wait = plan.wait(urgency, now)
        assert wait is not None
        now += wait
        plan.made(now)
        made.append(now)
    hour = SAVED * EARNS_ONE
    most = max(len([at for at in made if begin <= at < begin + hour]) for begin in made)
    assert most <= 2 * SAVED + 1
