"""Who gets how much of a step."""

from hypothesis import given
from hypothesis import strategies as st

from edge.engines.worker.shares import shares


def test_one_prompt_gets_all():
    assert shares([1000], 512) == [512]
    assert shares([100], 512) == [100]
    assert shares([], 512) == []


def test_the_shortest_goes_first_and_the_oldest_goes_on():
    assert shares([20_000, 300], 512) == [212, 300]
    assert shares([20_000, 600], 512) == [128, 384]


@given(st.lists(st.integers(1, 3000), max_size=8), st.integers(1, 2048))
def test_nothing_is_wasted_and_nobody_gets_too_much(left: list[int], budget: int):
    given_out = shares(left, budget)
    assert sum(given_out) == min(budget, sum(left))
    assert all(0 <= got <= wanted for got, wanted in zip(given_out, left, strict=True))
    assert not left or given_out[0] > 0


def test_nobody_gets_anything_of_nothing():
    assert shares([100, 3], 0) == [0, 0]
