"""When to draft, and how far: what speculation brought so far decides; pure.

Accepting a draft only where the sampler chooses that very token keeps greedy answers
exact and sampled ones distributed as without drafts, whatever the draft was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.engines.worker.lookup import Lookup
from edge.engines.worker.pace import Pace

SURE_FROM = 12
"""Tokens alike from which a draft counts as one of a text that is being copied."""

FIRST_CHANCE, FIRST_SURE_CHANCE = 0.5, 0.9
"""Taken for the chance of a guessed token until some were judged."""

_NEW = 0.15
"""Weight of one judged token."""


@dataclass(slots=True)
class _Kind:
    """How often guesses of one kind are right; ``last`` is what was guessed and not decoded."""

    chance: float
    last: int | None = None

    def judge(self, guessed: int, right: int) -> None:
        self.chance = 1 - (1 - self.chance) * (1 - _NEW) ** right
        if right < guessed:
            self.chance -= _NEW * self.chance


class Drafts:
    """One answer's drafts. ``drafted`` and ``accepted`` count tokens, for the metrics.

    Guesses that would not pay are not decoded, but the next token judges them all the same.
    """

    def __init__(self, pace: Pace, tokens: Sequence[int]) -> None:
        self._pace = pace
        self._lookup = Lookup(tokens)
        self._hopeful, self._sure = _Kind(FIRST_CHANCE), _Kind(FIRST_SURE_CHANCE)
        self._kind = self._hopeful
        self.drafted = 0
        self.accepted = 0

    def add(self, token: int) -> None:
        """The answer's next token."""
        if (guess := self._kind.last) is not None:
            self._kind.last = None
            self._kind.judge(1, int(guess == token))
        self._lookup.add(token)

    def propose(self) -> list[int]:
        """What to decode beside the next token; often nothing."""
        place = self._lookup.place()
        if place is None:
            return []
        self._kind = self._sure if place.reach >= SURE_FROM else self._hopeful
        if length := self._pace.draft_length(self._kind.chance):
            return self._lookup.follow(place, length)
        (self._kind.last,) = self._lookup.follow(place, 1)
        return []

    def judge(self, drafted: int, accepted: int) -> None:
        """So many of the tokens last proposed were decoded and chosen; the first that was not
        ended it."""
        self.drafted += drafted
        self.accepted += accepted
        self._kind.judge(drafted, accepted)
