import pytest

from tests.bench.routes.score import at_share, score


def test_under_routing_is_heavy_work_for_the_box():
    found = score(["heavy", "heavy", "light", "light"], ["light", "heavy", "heavy", "light"])
    assert (found.right, found.under, found.over, found.cloud) == (0.5, 0.25, 0.25, 0.5)
    assert found.cost == 1.0


def test_as_many_guesses_as_labels():
    with pytest.raises(ValueError, match="zip"):
        score(["heavy"], [])


def test_shares_of_values():
    assert at_share([3.0, 1.0, 2.0], 0.5) == 2.0
    assert at_share([1.0], 0.95) == 1.0
    assert at_share([], 0.5) == 0.0
