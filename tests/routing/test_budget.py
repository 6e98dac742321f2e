from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.chat import Usage
from edge.routing.budget import KEPT_DAYS, Caps, Ledger, Limits, Prices, Spent
from edge.routing.prices import Price, load_prices
from edge.units import Tokens

PRICES = Prices(load_prices(), {"own": Price(1.0, 2.0, 0.5, 1.0)})
HALF = Usage(output=Tokens(25_000))
"""Half a dollar of claude-opus-5-5."""


class Day:
    def __init__(self) -> None:
        self.now = date(2026, 11, 28)

    def __call__(self) -> date:
        return self.now


def ledger(day: Day | None = None, whole: Caps | None = None, **caps: Caps) -> Ledger:
    return Ledger(Limits(whole or Caps(), caps), PRICES, day or Day())


def test_nothing_is_spent_and_nothing_barred():
    books = ledger(cloud=Caps(dollars=1.0, tokens=Tokens(9)))
    assert books.spent("cloud") == Spent()
    assert books.barred() == ()


def test_a_budget_that_is_spent_bars_its_engine_until_tomorrow():
    day = Day()
    books = ledger(day, cloud=Caps(dollars=1.0))
    books.record("cloud", "claude-opus-5-5", HALF)
    assert books.refusal("cloud") is None
    books.record("cloud", "claude-opus-5-5", HALF)
    why = "its budget of today is spent ($1.00 of $1.00)"
    assert books.barred() == (("cloud", why),)
    assert books.refusal("other") is None
    day.now += timedelta(days=1)
    assert books.refusal("cloud") is None


def test_tokens_are_counted_with_and_without_a_price():
    books = ledger(lab=Caps(dollars=1.0, tokens=Tokens(100)))
    books.record("lab", "qwen", Usage(input=Tokens(50), cache_read=Tokens(25), output=Tokens(25)))
    assert books.spent("lab") == Spent(0.0, Tokens(100), Tokens(100))
    assert books.refusal("lab") == "its tokens of today are used (100 of 100)"


def test_what_all_have_spent_together_bars_them_all():
    day = Day()
    books = ledger(day, Caps(dollars=1.0), cloud=Caps(), lab=Caps(dollars=9.0))
    books.record("cloud", "claude-opus-5-5", HALF)
    assert books.barred() == ()
    books.record("lab", "claude-opus-5-5", HALF)
    why = "all upstreams' budget of today is spent ($1.00 of $1.00)"
    assert books.barred() == (("cloud", why), ("lab", why))
    day.now += timedelta(days=1)
    assert books.barred() == ()


def test_a_price_of_its_own_counts_whatever_the_model():
    books = ledger()
    books.record("own", "claude-opus-5-5", HALF)
    assert books.spent("own") == Spent(0.05, Tokens(25_000))


def test_a_month_is_the_calendars():
    day = Day()
    books = ledger(day, cloud=Caps())
    for _ in range(4):
        books.record("cloud", "qwen", HALF, counted=False)
        day.now += timedelta(days=1)
    assert day.now == date(2026, 12, 2)
    assert books.spent_this_month("cloud").tokens == 25_000
    assert books.spent_this_month("cloud").guessed == 25_000
    assert books.spent_this_month("other") == Spent()
    books.record("gone", "qwen", HALF)
    assert books.engines() == ("cloud", "gone")


def test_today_is_never_forgotten_though_the_clock_be_wrong():
    day = Day()
    books = ledger(day, cloud=Caps(tokens=Tokens(1)))
    for _ in range(KEPT_DAYS + 1):
        day.now += timedelta(days=1)
        books.record("cloud", "x", HALF)
    day.now = date(1970, 1, 1)
    books.record("cloud", "x", HALF)
    assert books.refusal("cloud")


def test_a_cap_of_nothing_is_reached_from_the_start():
    assert ledger(cloud=Caps(dollars=0.0)).refusal("cloud")


def test_it_outlives_a_restart():
    day = Day()
    books = ledger(day, cloud=Caps(dollars=0.5))
    books.record("cloud", "claude-opus-5-5", HALF)
    again = ledger(day, cloud=Caps(dollars=0.5))
    again.take(books.as_bytes())
    assert again.spent("cloud") == books.spent("cloud")
    assert again.refusal("cloud")


def test_old_days_are_forgotten():
    day = Day()
    books = ledger(day)
    for _ in range(KEPT_DAYS + 5):
        day.now += timedelta(days=1)
        books.record("cloud", "x", HALF)
    assert books.as_bytes().count(b"2026-") + books.as_bytes().count(b"2027-") == KEPT_DAYS


@pytest.mark.parametrize(
    "content",
    [
     b"", b"[]", b'{"version":2}', b'{"version":1,"days":{"x":{}}}', b"[" * 100_000,
     b'{"version":1,"days":{"2026-01-01":{"cloud":[1]}}}', b'{"version":1,"days":[]}'],
)  # fmt: skip
def test_what_is_no_ledger_is_refused_and_changes_nothing(content: bytes):
    books = ledger()
    books.record("cloud", "x", HALF)
    before = books.as_bytes()
    with pytest.raises(ValueError, match=r"."):
        books.take(content)
    assert books.as_bytes() == before


@given(st.binary(max_size=60))
def test_any_bytes_are_a_ledger_or_refused(content: bytes):
    with suppress(ValueError):
        ledger().take(content)
