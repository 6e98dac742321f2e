"""What each upstream was used for today, and whether it may be used further. Pure: the caller
tells the day, and keeps the bytes.

A cap is hard: who has reached it is not asked again before midnight, the person's own.
Answers under way are not cut, so that the last one may go over. Knows no engine.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
class Spent:
    """Of one upstream on one day. ``unpriced``: the tokens that no price is known for."""

    dollars: float = 0.0
    tokens: Tokens = Tokens(0)
    unpriced: Tokens = Tokens(0)


class Ledger:
    """Single writer: whoever sees the answers end. ``today`` is the person's own day."""

    def __init__(
        self,
        caps: Mapping[str, Caps],
        prices: Mapping[str, Price],
        today: Callable[[], date],
    ) -> None:
        self._caps = dict(caps)
        self._prices = prices
        self._today = today
        self._days: dict[date, dict[str, Spent]] = {}

    def record(self, engine: str, model: str, usage: Usage) -> None:
        """An answer of ``engine`` has ended, however it ended."""
        tokens = usage.input + usage.cache_read + usage.cache_creation + usage.output
        price = price_of(model, self._prices)
        before = self.spent(engine)
        self._days.setdefault(self._today(), {})[engine] = Spent(
            before.dollars + (0.0 if price is None else cost(usage, price)),
            Tokens(before.tokens + tokens),
            Tokens(before.unpriced + (tokens if price is None else 0)),
        )
        for day in sorted(self._days)[:-KEPT_DAYS]:
            del self._days[day]

    def spent(self, engine: str) -> Spent:
        """Today."""
        return self._days.get(self._today(), {}).get(engine, Spent())

    def refusal(self, engine: str) -> str | None:
        """Why the engine may not be asked today, for the person; None if it may."""
        caps, spent = self._caps.get(engine, Caps()), self.spent(engine)
        if caps.dollars is not None and spent.dollars >= caps.dollars:
            sums = f"${spent.dollars:.2f} of ${caps.dollars:.2f}"
            return f"{engine}'s budget of today is spent ({sums})"
        if caps.tokens is not None and spent.tokens >= caps.tokens:
            return f"{engine}'s tokens of today are used ({spent.tokens:,} of {caps.tokens:,})"
        return None

    def barred(self) -> tuple[tuple[str, str], ...]:
        """Every engine that may not be asked today, and why, as the snapshot has it."""
        refusals = ((engine, self.refusal(engine)) for engine in self._caps)
        return tuple((engine, why) for engine, why in refusals if why is not None)

    def as_bytes(self) -> bytes:
        """Everything, for a file."""
        days = {
            day.isoformat(): {
                engine: [spent.dollars, spent.tokens, spent.unpriced]
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
                    str(engine): Spent(float(dollars), Tokens(int(tokens)), Tokens(int(unpriced)))
                    for engine, (dollars, tokens, unpriced) in engines.items()
                }
                for day, engines in value["days"].items()
            }
        except (TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
            raise ValueError(f"it is no ledger ({type(error).__name__})") from None
