"""What workers have counted, added up over all that were there. Pure.

A name that ends in _total only grows, although workers come and go. Used by the pool.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class Totals:
    """Keeps the final counts of those that left."""

    def __init__(self) -> None:
        self._left: dict[str, float] = {}

    def retire(self, measures: Iterable[tuple[str, float]]) -> None:
        """One has left with these."""
        for name, value in measures:
            if name.endswith("_total"):
                self._left[name] = self._left.get(name, 0.0) + value

    def sum(self, present: Iterable[Iterable[tuple[str, float]]]) -> Mapping[str, float]:
        """Of those that are here and, for what only grows, of those that left."""
        summed: dict[str, float] = dict(self._left)
        for measures in present:
            for name, value in measures:
                summed[name] = summed.get(name, 0.0) + value
        return summed
