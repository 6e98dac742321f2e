import pytest

from edge.catalog.patience import Interrupted, Patience, keep_trying
from edge.units import Seconds


def failing(times: int, retry_after: Seconds | None = None):
    left = [times]

    def attempt() -> str:
        if left[0]:
            left[0] -= 1
            raise Interrupted("broke off", retry_after=retry_after)
        return "done"

    return attempt


def test_pauses_double_up_to_a_limit():
    waited: list[float] = []
    patience = Patience(attempts=9, wait=waited.append)
    assert keep_trying(patience, failing(7), lambda: False) == "done"
    assert waited == [1, 2, 4, 8, 16, 30, 30]


def test_it_ends():
    waited: list[float] = []
    with pytest.raises(Interrupted, match="broke off"):
        keep_trying(Patience(attempts=3, wait=waited.append), failing(99), lambda: False)
    assert len(waited) == 2


def test_progress_gives_new_patience():
    waited: list[float] = []
    patience = Patience(attempts=2, wait=waited.append)
    assert keep_trying(patience, failing(20), lambda: True) == "done"
    assert set(waited) == {1}


def test_what_the_other_side_asks_for_is_heard_within_limits():
    waited: list[float] = []
    patience = Patience(wait=waited.append)
    keep_trying(patience, failing(1, Seconds(5.0)), lambda: False)
    keep_trying(patience, failing(1, Seconds(5000.0)), lambda: False)
    assert waited == [5, 30]


def test_it_really_waits_unless_told_otherwise():
    patience = Patience(first_pause=Seconds(0.001))
    assert keep_trying(patience, failing(1), lambda: False) == "done"
