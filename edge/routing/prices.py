"""What a request to an upstream costs, by the table in data/prices.toml. Pure but for loading.

A price list ages; what it does not name has no price, which is not the price nothing.
Called by the ledger's owner.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.chat import Usage
from edge.units import Tokens

TABLE = Path(__file__).parent.parent / "data" / "prices.toml"

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for a million tokens. ``long`` holds for prompts of more than ``above``."""

    input: float
    output: float
    cache_read: float
    cache_write: float
    above: Tokens | None = None
    long: Price | None = None


def load_prices(table: Path = TABLE) -> Mapping[str, Price]:
    """By the beginning of a model's name. Blocking."""
    models = tomllib.loads(table.read_text(encoding="utf-8"))["models"]
    return {name: _price(entry) for name, entry in models.items()}


def _price(entry: Mapping[str, Any]) -> Price:
    flat = {key: entry[key] for key in ("input", "output", "cache_read", "cache_write")}
    long = entry.get("long")
    if long is None:
        return Price(**flat)
    return Price(**flat, above=Tokens(long["above"]), long=_price(long))


def price_of(model: str, prices: Mapping[str, Price]) -> Price | None:
    """The price of a model by its name; None if it is not known."""
    lowered = model.lower()
    known = [name for name in prices if lowered.startswith(name)]
    return prices[max(known, key=len)] if known else None


def cost(usage: Usage, price: Price) -> float:
    """Dollars for one whole answer."""
    prompt = usage.input + usage.cache_read + usage.cache_creation
    if price.long is not None and price.above is not None and prompt > price.above:
        price = price.long
    return (
        usage.input * price.input
        + usage.cache_read * price.cache_read
        + usage.cache_creation * price.cache_write
        + usage.output * price.output
    ) / _MILLION
