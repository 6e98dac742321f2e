"""Who gets how much of one step's prompt tokens; pure.

The shortest prompt first, so that a title does not wait for a session; but the one that
has waited longest always gets its part, so that nobody starves.
"""

from __future__ import annotations

from collections.abc import Sequence

OLDEST_PART = 4
"""The prompt that came first gets at least one in so many tokens."""


def shares(left: Sequence[int], budget: int) -> list[int]:
    """``left``: tokens still to be read of each prompt, in the order they came. The same
    order back, ``budget`` in all at most."""
    given = [0] * len(left)
    if not left or budget <= 0:
        return given
    given[0] = min(left[0], max(1, budget // OLDEST_PART))
    spare = budget - given[0]
    for index in sorted(range(len(left)), key=lambda i: (left[i], i)):
        more = max(0, min(left[index] - given[index], spare))
        given[index] += more
        spare -= more
    return given
