"""Big cores and little ones, quotas and wishes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.catalog.threads import big_cores, plan_threads
from edge.state import BoardFacts, CoreKind

RK3588 = (CoreKind(4, 1024, 2_400_000), CoreKind(4, 530, 1_800_000))
PI_5 = (CoreKind(4, None, 2_400_000),)


def planned(cores, kinds=(), quota=None, wished=None, on_gpu=False):
    board = BoardFacts(cores=cores, core_kinds=kinds, cpu_quota=quota)
    return plan_threads(board, wished, on_gpu=on_gpu)


@pytest.mark.parametrize(
    ("kinds", "big"),
    [
        ((), None),
        (PI_5, 4),
        (RK3588, 4),
        ((CoreKind(2, 1024), CoreKind(2, 905), CoreKind(4, 866), CoreKind(4, 279)), 8),
        ((CoreKind(6, 1024, 5_000_000), CoreKind(8, 683, 3_800_000)), 6),
        ((CoreKind(2, None, 5_000_000), CoreKind(6, None, 4_800_000)), 8),
        ((CoreKind(4, None, 2_400_000), CoreKind(4, None, 1_800_000)), 4),
        ((CoreKind(2, None, 2_400_000), CoreKind(2)), 4),
    ],
)
def test_which_cores_are_big(kinds, big):
    assert big_cores(kinds) == big


def test_a_board_of_equal_cores_starts_with_all_and_tries_fewer():
    plan = planned(4, PI_5)
    assert (plan.start, plan.writing, plan.reading) == (4, (4, 3, 2), (4, 3))
    assert plan.reason == "4 threads, one for each core"


def test_little_cores_are_only_tried():
    plan = planned(8, RK3588)
    assert (plan.start, plan.writing, plan.reading) == (4, (4, 3, 2, 8), (4, 3, 8))
    assert plan.reason == "4 threads, one for each big core of 8"


def test_a_quota_limits():
    plan = planned(2, PI_5, quota=1.5)
    assert (plan.start, plan.writing) == (2, (2, 1))
    assert plan.reason == "2 threads, all that 1.5 CPUs' time is good for"
    assert planned(6, RK3588, quota=6.0).start == 4


def test_a_wish_is_final():
    plan = planned(4, PI_5, wished=3)
    assert (plan.start, plan.writing, plan.reading) == (3, (), ())
    assert plan.reason == "3 threads, as configured"


def test_nothing_is_tried_where_it_says_nothing():
    assert planned(1, (CoreKind(1),)).writing == ()
    assert planned(8, RK3588, on_gpu=True).reading == ()
    assert planned(None).reason == "4 threads, as the cores are unknown"


kinds = st.lists(
    st.builds(
        CoreKind,
        st.integers(1, 16),
        st.one_of(st.none(), st.integers(0, 1024)),
        st.one_of(st.none(), st.integers(0, 6_000_000)),
    ),
    max_size=4,
).map(tuple)


@given(st.one_of(st.none(), st.integers(1, 64)), kinds)
def test_whatever_the_board_the_start_is_among_what_is_tried(cores, found):
    plan = planned(cores, found)
    assert 1 <= plan.start <= (cores or 4)
    for tried in (plan.writing, plan.reading):
        assert tried == () or tried[0] == plan.start
        assert all(1 <= count <= (cores or 4) for count in tried)
