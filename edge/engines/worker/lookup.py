"""Prompt lookup: what an answer is likely to repeat from the text before it; pure.

An answer that edits code mostly copies it. The last tokens are looked up in everything
before them, and what followed there is the draft. Knows tokens only, no llama.cpp.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NGRAM = 3
"""Tokens that must match before anything is drafted."""

REACH = 32
"""Tokens compared at most to tell the better of two places."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the last ``reach`` tokens, REACH at most, stood before; ``end`` is behind them."""

    end: int
    reach: int


class Lookup:
    """Told every token of one sequence, in order. A search of 20,000 tokens takes some
    tens of microseconds, so nothing is indexed."""

    def __init__(self, tokens: Sequence[int]) -> None:
        self._count = len(tokens)
        self._held: NDArray[np.int32] = np.empty(2 * self._count + 256, dtype=np.int32)
        self._held[: self._count] = tokens

    def add(self, token: int) -> None:
        if self._count == len(self._held):
            self._held = np.concatenate([self._held, np.empty_like(self._held)])
        self._held[self._count] = token
        self._count += 1

    def place(self) -> Place | None:
        """Where most of the last tokens stood before, of equal places the newest."""
        held = self._held[: self._count]
        if self._count <= NGRAM or not len(places := self._places(held)):
            return None
        reach = NGRAM
        while reach < REACH and len(longer := _longer(held, places, reach)):
            places, reach = longer, reach + 1
        return Place(int(places[-1]), reach)

    def follow(self, place: Place, length: int) -> list[int]:
        """At most ``length`` tokens that stood behind ``place``."""
        end = min(self._count, place.end + max(0, length))
        return [int(token) for token in self._held[place.end : end]]

    @staticmethod
    def _places(held: NDArray[np.int32]) -> NDArray[np.intp]:
        """Where an earlier occurrence of the last tokens ends."""
        last = held[-NGRAM:]
        before = len(held) - NGRAM
        found = held[:before] == last[0]
        for offset in range(1, NGRAM):
            found &= held[offset : before + offset] == last[offset]
        return np.flatnonzero(found) + NGRAM


def _longer(held: NDArray[np.int32], places: NDArray[np.intp], reach: int) -> NDArray[np.intp]:
    """Those of ``places``, alike in ``reach`` tokens, that are so in one more."""
    inside = places[places > reach]
    longer: NDArray[np.intp] = inside[held[inside - reach - 1] == held[-reach - 1]]
    return longer
