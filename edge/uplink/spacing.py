"""When the next probe may be made.

Pure: clock and randomness are arguments. Probes cost bytes, battery and somebody's patience,
so they are made only while somebody wants to know, ever more rarely while they fail, never at
the same second on every box, and within a budget. Used by watch.
"""

from __future__ import annotations

from collections import deque
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
BUDGET = 120
HOUR = Seconds(3600.0)
"""So many probes an hour at most; with TLS some 6 kB each."""


class Spacing:
    """The pauses of one prober. ``random`` gives a number from 0 to 1."""

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._made: deque[float] = deque()
        self._pause = FIRST
        self._next = 0.0
        self._asked_at: float | None = None

    def asked(self, now: float) -> None:
        """Somebody has a request for the link. After a rest the first pauses are short again."""
        if self._asked_at is None or now - self._asked_at > WANTED_FOR:
            self.afresh(now)
        self._asked_at = now

    def afresh(self, now: float) -> None:
        """Something has changed: the next probe need not wait for the long pause."""
        self._pause = FIRST
        self._next = min(self._next, (self._made[-1] if self._made else now) + AT_ONCE)

    def made(self, now: float) -> None:
        """A probe has just ended."""
        self._made.append(now)
        around = 1 + JITTER * (2 * self._random() - 1)
        self._next = now + self._pause * around
        self._pause = Seconds(min(LONGEST, self._pause * 2))

    def wait(self, urgency: Urgency, now: float) -> Seconds | None:
        """How long to wait for the next one; None: until something changes."""
        if urgency == "none":
            return None
        if urgency == "later" and not self._is_wanted(now):
            return None
        last = self._made[-1] if self._made else None
        due = self._next if urgency == "later" else (now if last is None else last + AT_ONCE)
        return Seconds(max(0.0, due - now, self._budget_wait(now)))

    def _is_wanted(self, now: float) -> bool:
        return self._asked_at is not None and now - self._asked_at <= WANTED_FOR

    def _budget_wait(self, now: float) -> float:
        while self._made and now - self._made[0] >= HOUR:
            self._made.popleft()
        return self._made[0] + HOUR - now if len(self._made) >= BUDGET else 0.0
