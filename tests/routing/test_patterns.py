import pytest

from edge.errors import ConfigError
from edge.routing.patterns import Patterns


def test_the_first_pattern_that_matches_anywhere():
    patterns = Patterns(["falcon", r"(?i)\bproject\s+heron\b", r"^kite$"])
    assert patterns.find("the Project  Heron papers") == 2
    assert patterns.find("a falcon and project heron") == 1
    assert patterns.find("kite") == 3
    assert patterns.find("projects herons") is None


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*$", ".*.*.*=.*x", r"(\w+\s?)*:"])
def test_patterns_that_backtrack_for_ever_elsewhere_take_no_time_here(pattern: str):
    assert Patterns([pattern + "never"]).find(100_000 * "a" + "!") is None


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(", "missing )"),
        ("(?=a)", "it looks ahead"),
        (r"(a)\1", "refers back"),
        ("(?:(?:a{1000}){1000}){1000}", "repeats too much"),
    ],
)
def test_one_that_cannot_be_used_says_why(pattern: str, why: str):
    with pytest.raises(ConfigError) as caught:
        Patterns(["fine", pattern])
    assert "privacy.never_cloud_patterns: pattern 2 cannot be used: " in str(caught.value)
    assert why in str(caught.value)
