"""What a token takes, one by one and in groups."""

import pytest

from tests.bench.engine.rows.python_share import step
from tests.bench.engine.stream import Answer, Arrival


def answer(written: int, *times: float) -> Answer:
    arrivals = tuple(Arrival(at, 4) for at in times)
    return Answer(0, times[-1], arrivals, "", 1, 0, written)


def test_one_by_one_the_median_gap() -> None:
    assert step(answer(5, 0, 1, 2, 3, 10)) == 1


def test_in_groups_the_mean() -> None:
    assert step(answer(9, 0, 3, 6)) == pytest.approx(1)
