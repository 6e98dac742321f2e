"""When to draft, and how far: what speculation brought so far decides; pure.

Accepting a draft only where the sampler chooses that very token keeps greedy answers
exact and sampled ones distributed as without drafts, whatever the draft was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.engines.worker.lookup import Lookup, Place
from edge.engines.worker.pace import Pace

SURE_FROM = 12
"""Tokens alike from which a draft counts as one of a text that is being copied."""

FIRST_CHANCE, FIRST_SURE_CHANCE = 0.7, 0.95
"""Taken for the chance of a drafted token until some were judged."""

_NEW = 0.15
"""Weight of one judged token."""

REST_STEPS = 16
"""Drafts left out after they did not pay; then one short try."""

TRY_LENGTH = 3


@dataclass(slots=True)
class _Kind:
    """What drafts of one kind brought so far."""

    chance: float
    resting: int = 0

    def length(self, pace: Pace) -> int:
        """Tokens to draft now; often none."""
        if self.resting > 0:
            self.resting -= 1
            return 0 if self.resting else TRY_LENGTH
        length = pace.draft_length(self.chance)
        if length == 0:
            self.resting = REST_STEPS
        return length

    def judge(self, drafted: int, accepted: int) -> None:
        self.chance = 1 - (1 - self.chance) * (1 - _NEW) ** accepted
        if accepted < drafted:
            self.chance -= _NEW * self.chance


class Drafts:
    """One answer's drafts. ``drafted`` and ``accepted`` count tokens, for the metrics."""

    def __init__(self, pace: Pace, tokens: Sequence[int]) -> None:
        self._pace = pace
        self._lookup = Lookup(tokens)
        self._hopeful, self._sure = _Kind(FIRST_CHANCE), _Kind(FIRST_SURE_CHANCE)
        self._last = self._hopeful
        self.drafted = 0
        self.accepted = 0

    def add(self, token: int) -> None:
        """The answer's next token."""
        self._lookup.add(token)

    def propose(self) -> list[int]:
        """What to decode beside the next token; often nothing."""
        place = self._lookup.place()
        if place is None:
            return []
        self._last = self._kind(place)
        return self._lookup.follow(place, self._last.length(self._pace))

    def _kind(self, place: Place) -> _Kind:
        return self._sure if place.reach >= SURE_FROM else self._hopeful

    def judge(self, drafted: int, accepted: int) -> None:
        """So many of the tokens last proposed were decoded and chosen; the first that was not
        ended it."""
        self.drafted += drafted
        self.accepted += accepted
        self._last.judge(drafted, accepted)
