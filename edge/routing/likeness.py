"""How much a request is like the sentences of routes, asked of the embedder when it matters.

Knows no model: only something that compares. The router asks before it decides, and only where the
decision hangs on it; what is not told in time is unknown.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from edge.routing.features import Features, Likeness
from edge.routing.need import subject
from edge.routing.rules import Rules
from edge.units import Seconds

log = logging.getLogger(__name__)

PATIENCE = Seconds(1.0)
"""A text takes some 10 ms; the first one after a pause opens the model, which can take a second."""

NEAREST = 5
"""Sentences of either kind of work whose mean likeness counts."""


class Comparer(Protocol):
    """The embedder, or a test's stand-in."""

    async def compare(self, text: str, sentences: Sequence[str]) -> tuple[float, ...] | None:
        """From -1 to 1 for each sentence; None where it cannot be told."""


class Comparing:
    """One per daemon, for the sentences of its rules."""

    def __init__(self, comparer: Comparer, rules: Rules, *, patience: Seconds = PATIENCE) -> None:
        self._comparer = comparer
        self._patience = patience
        self._like = tuple({route.when.like: None for route in rules.own if route.when.like})
        self._table = rules.table if any(route.when.need for route in rules.own) else None

    @property
    def is_wanted(self) -> bool:
        """Whether any route has sentences."""
        return bool(self._like) or self._table is not None

    async def prepare(self) -> None:
        """Have the sentences themselves read once, so that no request waits for that."""
        if self.is_wanted:
            await self._compared(Features("", said=(" ",)))

    async def known(self, features: Features) -> Features:
        """The same with its likeness, empty if that was not told in time."""
        likeness = Likeness()
        try:
            async with asyncio.timeout(self._patience):
                likeness = await self._compared(features)
        except TimeoutError:
            log.info("no likeness within %g s: it counts as unknown", self._patience)
        return replace(features, likeness=likeness)

    async def _compared(self, features: Features) -> Likeness:
        if not features.said:
            return Likeness()
        most: dict[tuple[str, ...], float] = {}
        for sentences in self._like:
            found = await self._comparer.compare(features.said[-1], sentences)
            if found is None:
                return Likeness()
            most[sentences] = max(found)
        return Likeness(most, await self._leaning(features))

    async def _leaning(self, features: Features) -> float | None:
        if self._table is None:
            return None
        light, heavy = self._table.light, self._table.heavy
        found = await self._comparer.compare(subject(features, self._table), (*light, *heavy))
        if found is None:
            return None
        return _nearest(found[len(light) :]) - _nearest(found[: len(light)])


def _nearest(found: Sequence[float]) -> float:
    nearest = sorted(found, reverse=True)[:NEAREST]
    return sum(nearest) / len(nearest)
