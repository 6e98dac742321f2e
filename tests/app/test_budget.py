"""The budget from the configuration to what a person is told."""

import asyncio
import json
import re
from datetime import date
from pathlib import Path

import pytest

from edge.app.budget import (
    books,
    format_spending,
    ledger_of,
    rows,
    spending,
    spending_as_json,
    today,
)
from edge.chat import ChatRequest, Usage
from edge.config import Config, load
from edge.engines.base import Used
from edge.errors import BadRequest
from edge.routing.budget import Ledger
from edge.routing.spending import FILE
from edge.units import Tokens

DEFAULTS = load(None)
DAY = date(2026, 11, 28)
TEXT = """
[upstreams.cloud]
dialect = "anthropic"
url = "https://api.anthropic.com"
[upstreams.lab]
dialect = "openai"
url = "http://192.0.2.1:8000/v1"
[budget]
dollars_a_day = 10
[budget.cloud]
dollars_a_day = 5
tokens_a_day = 2_000_000
[budget.lab]
price = { input = 1, output = 2 }
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    file = tmp_path / "codriver.toml"
    file.write_text(TEXT)
    return load(file)


def used(config: Config) -> Ledger:
    ledger = ledger_of(config, lambda: DAY)
    ledger.record("cloud", "claude-opus-5-5", Usage(output=Tokens(100_000)))
    ledger.record("cloud", "unheard-of", Usage(output=Tokens(1_000)), counted=False)
    ledger.record("lab", "claude-opus-5-5", Usage(Tokens(1_000_000), output=Tokens(500_000)))
    return ledger


def test_a_table_of_what_was_spent_and_what_is_left(config: Config):
    head, *table = format_spending(rows(used(config))).splitlines()
    assert re.split(r" {2,}", head) == ["", "today", "left today", "this month"]
    assert [re.split(r" {2,}", line) for line in table[:3]] == [
        [
            "cloud",
            "$2.00, 101,000 tokens",
            "$3.00 of $5.00, 1,899,000 of 2,000,000 tokens",
            "$2.00, 101,000 tokens",
        ],
        ["lab", "$2.00, 1,500,000 tokens", "no cap", "$2.00, 1,500,000 tokens"],
        ["together", "$4.00, 1,601,000 tokens", "$6.00 of $10.00", "$4.00, 1,601,000 tokens"],
    ]
    assert table[3:] == [
        "cloud: no price is known for 1,000 tokens of this month, and no dollars are counted for "
        "them; say one in [budget.cloud]",
        "cloud: 1,000 tokens of this month are guessed, as their answers broke off or came without "
        "a count",
    ]


def test_a_cap_that_is_reached_is_said(config: Config):
    ledger = used(config)
    ledger.record("cloud", "claude-opus-5-5", Usage(output=Tokens(200_000)))
    assert (
        "cloud is not asked until midnight: its budget of today is spent ($6.00 of $5.00)"
        in format_spending(rows(ledger))
    )


def test_the_same_as_an_object(config: Config):
    told = json.loads(spending_as_json(rows(used(config))))
    assert set(told) == {"cloud", "lab", "together"}
    assert told["cloud"]["today"]["tokens"] == 101_000
    assert told["cloud"]["left_today"] == {"dollars": 3.0, "tokens": 1_899_000}
    assert told["lab"]["caps"] == {"dollars": None, "tokens": None}
    assert told["lab"]["barred"] is None


async def test_the_books_outlive_the_daemon(config: Config, tmp_path: Path):
    async with spending(config, tmp_path) as kept:
        assert kept is not None
        kept.used("cloud", "claude-opus-5-5", ChatRequest("m", ()), Used(
            Usage(output=Tokens(250_000)), counted=True))  # fmt: skip
    async with spending(config, tmp_path) as again:
        assert again is not None
        assert again.barred() == (("cloud", "its budget of today is spent ($5.00 of $5.00)"),)
    kept_there = await asyncio.to_thread(books, config, tmp_path, today)
    assert kept_there.spent("cloud").tokens == 250_000


async def test_without_upstreams_there_are_no_books(tmp_path: Path):
    async with spending(DEFAULTS, tmp_path) as kept:
        assert kept is None


def test_a_file_that_is_no_ledger_is_left_where_it_is(config: Config, tmp_path: Path):
    assert books(config, tmp_path).spent("cloud").tokens == 0
    (tmp_path / FILE).write_bytes(b"{")
    with pytest.raises(BadRequest, match=r"spending\.json cannot be read"):
        books(config, tmp_path)
    assert (tmp_path / FILE).exists()


def test_today_is_by_the_box_s_own_clock():
    assert isinstance(today(), date)
