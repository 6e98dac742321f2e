"""What is known of a server's health by the requests that went there.

Single writer: the link. Knows no network and no HTTP beyond a status. For this package.
"""

from __future__ import annotations

from collections.abc import Callable

from edge.engines.upstream.breaker import Breaker
from edge.state import EngineState
from edge.units import Seconds

BUSY = (429, 529)
"""Statuses of a server that wants to be left alone, perhaps for as long as it says."""
_FAULT = 500


class Health:
    """``clock`` is monotonic."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._breaker = Breaker()
        self._succeeded_at: float | None = None
        self._failures = 0
        self._openings = 0

    def state(self) -> EngineState:
        """Ready, unless the breaker has it left alone."""
        now = self._clock()
        since = None if self._succeeded_at is None else Seconds(now - self._succeeded_at)
        refusal = self._breaker.refusal(now)
        return EngineState(refusal is None, refusal or self._reason(since), since, self._measures())

    def _reason(self, since: Seconds | None) -> str:
        if self._breaker.failures:
            return f"{self._breaker.why} (it may be tried again)"
        return "not tried yet" if since is None else f"answered {since:.0f} s ago"

    def _measures(self) -> tuple[tuple[str, float], ...]:
        return (
            ("upstream_failures_total", float(self._failures)),
            ("upstream_openings_total", float(self._openings)),
        )

    def is_open(self) -> bool:
        """Whether the server is to be left alone, not even tried."""
        return self._breaker.position(self._clock()) == "open"

    def asked(self) -> None:
        """A request goes there."""
        self._breaker = self._breaker.asked(self._clock())

    def left(self) -> None:
        """A request ended without a word of the server."""
        self._breaker = self._breaker.abandoned()

    def answered(self, status: int, retry_after: Seconds | None) -> None:
        """The server itself answers: with status 200 what follows has still to come."""
        if status in BUSY or status >= _FAULT:
            self.failed(f"it answers with status {status}", retry_after)
        elif status == 200:
            self._breaker = self._breaker.answering()
        else:
            self._breaker = self._breaker.succeeded()

    def succeeded(self) -> None:
        """A whole answer came. One that began before the breaker opened says nothing of now."""
        self._succeeded_at = self._clock()
        if not self.is_open():
            self._breaker = self._breaker.succeeded()

    def failed(self, why: str, retry_after: Seconds | None = None) -> None:
        """No answer, half of one, or one that says that there is none now."""
        before = self._breaker.opened
        self._breaker = self._breaker.failed(self._clock(), why, retry_after)
        self._failures += 1
        self._openings += self._breaker.opened > before
