"""What is known of a server's health by the requests that went there.

What is everybody's (the network, a server in trouble) is told from what is one credential's (a
limit). Single writer: the link. Knows no network and no HTTP beyond a status. For this package.
"""

from __future__ import annotations

from collections.abc import Callable

from edge.engines.upstream.breaker import Breaker
from edge.engines.upstream.holders import Holder, Holders
from edge.state import EngineState
from edge.units import Seconds

LIMITED = 429
"""The status of an account that has reached its limit; 529 is a server that has reached its own."""
BUSY = (LIMITED, 529)
"""Statuses of a server that wants to be left alone, perhaps for as long as it says."""
_FAULT = 500


class Health:
    """``clock`` is monotonic. A ``holder`` is given for a request that carries a laptop's own
    credential; without one all that happens is everybody's."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._breaker = Breaker()
        self.holders = Holders(clock)
        self._succeeded_at: float | None = None
        self._failures = 0
        self._openings = 0

    def state(self, holder: Holder | None = None) -> EngineState:
        """Ready, unless a breaker has it left alone."""
        now = self._clock()
        since = None if self._succeeded_at is None else Seconds(now - self._succeeded_at)
        refusal = self._breaker.refusal(now) or self.holders.refusal(holder)
        return EngineState(refusal is None, refusal or self._reason(since), since, self._measures())

    def _reason(self, since: Seconds | None) -> str:
        if self._breaker.failures:
            return f"{self._breaker.why} (it may be tried again)"
        return "not tried yet" if since is None else f"answered {since:.0f} s ago"

    def _measures(self) -> tuple[tuple[str, float], ...]:
        return (
            ("upstream_failures_total", float(self._failures)),
            ("upstream_openings_total", float(self._openings)),
            ("upstream_credentials_left_alone", float(self.holders.left_alone())),
        )

    def is_open(self, holder: Holder | None = None) -> bool:
        """Whether the server is to be left alone, not even tried."""
        return self._breaker.position(self._clock()) == "open" or self.holders.is_open(holder)

    def asked(self, holder: Holder | None = None) -> None:
        """A request goes there."""
        self._breaker = self._breaker.asked(self._clock())
        self.holders.asked(holder)

    def left(self, holder: Holder | None = None) -> None:
        """A request ended without a word of the server."""
        self._breaker = self._breaker.abandoned()
        self.holders.left(holder)

    def answered(
        self, status: int, retry_after: Seconds | None, holder: Holder | None = None
    ) -> None:
        """The server itself answers: with status 200 what follows has still to come."""
        if status == LIMITED and holder is not None:
            self._limited(retry_after, holder)
        elif status in BUSY or status >= _FAULT:
            self.failed(f"it answers with status {status}", retry_after, holder)
        elif status == 200:
            self._breaker = self._breaker.answering()
            self.holders.answering(holder)
        else:
            self._breaker = self._breaker.succeeded()
            self.holders.succeeded(holder)

    def _limited(self, retry_after: Seconds | None, holder: Holder) -> None:
        """One credential may not ask now. The server is there, so others may."""
        why = f"it answers this client's credential with status {LIMITED}"
        self._failures += 1
        self._openings += self.holders.failed(holder, why, retry_after)
        self._breaker = self._breaker.answering()

    def succeeded(self, holder: Holder | None = None) -> None:
        """A whole answer came. One that began before a breaker opened says nothing of now."""
        self._succeeded_at = self._clock()
        if self._breaker.position(self._succeeded_at) != "open":
            self._breaker = self._breaker.succeeded()
        if not self.holders.is_open(holder):
            self.holders.succeeded(holder)

    def failed(
        self, why: str, retry_after: Seconds | None = None, holder: Holder | None = None
    ) -> None:
        """No answer, half of one, or one that says that there is none now: for anybody."""
        before = self._breaker.opened
        self._breaker = self._breaker.failed(self._clock(), why, retry_after)
        self._failures += 1
        self._openings += self._breaker.opened > before
        self.holders.left(holder)
