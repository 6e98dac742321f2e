"""Prompt lookup: what an answer is likely to repeat from the text before it; pure.

An answer that edits code mostly copies it. The last tokens are looked up in everything
before them, and what followed there is the draft. Knows tokens only, no llama.cpp.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

NGRAM = 3
"""Tokens that must match before anything is drafted."""

REACH = 12
"""Tokens compared at most to tell the better of two places."""

CANDIDATES = 8
"""Earlier places compared at most; the newest come first."""


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

    def draft(self, length: int) -> list[int]:
        """At most ``length`` tokens that may come next, none where nothing matches."""
        held = self._held[: self._count]
        if length <= 0 or self._count <= NGRAM:
            return []
        places = self._places(held)
        if not len(places):
            return []
        best = max(places[-CANDIDATES:].tolist(), key=lambda end: (_reach(held, end), end))
        return [int(token) for token in held[best : best + length]]

    @staticmethod
    def _places(held: NDArray[np.int32]) -> NDArray[np.intp]:
        """Where an earlier occurrence of the last tokens ends."""
        last = held[-NGRAM:]
        before = len(held) - NGRAM
        found = held[:before] == last[0]
        for offset in range(1, NGRAM):
            found &= held[offset : before + offset] == last[offset]
        return np.flatnonzero(found) + NGRAM


def _reach(held: NDArray[np.int32], end: int) -> int:
    """How far back the text before ``end`` is the same as the last text."""
    reach = NGRAM
    while reach < min(REACH, end) and held[end - reach - 1] == held[-reach - 1]:
        reach += 1
    return reach
