"""Rows as they are read."""

import math

import pytest

from tests.bench.engine.result import Bar, Beside, Failed, Result, number, ratio, table

LEAST, MOST = Bar("at least", 0.98), Bar("at most", 80, " MB")


def row(judged: float, **changes) -> Result:
    values = {
        "what": "decode",
        "unit": "tok/s",
        "value": 30.0,
        "beside": (Beside("raw", 31.25), Beside("llama-server", 40.0)),
        "judged": judged,
        "bar": LEAST,
    }
    return Result(**(values | changes))


def test_bars() -> None:
    assert LEAST.met(0.98)
    assert not LEAST.met(0.979)
    assert MOST.met(80)
    assert not MOST.met(math.nan)
    assert not LEAST.met(math.nan)
    assert (str(LEAST), str(MOST)) == (">= 0.98", "<= 80 MB")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.01234, "0.0123"),
        (1, "1"),
        (2.345, "2.35"),
        (98.76, "98.8"),
        (123.4, "123"),
        (20000, "20000"),
        (math.nan, "-"),
        (math.inf, "-"),
    ],
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_nothing_to_divide_by_is_no_ratio() -> None:
    assert math.isnan(ratio(1, 0))
    assert ratio(1, 2) == 0.5


def test_a_table_shows_what_is_judged_and_what_stands_beside_it() -> None:
    lines = table([row(0.96), row(1, p95=31.5, what="again")]).splitlines()
    assert lines[0].split() == ["what", "codriver", "beside", "ratio", "bar", "met"]
    assert lines[2].split("  ")[0] == "decode"
    assert "31.2 tok/s" in lines[2] or "31.3 tok/s" in lines[2]
    assert lines[2].endswith("no")
    assert "llama-server" in lines[3]
    assert "0.75" in lines[3]
    assert "(p95 31.5)" in lines[4]
    assert lines[4].endswith("yes")


def test_a_spoilt_figure_is_not_met_and_says_why() -> None:
    text = table([row(1.2, spoilt="it was not cold", notes=("two rounds",))])
    assert text.splitlines()[2].endswith("no")
    assert text.endswith("decode: does not count: it was not cold\ndecode: two rounds")


def test_a_row_that_failed_has_a_line_and_a_reason() -> None:
    text = table([Failed("prefill", "the server ended")])
    assert "failed" in text.splitlines()[2]
    assert text.endswith("prefill: the server ended")
