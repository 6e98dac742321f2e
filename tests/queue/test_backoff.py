"""When a job is asked again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.queue.backoff import FIRST_WAIT, LONGEST_WAIT, is_final, wait_after


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_what_is_refused_for_good(status: int):
    assert is_final(status)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 529])
def test_what_may_be_taken_later(status: int):
    assert not is_final(status)


def test_each_wait_is_twice_the_one_before():
    assert [wait_after(n) for n in (1, 2, 3)] == [15.0, 30.0, 60.0]


@given(st.integers(0, 10_000), st.none() | st.floats(0, 3600))
def test_waits_are_bounded_by_what_the_server_asks(failures: int, asked: float | None):
    wait = wait_after(failures, asked)
    assert max(FIRST_WAIT, asked or 0) <= wait <= max(LONGEST_WAIT, asked or 0)
