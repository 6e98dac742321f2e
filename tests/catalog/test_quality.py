"""Points: what a level loses, what slowness costs, what size promises."""

import pytest

from edge.catalog.ggml import FILE_TYPES
from edge.catalog.levels import LEVELS, MIXTURES
from edge.catalog.quality import (
    COMFORT,
    DIVERGENCE,
    POINTS_A_HALVING,
    ability_by_size,
    divergence,
    is_coarse,
    points,
)
from edge.units import TokensPerSecond


def test_finer_levels_lose_less() -> None:
    fine = ("F16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q4_0", "Q3_K_M", "Q2_K", "IQ2_XXS")
    found = [divergence(level) for level in fine]
    assert found == sorted(found)
    assert set(DIVERGENCE) - set(FILE_TYPES.values()) == {"Q3_K", "Q4_K", "Q5_K"}
    assert set(LEVELS) <= set(DIVERGENCE)


def test_mixtures_lose_what_their_level_loses() -> None:
    assert divergence("UD-Q4_K_XL") == divergence("Q4_K_M")
    assert all(divergence(name) == divergence(level) for name, level in MIXTURES.items())


def test_what_nobody_knows_loses_most() -> None:
    assert divergence("IQ1_S") == divergence("?") >= max(DIVERGENCE.values())


@pytest.mark.parametrize(
    ("level", "parameters", "coarse"),
    [
        ("Q4_0", 10**9, False),
        ("Q3_K_L", 10**9, True),
        ("Q3_K_M", 3 * 10**10, False),
        ("Q2_K", 10**11, True),
    ],
)
def test_large_models_bear_more(level: str, parameters: int, coarse: bool) -> None:
    assert is_coarse(level, parameters) is coarse


def test_size_promises_more_and_not_everything() -> None:
    sizes = [10**8, 10**9, 8 * 10**9, 10**11, 10**12]
    found = [ability_by_size(size) for size in sizes]
    assert found == sorted(found)
    assert found[0] >= 0 and found[-1] == found[-2]


def test_only_slowness_that_is_known_costs() -> None:
    fast = points(50, "F16", TokensPerSecond(2 * COMFORT))
    assert fast == points(50, "F16", None) == 50
    assert points(50, "F16", TokensPerSecond(COMFORT / 2)) == 50 - POINTS_A_HALVING


def test_what_a_source_has_lost_stays_lost() -> None:
    assert points(50, "Q4_K_M", None, "F16") == points(50, "Q4_K_M", None)
    assert points(50, "Q4_K_M", None, "Q8_0") < points(50, "Q4_K_M", None)
