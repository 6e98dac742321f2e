"""Whether an upstream that keeps failing is worth asking. Pure: the caller tells the time.

Closed, everything goes there. After failures in a row it opens and is passed over; when its
time is up, one real request is let through as a trial, and its outcome closes the breaker or
opens it for longer. A server that says how long it wants to be left alone is believed.
Knows no server. Owned by what is known of a server's health.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from edge.units import Seconds

FAILURES = 3
"""In a row, that open it."""
CLOSING = 2
"""Successes in a row that make it forget how often it opened: it recovers slower than it
trips, so that a server that answers every other request does not flap."""
PAUSES = (Seconds(5.0), Seconds(15.0), Seconds(60.0), Seconds(300.0))
"""How long it stays open, by how often it has opened without recovering."""
LONG_PAUSE = Seconds(10.0)
"""A wish to be left alone that is longer than this opens it at once."""
LONGEST_PAUSE = Seconds(3_600.0)
"""Of what a server may wish."""
TRIAL_SECONDS = Seconds(120.0)
"""A trial that nobody heard of again is given up after so long."""
LONG_SECONDS = 120.0
"""From here on people are told minutes."""

Position = Literal["closed", "open", "half-open"]


@dataclass(frozen=True, slots=True)
class Breaker:
    """A value: each event makes the next one. Times are the caller's monotonic seconds."""

    failures: int = 0
    successes: int = 0
    opened: int = 0
    """How often in a row without recovering; 0 is closed and healthy."""
    open_until: float | None = None
    trial_since: float | None = None
    why: str = ""

    def position(self, now: float) -> Position:
        if self.open_until is None:
            return "closed"
        return "open" if now < self.open_until else "half-open"

    def refusal(self, now: float) -> str | None:
        """Why no request should go there now, for the person; None if one may."""
        if self.open_until is None:
            return None
        if now < self.open_until:
            return f"{self.why} (left alone for another {_said(self.open_until - now)})"
        if self.trial_since is not None and now - self.trial_since < TRIAL_SECONDS:
            return f"{self.why} (one request is trying it)"
        return None

    def asked(self, now: float) -> Breaker:
        """A request goes there: while half open it is the trial."""
        return self if self.position(now) == "closed" else replace(self, trial_since=now)

    def abandoned(self) -> Breaker:
        """The request ended without saying anything of the server: its client left."""
        return replace(self, trial_since=None)

    def answering(self) -> Breaker:
        """An answer has begun: others may follow, though only its end is a success."""
        return replace(self, open_until=None, trial_since=None)

    def succeeded(self) -> Breaker:
        """It answered."""
        successes = self.successes + 1
        if successes >= CLOSING:
            return Breaker(successes=successes)
        return Breaker(successes=successes, opened=self.opened)

    def failed(self, now: float, why: str, retry_after: Seconds | None = None) -> Breaker:
        """It did not answer, or answered that it cannot (429, 529, 5xx) and perhaps for how
        long. A late failure of a request from before it opened does not prolong it."""
        if self.position(now) == "open" and retry_after is None:
            return self
        failures = self.failures + 1
        wish = min(retry_after or Seconds(0.0), LONGEST_PAUSE)
        is_trial = self.opened > 0 and self.successes < CLOSING
        if wish <= LONG_PAUSE and failures < FAILURES and not is_trial:
            return replace(self, failures=failures, successes=0, why=why)
        pause = max(wish, PAUSES[min(self.opened, len(PAUSES) - 1)])
        until = max(now + pause, self.open_until or 0.0)
        return Breaker(failures=failures, opened=self.opened + 1, open_until=until, why=why)


def _said(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < LONG_SECONDS else f"{seconds / 60:.0f} min"
