"""How long a bad link is borne: deadlines and repetitions, in one place for all that fetch.

Knows no protocol; waiting is handed over, so that tests need none. Called by download and
hubapi.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from edge.errors import ModelUnusable
from edge.units import Seconds

Result = TypeVar("Result")

STALL = Seconds(30.0)
"""Without a byte for so long a connection is given up and made anew."""


class Interrupted(Exception):
    """What may pass if it is tried again; ``str()`` tells what happened, for the middle of a
    sentence. ``unreachable``: there was no answer at all."""

    def __init__(
        self, what: str, *, unreachable: bool = False, retry_after: Seconds | None = None
    ) -> None:
        super().__init__(what)
        self.unreachable = unreachable
        self.retry_after = retry_after


class NoLink(ModelUnusable):
    """The other side cannot be reached; the caller knows what can be done without it."""


def _wait(seconds: Seconds) -> None:
    threading.Event().wait(seconds)


@dataclass(frozen=True, slots=True)
class Patience:
    """``attempts`` without progress end it; between them pauses that double."""

    stall: Seconds = STALL
    attempts: int = 8
    first_pause: Seconds = Seconds(1.0)
    longest_pause: Seconds = Seconds(30.0)
    wait: Callable[[Seconds], None] = _wait

    def pause(self, failures: int, retry_after: Seconds | None) -> Seconds:
        """How long to wait behind so many failures; what the other side asks for, within limits."""
        doubled = self.first_pause * 2 ** (failures - 1)
        return Seconds(min(self.longest_pause, max(doubled, retry_after or 0.0)))


PATIENT = Patience()
"""For whoever says nothing else."""


def keep_trying(
    patience: Patience, attempt: Callable[[], Result], progressed: Callable[[], bool]
) -> Result:
    """The attempt's result, or its last Interrupted once patience is at its end."""
    failures = 0
    while True:
        try:
            return attempt()
        except Interrupted as interruption:
            failures = 1 if progressed() else failures + 1
            if failures >= patience.attempts:
                raise
            patience.wait(patience.pause(failures, interruption.retry_after))
