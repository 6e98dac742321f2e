"""What a token takes, one by one and in groups."""

import pytest

from tests.bench.engine.pretend import PretendServer, pretend
from tests.bench.engine.rows import python_share
from tests.bench.engine.rows.python_share import step
from tests.bench.engine.stream import Answer, Arrival


def answer(written: int, *times: float) -> Answer:
    arrivals = tuple(Arrival(at, 4) for at in times)
    return Answer(0, times[-1], arrivals, "", 1, 0, written)


def test_one_by_one_the_median_gap() -> None:
    assert step(answer(5, 0, 1, 2, 3, 10)) == 1


def test_in_groups_the_mean() -> None:
    assert step(answer(9, 0, 3, 6)) == pytest.approx(1)


def test_of_a_step_of_twenty_milliseconds() -> None:
    result = python_share.measure(pretend(ours=PretendServer(step_s=0.0204)))
    assert result.judged == pytest.approx(2)
    assert result.met
    assert result.value == pytest.approx(20.4)
