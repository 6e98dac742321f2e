"""Which stretches of which texts a draft model has read; pure.

A draft is only a guess, so the model that makes it need not see a whole prompt: it reads
the last WINDOW_TOKENS of one it does not know, and goes on from there while the text does.
Several stretches are kept, for sessions that take turns. Knows no llama.cpp.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from edge.engines.worker.ledger import common

WINDOW_TOKENS = 512
"""What is read of a text that is not known. A 20,000-token prompt would take a small model
longer than most answers could win back, and its guesses hardly need it: with a prompt of
4,676 tokens the 0.5B of Qwen2.5-Coder guessed 89 % of what the 1.5B wrote, with the last
1,024 tokens 87 %, with 512 or 256 of them 86 %."""

SPARE_TOKENS = 64
"""Room that a stretch must have left for drafts; one without begins anew."""


@dataclass(slots=True)
class View:
    """One llama.cpp sequence: it holds ``tokens``, which stand at ``start`` of their text."""

    sequence: int
    start: int = 0
    tokens: list[int] = field(default_factory=list)
    last_used: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text goes on: in a view, of which ``kept`` tokens are the text's own from
    ``start`` on."""

    view: View
    start: int
    kept: int

    def unread(self, text: Sequence[int]) -> int:
        return len(text) - self.start - self.kept


class Views:
    """All views of one context that holds ``capacity`` cells in total."""

    def __init__(self, count: int, capacity: int, window: int = WINDOW_TOKENS) -> None:
        self._views = tuple(View(number) for number in range(count))
        self._capacity = capacity
        self._window = min(window, capacity // 2)
        self._turn = itertools.count(1)

    def place(self, text: Sequence[int]) -> Place:
        """Where ``text`` is to go on; nothing changes yet. Its last token is never kept: what
        follows it has to be computed."""
        found = [p for view in self._views if (p := self._continued(view, text)) is not None]
        if found:
            return min(found, key=lambda p: p.unread(text))
        oldest = min(self._views, key=lambda view: (bool(view.tokens), view.last_used))
        return Place(oldest, max(0, len(text) - self._window), 0)

    def _continued(self, view: View, text: Sequence[int]) -> Place | None:
        """``view`` itself, where it holds the text's recent past and little else."""
        part = text[view.start : view.start + len(view.tokens)]
        kept = min(common(view.tokens, part), len(text) - 1 - view.start)
        place = Place(view, view.start, kept)
        lost = len(view.tokens) - kept
        full = len(text) - view.start + SPARE_TOKENS > self._capacity
        if kept <= 0 or lost > kept or full or place.unread(text) > self._window:
            return None
        return place

    def settle(self, place: Place) -> None:
        """The view holds only what is kept, from now on at that start."""
        place.view.start = place.start
        del place.view.tokens[place.kept :]
        place.view.last_used = next(self._turn)

    def crowding(self, view: View, more: int) -> list[View]:
        """Other views to be emptied for ``view`` to grow by ``more`` tokens, oldest first."""
        others = [v for v in self._views if v is not view and v.tokens]
        others.sort(key=lambda v: v.last_used)
        used = sum(len(v.tokens) for v in self._views)
        gone: list[View] = []
        while used + more > self._capacity and others:
            gone.append(others.pop(0))
            used -= len(gone[-1].tokens)
        return gone
