"""Notices that an answer goes round in circles; pure.

A small model that repeats a few tokens repeats them until its last one. The cure is to
rule out the token that would go on with the circle, once it is long enough to be no
table, no ruler and no list of zeros.
"""

from __future__ import annotations

LONGEST_CYCLE = 32
"""Tokens of the longest circle that is looked for."""

STUCK_AFTER = 128
"""Tokens that must have repeated, one circle after the other."""


class CycleWatch:
    """Told every token of one answer; constant work a token."""

    def __init__(self) -> None:
        self._tokens: list[int] = []
        self._repeated = [0] * (LONGEST_CYCLE + 1)

    def add(self, token: int) -> None:
        self._tokens.append(token)
        count = len(self._tokens)
        for period in range(1, LONGEST_CYCLE + 1):
            again = count > period and self._tokens[-1 - period] == token
            self._repeated[period] = self._repeated[period] + 1 if again else 0

    @property
    def next_token(self) -> int | None:
        """The token that would go on with a circle, None while there is none."""
        for period in range(1, LONGEST_CYCLE + 1):
            if self._repeated[period] >= STUCK_AFTER:
                return self._tokens[-period]
        return None
