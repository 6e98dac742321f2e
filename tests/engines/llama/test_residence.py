"""The pool's policy by tables: pictures in, moves out."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.engines.llama.residence import (
    SWAP_PATIENCE,
    Fit,
    Move,
    Moves,
    Resident,
    Wish,
    decide,
    is_awaited,
    who_counts,
)
from edge.state import Room
from edge.units import Seconds


def room(most: int) -> Fit:
    """The size of a model is the number in its name; so much memory there is."""

    def fit(models: Sequence[str]) -> Room:
        return Room(sum(size(one) for one in models) <= most, f"{most} in all")

    return fit


def size(model: str) -> int:
    return int("".join(filter(str.isdigit, model)))


def ready(model: str, in_flight: int = 0, used_at: float = 0.0) -> Resident:
    return Resident(model, "ready", in_flight, used_at)


def loading(model: str) -> Resident:
    return Resident(model, "loading", reason="why")


def leaving(model: str) -> Resident:
    return Resident(model, "leaving")


def wishes(*models: str, since: float = 0.0) -> list[Wish]:
    return [Wish(number, model, since) for number, model in enumerate(models)]


def moves(residents=(), wanted=(), *, most=3, now=0.0, idle=None) -> Moves:
    return decide(residents, wanted, now=now, fit=room(most), idle_unload=idle)


def loads(found: Moves) -> list[str]:
    return [move.model for move in found.load]


def unloads(found: Moves) -> list[str]:
    return [move.model for move in found.unload]


LATE = float(SWAP_PATIENCE)


@pytest.mark.parametrize(
    ("residents", "wanted", "admitted", "loaded", "unloaded"),
    [
        pytest.param([], ["a1"], [], ["a1"], [], id="nothing is there"),
        pytest.param([], ["a1", "a1"], [], ["a1"], [], id="one load for all who ask"),
        pytest.param([], ["a1", "b2"], [], ["a1", "b2"], [], id="two that fit together"),
        pytest.param([], ["a1", "b3"], [], ["a1"], [], id="two that do not: the older"),
        pytest.param([ready("a1")], ["a1", "a1"], [0, 1], [], [], id="it is there"),
        pytest.param([ready("a1")], ["b2"], [], ["b2"], [], id="beside an idle one"),
        pytest.param([ready("a1", 1)], ["b2"], [], ["b2"], [], id="beside a busy one"),
        pytest.param([loading("a1")], ["a1"], [], [], [], id="it is on its way"),
        pytest.param([loading("a1")], ["b2"], [], ["b2"], [], id="beside one on its way"),
        pytest.param([ready("a2")], ["b2"], [], [], ["a2"], id="in the place of an idle one"),
        pytest.param([ready("a2", 1)], ["b2"], [], [], [], id="a busy one is waited for"),
        pytest.param([loading("a2")], ["b2"], [], [], [], id="so is one on its way"),
        pytest.param([leaving("a2")], ["b2"], [], [], [], id="room is not there before it is"),
        pytest.param([leaving("a2")], ["b1"], [], ["b1"], [], id="unless there is enough"),
        pytest.param([leaving("a2")], ["a2"], [], [], [], id="back when it has left"),
        pytest.param([ready("a2"), leaving("b1")], ["c1"], [], [], [], id="who leaves is enough"),
        pytest.param([ready("a2")], ["a2", "b2"], [0], [], [], id="just taken by an older one"),
        pytest.param([ready("a2")], ["b2", "a2"], [], [], ["a2"], id="an older one is first"),
        pytest.param([ready("a2", 1)], ["b2", "a2"], [1], [], [], id="no one is stopped at once"),
        pytest.param([ready("a2", 1)], ["b2", "c1"], [], [], [], id="no younger one squeezes in"),
        pytest.param([], ["z9"], [], ["z9"], [], id="what fits nowhere is tried alone"),
        pytest.param([ready("a1")], ["z9"], [], [], ["a1"], id="and makes the others leave"),
    ],
)
def test_moves(residents, wanted, admitted, loaded, unloaded):
    found = moves(residents, wishes(*wanted))
    assert (found.admit, loads(found), unloads(found)) == (admitted, loaded, unloaded)
    assert sorted([*found.admit, *found.waits]) == list(range(len(wanted))), "each is accounted for"


@pytest.mark.parametrize(
    ("residents", "unloaded"),
    [
        pytest.param([ready("a1", used_at=9), ready("b2", used_at=1)], ["b2"], id="oldest"),
        pytest.param([ready("a1", used_at=1), ready("b2", used_at=9)], ["b2"], id="no use alone"),
        pytest.param([ready("a1", 1), ready("b2", used_at=9)], ["b2"], id="not the busy one"),
        pytest.param([ready("a1", 1), ready("b1"), ready("c1")], ["b1", "c1"], id="two idle"),
    ],
)
def test_who_leaves_is_idle_longest_unused_and_of_use(residents, unloaded):
    assert unloads(moves(residents, wishes("d2"))) == unloaded


def test_a_wish_waits_so_long_and_then_new_requests_do():
    wanted = [Wish(1, "b2", since=0.0), Wish(2, "a2", since=1.0)]
    before = moves([ready("a2", 1)], wanted, now=LATE - 1)
    assert (before.admit, before.look_again) == ([2], LATE)
    after = moves([ready("a2", 1)], wanted, now=LATE)
    assert (after.admit, after.look_again) == ([], None)
    assert after.waits[2] == "a request for b2 has waited longer"


def test_answers_that_run_are_never_cut():
    for now in (0.0, LATE, 100 * LATE):
        assert unloads(moves([ready("a2", 1)], wishes("b2"), now=now)) == []


def test_a_count_passes_where_new_requests_are_stopped():
    wanted = [Wish(1, "b2", 0.0), Wish(2, "a2", 1.0, brief=True)]
    assert moves([ready("a2", 1)], wanted, now=LATE).admit == [2]


def test_only_those_are_stopped_whose_place_is_wanted():
    wanted = [Wish(1, "c2", 0.0), Wish(2, "a1", 1.0), Wish(3, "b2", 1.0)]
    found = moves([ready("a1", 1, used_at=5), ready("b2", 1, used_at=1)], wanted, now=LATE)
    assert found.admit == [2]


def test_what_rests_too_long_gives_its_memory_back():
    rested = [ready("a1", used_at=0.0), ready("b1", used_at=4.0), ready("c1", 1, used_at=0.0)]
    found = moves(rested, now=10.0, idle=Seconds(10.0))
    assert found.unload == [Move("a1", "not used for 10 s")]
    assert found.look_again == 14.0
    assert moves(rested, now=10.0).unload == [], "unless it may rest for ever"


def test_what_is_asked_for_does_not_rest():
    found = moves([ready("a1", used_at=0.0)], wishes("a1"), now=99.0, idle=Seconds(10.0))
    assert (found.admit, found.unload) == ([0], [])


@pytest.mark.parametrize(
    ("residents", "reason"),
    [
        ([], "b2 is loading: asked for, nothing else is loaded"),
        ([ready("a1")], "b2 is loading: asked for, fits beside a1: 3 in all"),
        ([ready("a2")], "it takes the place of a2: 3 in all"),
        ([ready("a2", 1)], "a2 is answering: 3 in all"),
        ([leaving("a2")], "a2 is leaving"),
        ([loading("b2")], "b2 is loading: why"),
        ([leaving("b2")], "b2 is leaving"),
    ],
)
def test_who_waits_is_told_why(residents, reason):
    assert moves(residents, wishes("b2")).waits == {0: reason}


def test_moves_have_reasons():
    assert moves([ready("a2")], wishes("b2")).unload == [Move("a2", "b2 is asked for: 3 in all")]
    assert moves([], wishes("b2")).load == [Move("b2", "asked for, nothing else is loaded")]


# --- counting ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("residents", "crowded", "counter"),
    [
        pytest.param([], False, "b2", id="nothing is there"),
        pytest.param([ready("b2"), ready("a1")], False, "b2", id="it is there"),
        pytest.param([loading("b2"), ready("a1")], False, "b2", id="it is on its way"),
        pytest.param([ready("a1")], False, "b2", id="it fits beside"),
        pytest.param([ready("a1")], True, "a1", id="others wait for that room"),
        pytest.param([ready("a2")], False, "a2", id="it does not fit"),
        pytest.param([ready("c1", used_at=5), ready("d1", used_at=9)], False, "d1", id="latest"),
        pytest.param([ready("a1", used_at=0), ready("d1", used_at=9)], False, "a1", id="default"),
        pytest.param([loading("a2")], False, "b2", id="nobody can count yet"),
        pytest.param([leaving("b2"), ready("a1")], False, "a1", id="it is leaving"),
    ],
)
def test_who_counts_for_b2(residents, crowded, counter):
    assert who_counts("b2", "a1", residents, crowded=crowded, fit=room(3)) == counter


# --- properties -------------------------------------------------------------------------

MODELS = ("a1", "b2", "c2", "d3")
states = st.none() | st.tuples(
    st.sampled_from(["loading", "ready", "ready", "leaving"]), st.integers(0, 2), st.integers(0, 20)
)


def picture(states) -> list[Resident]:
    """A resident for each model that has a state; only one that is ready has requests."""
    return [
        Resident(model, state[0], state[1] if state[0] == "ready" else 0, float(state[2]))
        for model, state in zip(MODELS, states, strict=True)
        if state is not None
    ]


def queue(found) -> list[Wish]:
    return [Wish(number, model, float(at)) for number, (at, model) in enumerate(sorted(found))]


pictures = st.tuples(*[states] * len(MODELS)).map(picture)
queues = st.lists(st.tuples(st.integers(0, 30), st.sampled_from(MODELS)), max_size=5).map(queue)


patiently = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@patiently
@given(pictures, queues, st.integers(30, 60), st.integers(3, 8), st.booleans())
def test_no_picture_breaks_a_promise(here, wanted, now, most, unloads_idle):
    idle = Seconds(10.0) if unloads_idle else None
    found = moves(here, wanted, most=most, now=float(now), idle=idle)
    phases = {one.model: one for one in here}
    assert all(phases[model].phase == "ready" for model in unloads(found))
    assert all(not phases[model].in_flight for model in unloads(found)), "never under an answer"
    assert not set(loads(found)) & set(phases), "never a second time"
    if found.load:
        assert room(most)([*phases, *loads(found)]).fits, "never more than fits"
    assert {one.model for one in wanted if one.number in found.admit} <= {
        one.model for one in here if one.phase == "ready"
    }
    assert not {one.model for one in wanted if one.number in found.admit} & set(unloads(found))


@patiently
@given(st.lists(st.sampled_from(["a2", "b2"]), min_size=1, max_size=8), st.integers(1, 3))
def test_two_that_want_each_others_place_both_get_it(order, per_second):
    """New requests for the loaded one come without end; the other's first one is served."""
    served_at = simulate(order, per_second)
    assert served_at <= LATE + ANSWER_SECONDS + 1


ANSWER_SECONDS = 4


def simulate(order: Sequence[str], per_second: int) -> float:
    """When the first wish for b2 is served, if each answer takes ANSWER_SECONDS."""
    numbers, now = count(), 0
    waiting = [Wish(next(numbers), model, 0.0) for model in order] + [Wish(next(numbers), "b2", 0)]
    ends: list[int] = []
    here: list[Resident] = [ready("a2")]
    while True:
        waiting += [Wish(next(numbers), "a2", now) for _ in range(per_second)]
        ends = [end for end in ends if end > now]
        here = [replace(one, in_flight=len(ends)) for one in here if one.model == "a2"]
        found = moves(here, waiting, now=float(now))
        if "a2" in unloads(found) or "b2" in loads(found):
            return now
        ends += [now + ANSWER_SECONDS] * len(found.admit)
        waiting = [one for one in waiting if one.number not in found.admit]
        now += 1


def test_only_what_takes_long_is_awaited():
    wishes = [Wish(1, "a", 0.0), Wish(2, "b", 0.0, brief=True)]
    assert is_awaited("a", wishes)
    assert not is_awaited("b", wishes)
    assert not is_awaited("c", wishes)
