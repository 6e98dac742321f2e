"""What each upstream was used for, day by day, and whether it may be used further. Pure: the
caller tells the day, and keeps the bytes.

A cap is hard: who has reached it is not asked again before midnight, the person's own.
Answers under way are not cut, so that the last one may go over. Knows no engine.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from edge.chat import Usage
from edge.routing.prices import Price, cost, price_of
from edge.units import Tokens

KEPT_DAYS = 40
"""A month and some, for whoever asks what was spent."""
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Caps:
    """For each day; None is no cap."""

    dollars: float | None = None
    tokens: Tokens | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """``whole``: for all upstreams together. ``each``: by upstream, all that there are."""

    whole: Caps = Caps()
    each: Mapping[str, Caps] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prices:
    """``table``: by the beginning of a model's name. ``own``: whatever the model, by upstream."""

    table: Mapping[str, Price]
    own: Mapping[str, Price] = field(default_factory=dict)

    def of(self, engine: str, model: str) -> Price | None:
        return self.own.get(engine) or price_of(model, self.table)


@dataclass(frozen=True, slots=True)
class Spent:
    """``unpriced``: the tokens that no price is known for; ``guessed``: those of answers that
    their server did not count, or not to the end."""

    dollars: float = 0.0
    tokens: Tokens = Tokens(0)
    unpriced: Tokens = Tokens(0)
    guessed: Tokens = Tokens(0)

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            self.dollars + other.dollars,
            Tokens(self.tokens + other.tokens),
            Tokens(self.unpriced + other.unpriced),
            Tokens(self.guessed + other.guessed),
        )


class Ledger:
    """Single writer: whoever sees the answers end. ``today`` is the person's own day."""

    def __init__(self, limits: Limits, prices: Prices, today: Callable[[], date]) -> None:
        self._limits = limits
        self._prices = prices
        self._today = today
        self._days: dict[date, dict[str, Spent]] = {}

    def record(self, engine: str, model: str, usage: Usage, *, counted: bool = True) -> None:
        """An answer of ``engine`` has ended, however it ended. ``counted``: by its server."""
        tokens = Tokens(usage.input + usage.cache_read + usage.cache_creation + usage.output)
        price, none = self._prices.of(engine, model), Tokens(0)
        spent = Spent(
            0.0 if price is None else cost(usage, price),
            tokens,
            tokens if price is None else none,
            none if counted else tokens,
        )
        today = self._today()
        day = self._days.setdefault(today, {})
        day[engine] = day.get(engine, Spent()) + spent
        # Today stays even where the clock is wrong and it seems to be long ago.
        for old in sorted(self._days.keys() - {today})[: -(KEPT_DAYS - 1)]:
            del self._days[old]

    def spent(self, engine: str) -> Spent:
        """Today."""
        return self._days.get(self._today(), {}).get(engine, Spent())

    def spent_this_month(self, engine: str) -> Spent:
        """By the calendar, today among it."""
        month = self._today().replace(day=1)
        return total(
            engines[engine]
            for day, engines in self._days.items()
            if day.replace(day=1) == month and engine in engines
        )

    def engines(self) -> tuple[str, ...]:
        """Those with a cap or without, and those that were used and are not there any more."""
        used = (engine for engines in self._days.values() for engine in engines)
        return tuple(dict.fromkeys((*self._limits.each, *used)))

    def caps(self, engine: str | None) -> Caps:
        """An upstream's own; None asks for those of all together."""
        return self._limits.whole if engine is None else self._limits.each.get(engine, Caps())

    def refusal(self, engine: str) -> str | None:
        """Why the engine may not be asked today, for the person; None if it may."""
        own = _refusal("its", self.caps(engine), self.spent(engine))
        if own is not None:
            return own
        together = total(self._days.get(self._today(), {}).values())
        return _refusal("all upstreams'", self.caps(None), together)

    def barred(self) -> tuple[tuple[str, str], ...]:
        """Every engine that may not be asked today, and why, as the snapshot has it."""
        refusals = ((engine, self.refusal(engine)) for engine in self._limits.each)
        return tuple((engine, why) for engine, why in refusals if why is not None)

    def as_bytes(self) -> bytes:
        """Everything, for a file."""
        days = {
            day.isoformat(): {
                engine: [spent.dollars, spent.tokens, spent.unpriced, spent.guessed]
                for engine, spent in engines.items()
            }
            for day, engines in self._days.items()
        }
        return json.dumps({"version": _VERSION, "days": days}).encode()

    def take(self, content: bytes) -> None:
        """What a file holds, in place of what is known. Raises ValueError, and changes nothing,
        if it is no ledger."""
        try:
            value = json.loads(content)
            if value["version"] != _VERSION:
                raise ValueError("it is another version's")
            self._days = {
                date.fromisoformat(day): {
                    str(engine): _read(*numbers) for engine, numbers in engines.items()
                }
                for day, engines in value["days"].items()
            }
        except (TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
            raise ValueError(f"it is no ledger ({type(error).__name__})") from None


def total(amounts: Iterable[Spent]) -> Spent:
    return sum(amounts, Spent())


def _read(dollars: float, tokens: int, unpriced: int, guessed: int) -> Spent:
    counts = (Tokens(int(count)) for count in (tokens, unpriced, guessed))
    return Spent(float(dollars), *counts)


def _refusal(whose: str, caps: Caps, spent: Spent) -> str | None:
    if caps.dollars is not None and spent.dollars >= caps.dollars:
        sums = f"${spent.dollars:.2f} of ${caps.dollars:.2f}"
        return f"{whose} budget of today is spent ({sums})"
    if caps.tokens is not None and spent.tokens >= caps.tokens:
        return f"{whose} tokens of today are used ({spent.tokens:,} of {caps.tokens:,})"
    return None
