"""The ledger at work, on real files."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest

from edge.chat import ChatRequest, Message, Text, Usage
from edge.engines.base import Used
from edge.routing.budget import Caps, Ledger, Limits, Prices
from edge.routing.estimate import estimate_tokens
from edge.routing.prices import Price
from edge.routing.spending import FILE, Spending, load
from edge.units import Seconds, Tokens

ASK = ChatRequest("m", (Message("user", (Text("word " * 100),)),))
TOOK = Used(Usage(Tokens(1_000_000), output=Tokens(500_000)), counted=True)
CAPS = Limits(each={"cloud": Caps(dollars=2.0)})


def ledger() -> Ledger:
    prices = Prices({"m": Price(1.0, 2.0, 0.1, 1.0)})
    return Ledger(CAPS, prices, lambda: date(2026, 11, 28))


def kept(path: Path) -> Ledger:
    """What a restart would know."""
    books = ledger()
    books.take(path.read_bytes())
    return books


@asynccontextmanager
async def running(spending: Spending) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(spending.run())
        try:
            yield
        finally:
            spending.close()


async def written(path: Path) -> None:
    """Until the file is there."""
    async with asyncio.timeout(5):
        while not await asyncio.to_thread(path.exists):  # noqa: ASYNC110 - a file has no event
            await asyncio.sleep(0.001)


async def test_what_was_spent_is_on_disk_at_once_and_at_most_so_often(tmp_path: Path):
    path = tmp_path / "state" / FILE
    books = ledger()
    spending = Spending(books, path, every=Seconds(3600.0))
    async with running(spending):
        spending.used("cloud", "m", ASK, TOOK)
        assert spending.barred() == (("cloud", "its budget of today is spent ($2.00 of $2.00)"),)
        await written(path)
        assert kept(path).spent("cloud") == books.spent("cloud")
        spending.used("cloud", "m", ASK, TOOK)
        await asyncio.sleep(0)
        assert kept(path).spent("cloud").tokens == TOOK.usage.input + TOOK.usage.output
    assert kept(path).spent("cloud") == books.spent("cloud"), "the end writes what is left"
    assert dict(spending.measures("cloud")) == {
        "upstream_spent_today_dollars": 4.0,
        "upstream_spent_today_tokens": 3_000_000.0,
    }


async def test_nothing_is_written_where_nothing_was_spent(tmp_path: Path):
    async with running(Spending(ledger(), tmp_path / FILE)):
        await asyncio.sleep(0)
    assert not (tmp_path / FILE).exists()


async def test_a_prompt_that_nobody_counted_is_estimated(tmp_path: Path):
    books = ledger()
    spending = Spending(books, tmp_path / FILE)
    spending.used("cloud", "m", ASK, Used(Usage(output=Tokens(7)), counted=False))
    expected = estimate_tokens(ASK) + 7
    assert books.spent("cloud").tokens == books.spent("cloud").guessed == expected
    spending.used("cloud", "m", ASK, Used(Usage(Tokens(-5), output=Tokens(-1)), counted=True))
    assert books.spent("cloud").tokens == expected, "nobody gives tokens back"


async def test_a_disk_that_takes_nothing_is_told_of_once(tmp_path: Path, caplog):
    (tmp_path / "state").write_text("a file where a folder should be")
    spending = Spending(ledger(), tmp_path / "state" / FILE, every=Seconds(0.0))
    async with running(spending):
        for _ in range(3):
            spending.used("cloud", "m", ASK, TOOK)
            await asyncio.sleep(0.01)
    assert caplog.text.count("cannot be written") == 1


def test_the_past_is_loaded_and_what_is_none_is_set_aside(tmp_path: Path, caplog):
    path = tmp_path / FILE
    books = ledger()
    load(books, path)
    books.record("cloud", "m", TOOK.usage)
    path.write_bytes(books.as_bytes())
    again = ledger()
    load(again, path)
    assert again.spent("cloud") == books.spent("cloud")
    path.write_bytes(b'{"version":1,"days":{"2026-11-28":{"cloud"')
    with caplog.at_level(logging.ERROR):
        load(again, path)
    assert "what was spent before is not known" in caplog.text
    assert not path.exists()
    assert (tmp_path / (FILE + ".unreadable")).exists()
    assert again.spent("cloud") == books.spent("cloud")


@pytest.mark.parametrize("counted", [True, False])
def test_guesses_are_marked_in_the_file(tmp_path: Path, counted: bool):
    books = ledger()
    books.record("cloud", "m", Usage(output=Tokens(3)), counted=counted)
    (numbers,) = json.loads(books.as_bytes())["days"]["2026-11-28"].values()
    assert numbers[3] == (0 if counted else 3)
