"""When to draft, and how far: what speculation brought so far decides; pure.

Accepting a draft only where the sampler chooses that very token keeps greedy answers
exact and sampled ones distributed as without drafts, whatever the draft was.
"""

from __future__ import annotations

from collections.abc import Sequence

from edge.engines.worker.lookup import Lookup
from edge.engines.worker.pace import Pace

FIRST_CHANCE = 0.7
"""Taken for the chance of a drafted token until some were judged."""

_NEW = 0.15
"""Weight of one judged token."""

REST_STEPS = 16
"""Steps without drafts after they did not pay; then one short try."""

TRY_LENGTH = 3


class Drafts:
    """One answer's drafts. ``drafted`` and ``accepted`` count tokens, for the metrics."""

    def __init__(self, pace: Pace, tokens: Sequence[int]) -> None:
        self._pace = pace
        self._lookup = Lookup(tokens)
        self._chance = FIRST_CHANCE
        self._resting = 0
        self.drafted = 0
        self.accepted = 0

    def add(self, token: int) -> None:
        """The answer's next token."""
        self._lookup.add(token)

    def propose(self) -> list[int]:
        """What to decode beside the next token; often nothing."""
        if self._resting > 0:
            self._resting -= 1
            return self._lookup.draft(TRY_LENGTH) if self._resting == 0 else []
        length = self._pace.draft_length(self._chance)
        if length == 0:
            self._resting = REST_STEPS
            return []
        return self._lookup.draft(length)

    def judge(self, drafted: int, accepted: int) -> None:
        """So many of the drafted tokens were chosen; the first that was not ended it."""
        self.drafted += drafted
        self.accepted += accepted
        for _ in range(accepted):
            self._chance += _NEW * (1 - self._chance)
        if accepted < drafted:
            self._chance -= _NEW * self._chance
