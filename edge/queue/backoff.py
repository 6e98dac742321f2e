"""When a job that did not get its answer is asked again, and when never. Pure.

Called by the runner.
"""

from __future__ import annotations

from edge.units import Seconds

FIRST_WAIT = Seconds(15.0)
"""After the first failure in a row; each further wait is twice the one before."""
LONGEST_WAIT = Seconds(900.0)

PASSING = frozenset({408, 425, 429})
"""Refusals that say "not now": the same request may be taken later."""


def is_final(status: int) -> bool:
    """Whether asking again would bring the same refusal."""
    return 400 <= status < 500 and status not in PASSING


def wait_after(failures: int, asked: Seconds | None = None) -> Seconds:
    """How long to wait after so many failures in a row; ``asked`` is what the server wants at
    least."""
    doubled = FIRST_WAIT * 2 ** min(max(failures, 1) - 1, 16)
    return Seconds(max(min(LONGEST_WAIT, doubled), asked or 0.0))
