"""A small model that guesses what a big one of the same vocabulary writes next.

Owns a context of its own, of few cells, and what it has read there. Always greedy, and
ignorant of grammars: whoever decodes its guesses takes only those that are chosen anyway.
Inference thread only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.engines.worker.context import Part
from edge.engines.worker.views import View, Views

VIEWS = 3
"""Stretches of text that are remembered: a session, its agent, another laptop."""

LEAST_SHARE = 0.5
"""A token to which the draft model itself gives less of the probability ends the draft. Of
those below it half are wrong, and they are a tenth of all; of those above, a tenth is."""


class DraftContext(Protocol):
    """What a draft model needs of native.Context."""

    size: int
    batch_size: int

    def decode(self, parts: Sequence[Part]) -> bool: ...

    def logits(self, row: int) -> NDArray[np.float32]: ...

    def truncate(self, sequence: int, length: int) -> bool: ...

    def use_threads(self, writing: int, reading: int) -> None: ...


class DraftModel:
    """``shared``: tokens with a smaller number than this mean the same to both models;
    ``ends``: those after which there is nothing to guess."""

    def __init__(self, context: DraftContext, *, shared: int, ends: AbstractSet[int]) -> None:
        self._context = context
        self._shared = shared
        self._ends = ends
        self._views = Views(VIEWS, context.size)

    def use_threads(self, count: int) -> None:
        self._context.use_threads(count, count)

    def unread(self, text: Sequence[int]) -> int:
        """Tokens to be read before something that follows ``text`` is known; one at least."""
        return self._views.place(text).unread(text)

    def read(self, text: Sequence[int], most: int) -> int:
        """Read some of the unread tokens but the last; how many it were."""
        view, rest = self._settled(text)
        tokens = rest[: min(most, len(rest) - 1, self._context.batch_size)]
        if tokens:
            self._append(view, tokens, wanted=0)
        return len(tokens)

    def draft(
        self, text: Sequence[int], length: int, hurried: Callable[[], bool]
    ) -> tuple[list[int], int]:
        """At most ``length`` tokens that may follow ``text``, and how many steps they took.

        The text but for a batch's worth must have been read. Less where it is not sure of
        more, and where it is ``hurried``.
        """
        view, rest = self._settled(text)
        drafted: list[int] = []
        for step in range(1, length + 1):
            self._append(view, rest, wanted=1)
            token, share = _likeliest(self._context.logits(len(rest) - 1)[: self._shared])
            if share < LEAST_SHARE:
                return drafted, step
            drafted.append(token)
            if token in self._ends or hurried():
                break
            rest = [token]
        return drafted, len(drafted)

    def _settled(self, text: Sequence[int]) -> tuple[View, Sequence[int]]:
        """The text's view, holding nothing else, and what is unread of the text."""
        place = self._views.place(text)
        if len(place.view.tokens) > place.kept:
            self._context.truncate(place.view.sequence, place.kept)
        self._views.settle(place)
        return place.view, text[place.start + place.kept :]

    def _append(self, view: View, tokens: Sequence[int], wanted: int) -> None:
        for other in self._views.crowding(view, len(tokens)):
            self._context.truncate(other.sequence, 0)
            other.tokens.clear()
        # What only the big model knows reads as something else: the guess gets worse, no more.
        known = [token if token < self._shared else 0 for token in tokens]
        self._context.decode([Part(view.sequence, len(view.tokens), known, wanted)])
        view.tokens.extend(tokens)


def _likeliest(logits: NDArray[np.float32]) -> tuple[int, float]:
    """The likeliest token and its share of the probability."""
    token = int(logits.argmax())
    return token, 1.0 / float(np.exp(logits - logits[token]).sum())
