"""What guesses at light and heavy work come to: accuracy, under-routing, what they cost. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edge.routing.need import UNDER_COST, Tier

CLOUD_COST = 1.0
"""Of an answer by the cloud; the box's own is free."""


@dataclass(frozen=True, slots=True)
class Score:
    """Shares of all requests. ``under``: heavy work for the box; ``over``: light work for the
    cloud; ``cost``: what they cost, with heavy work on the box at UNDER_COST."""

    right: float
    under: float
    over: float
    cloud: float

    @property
    def cost(self) -> float:
        return UNDER_COST * self.under + CLOUD_COST * self.over


def score(labels: Sequence[Tier], guesses: Sequence[Tier]) -> Score:
    """Raises ValueError where there are not as many of both."""
    pairs = list(zip(labels, guesses, strict=True))
    return Score(
        right=_share(label == guess for label, guess in pairs),
        under=_share((label, guess) == ("heavy", "light") for label, guess in pairs),
        over=_share((label, guess) == ("light", "heavy") for label, guess in pairs),
        cloud=_share(guess == "heavy" for _, guess in pairs),
    )


def _share(found: Iterable[bool]) -> float:
    values = [float(one) for one in found]
    return sum(values) / len(values) if values else 0.0


def at_share(values: Sequence[float], share: float) -> float:
    """The value below which that share of them lies; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
