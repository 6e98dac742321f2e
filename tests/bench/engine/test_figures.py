"""Medians, percentiles, gaps, rates."""

import pytest

from tests.bench.engine.figures import gaps, median, p95, percentile, rate


def test_median() -> None:
    assert median([3, 1, 2]) == 2
    assert median([1, 2]) == 1.5


def test_p95_of_twenty_is_the_nineteenth() -> None:
    assert p95(list(range(1, 21))) == 19
    assert p95([7]) == 7
    assert percentile([1, 2, 3, 4], 0.5) == 2
    assert percentile([1, 2, 3, 4], 0) == 1
    assert percentile([1, 2, 3, 4], 1) == 4


@pytest.mark.parametrize("figure", [median, p95])
def test_no_samples_have_no_figure(figure) -> None:
    with pytest.raises(ValueError, match="no samples"):
        figure([])


def test_gaps() -> None:
    assert gaps([1, 3, 6]) == [2, 3]
    assert gaps([1]) == []


def test_a_rate_starts_behind_the_first_token() -> None:
    assert rate([0, 1, 2], [4, 4, 4], 3) == pytest.approx(1)


def test_tokens_that_came_at_once_at_first_are_not_part_of_the_rate() -> None:
    # Half the text came at once: so did half the tokens.
    assert rate([0, 1, 2], [40, 20, 20], 20) == pytest.approx(5)


def test_one_arrival_has_no_rate() -> None:
    with pytest.raises(ValueError, match="two arrivals"):
        rate([1], [1], 1)
