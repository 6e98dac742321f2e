"""When the next probe may be made.

Pure: clock and randomness are arguments. Probes cost bytes, battery and somebody's patience,
so they are made only while somebody wants to know, ever more rarely while they fail, never at
the same second on every box, and within a budget. Used by watch.
"""

from __future__ import annotations

from collections.abc import Callable

from edge.units import Seconds
from edge.uplink.link import Urgency

AT_ONCE = Seconds(1.0)
"""Between probes that settle something: a doubt, a proof under way."""
FIRST, LONGEST = Seconds(2.0), Seconds(60.0)
"""Between others; each is twice the one before."""
JITTER = 0.2
"""Of the pause, more or less."""
WANTED_FOR = Seconds(600.0)
"""After a request has asked for the link."""
ASKED = Seconds(10.0)
"""At most so long after the last probe, when a request has come since."""
SAVED = 60
"""Probes that may be made one after the other; with TLS some 6 kB each."""
EARNS_ONE = Seconds(60.0)
"""What it takes to have one more: 120 in the worst hour, 60 in each that follows."""


class Spacing:
    """The pauses of one prober. ``random`` gives a number from 0 to 1."""

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._made_at: float | None = None
        self._budget = float(SAVED)
        self._counted_at = 0.0
        self._pause = FIRST
        self._next = 0.0
        self._asked_at: float | None = None

    def asked(self, now: float) -> None:
        """Somebody has a request for the link. After a rest the first pauses are short again."""
        if self._asked_at is None or now - self._asked_at > WANTED_FOR:
            self.afresh(now)
        elif self._made_at is not None:
            self._next = min(self._next, self._made_at + ASKED)
        self._asked_at = now

    def afresh(self, now: float) -> None:
        """Something has changed: the next probe need not wait for the long pause."""
        self._pause = FIRST
        self._next = min(self._next, now if self._made_at is None else self._made_at + AT_ONCE)

    def made(self, now: float) -> None:
        """A probe has just ended."""
        self._made_at = now
        self._budget = self._left(now) - 1
        self._counted_at = now
        around = 1 + JITTER * (2 * self._random() - 1)
        self._next = now + self._pause * around
        self._pause = Seconds(min(LONGEST, self._pause * 2))

    def wait(self, urgency: Urgency, now: float) -> Seconds | None:
        """How long to wait for the next one; None: until something changes."""
        if urgency == "none":
            return None
        if urgency == "later" and not self._is_wanted(now):
            return None
        at_once = now if self._made_at is None else self._made_at + AT_ONCE
        due = self._next if urgency == "later" else at_once
        earned = (1 - self._left(now)) * EARNS_ONE
        return Seconds(max(0.0, due - now, earned))

    def _is_wanted(self, now: float) -> bool:
        return self._asked_at is not None and now - self._asked_at <= WANTED_FOR

    def _left(self, now: float) -> float:
        return min(float(SAVED), self._budget + (now - self._counted_at) / EARNS_ONE)
