"""The configuration's budget as the ledger takes it, and what it was used for, for a person.

The books are the daemon's: whoever only looks reads its file. Blocking. Called by the daemon and
by the command that tells.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from edge.config import Config
from edge.config.settings import BudgetSettings, PriceSettings, UpstreamBudget
from edge.errors import BadRequest
from edge.routing.budget import Caps, Ledger, Limits, Prices, Spent, total
from edge.routing.prices import Price, load_prices
from edge.routing.spending import FILE, Spending, load
from edge.units import Tokens


def today() -> date:
    """The person's: by the box's own time zone."""
    return datetime.now(tz=UTC).astimezone().date()


def ledger_of(config: Config, today: Callable[[], date] = today) -> Ledger:
    """Empty yet."""
    budget = config.budget
    each = {name: _caps(budget.upstreams.get(name, UpstreamBudget())) for name in config.upstreams}
    own = {name: _price(one.price) for name, one in budget.upstreams.items() if one.price}
    return Ledger(Limits(_caps(budget), each), Prices(load_prices(), own), today)


def books(config: Config, state_dir: Path, today: Callable[[], date] = today) -> Ledger:
    """With what was spent, as the daemon has written it down. Raises BadRequest."""
    ledger, file = ledger_of(config, today), state_dir / FILE
    try:
        ledger.take(file.read_bytes())
    except FileNotFoundError:
        return ledger
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise BadRequest(f"{file} cannot be read: {why}") from None
    return ledger


@asynccontextmanager
async def spending(config: Config, state_dir: Path) -> AsyncGenerator[Spending | None, None]:
    """The books, kept inside the block. None where there is no upstream to be spent on."""
    if not config.upstreams:
        yield None
        return
    ledger = await asyncio.to_thread(ledger_of, config)
    await asyncio.to_thread(load, ledger, state_dir / FILE)
    kept = Spending(ledger, state_dir / FILE)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(kept.run(), name="spending")
        try:
            yield kept
        finally:
            kept.close()


def _caps(settings: BudgetSettings | UpstreamBudget) -> Caps:
    return Caps(settings.dollars_a_day, settings.tokens_a_day)


def _price(settings: PriceSettings) -> Price:
    read, write = settings.cache_read, settings.cache_write
    return Price(
        settings.input,
        settings.output,
        settings.input if read is None else read,
        settings.input if write is None else write,
    )


# --- for a person -----------------------------------------------------------------------

TOGETHER = "together"


@dataclass(frozen=True, slots=True)
class Row:
    """An upstream, or all of them; ``why_not``: why it is not asked any more today."""

    name: str
    today: Spent
    month: Spent
    caps: Caps
    why_not: str | None = None

    @property
    def left(self) -> Caps:
        """None where there is no cap."""
        dollars, tokens = self.caps.dollars, self.caps.tokens
        return Caps(
            None if dollars is None else max(0.0, dollars - self.today.dollars),
            None if tokens is None else Tokens(max(0, tokens - self.today.tokens)),
        )


def rows(ledger: Ledger) -> tuple[Row, ...]:
    """One for each upstream, and the last for all."""
    each = tuple(
        Row(
            name,
            ledger.spent(name),
            ledger.spent_this_month(name),
            ledger.caps(name),
            ledger.refusal(name),
        )
        for name in ledger.engines()
    )
    together = Row(
        TOGETHER,
        total(row.today for row in each),
        total(row.month for row in each),
        ledger.caps(None),
    )
    return (*each, together)


def format_spending(told: tuple[Row, ...]) -> str:
    """A table, and what its numbers leave out."""
    table = [("", "today", "left today", "this month")]
    table += [(row.name, _said(row.today), _left(row), _said(row.month)) for row in told]
    widths = [max(len(line[column]) for line in table) for column in range(4)]
    lines = [
        "  ".join(f"{text:{width}}" for text, width in zip(line, widths, strict=True)).rstrip()
        for line in table
    ]
    return "\n".join([*lines, *_notes(told)])


def _said(spent: Spent) -> str:
    return f"${spent.dollars:.2f}, {spent.tokens:,} tokens"


def _left(row: Row) -> str:
    dollars, tokens = row.left.dollars, row.left.tokens
    parts = [
        "" if dollars is None else f"${dollars:.2f} of ${row.caps.dollars:.2f}",
        "" if tokens is None else f"{tokens:,} of {row.caps.tokens:,} tokens",
    ]
    return ", ".join(part for part in parts if part) or "no cap"


def _notes(told: tuple[Row, ...]) -> list[str]:
    notes = [f"{row.name} is not asked until midnight: {row.why_not}" for row in told
             if row.why_not]  # fmt: skip
    for row in told[:-1]:
        if row.month.unpriced:
            notes.append(
                f"{row.name}: no price is known for {row.month.unpriced:,} tokens of this month, "
                f"and no dollars are counted for them; say one in [budget.{row.name}]"
            )
        if row.month.guessed:
            notes.append(
                f"{row.name}: {row.month.guessed:,} tokens of this month are guessed, as their "
                "answers broke off or came without a count"
            )
    return notes


def spending_as_json(told: tuple[Row, ...]) -> str:
    """One object a row; no cap is null."""
    return json.dumps(
        {
            row.name: {
                "today": asdict(row.today),
                "this_month": asdict(row.month),
                "caps": asdict(row.caps),
                "left_today": asdict(row.left),
                "barred": row.why_not,
            }
            for row in told
        },
        indent=2,
    )
