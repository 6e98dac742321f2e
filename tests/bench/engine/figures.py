"""The bench's arithmetic: medians, percentiles, gaps, rates. Pure.

Times are seconds on one monotonic clock. Every function wants at least one sample and
raises ValueError without.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from itertools import pairwise


def median(samples: Sequence[float]) -> float:
    """The middle sample."""
    if not samples:
        raise ValueError("no samples")
    return statistics.median(samples)


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that ``share`` (0 to 1) of all samples do not exceed."""
    if not samples:
        raise ValueError("no samples")
    ordered = sorted(samples)
    rank = -(-len(ordered) * share // 1)
    return ordered[max(0, int(rank) - 1)]


def p95(samples: Sequence[float]) -> float:
    """What 19 of 20 samples do not exceed."""
    return percentile(samples, 0.95)


def gaps(times: Sequence[float]) -> list[float]:
    """The time between each arrival and the next."""
    return [later - earlier for earlier, later in pairwise(times)]


def rate(times: Sequence[float], sizes: Sequence[int], tokens: int) -> float:
    """Tokens a second from the first arrival to the last.

    ``sizes`` are the arrivals' lengths in characters: what came first counts for as many
    of the ``tokens`` as its length, at least one, and is not part of the rate.
    """
    if len(times) < 2 or times[-1] <= times[0]:
        raise ValueError("a rate wants two arrivals")
    first = max(1.0, tokens * sizes[0] / max(1, sum(sizes)))
    return max(0.0, tokens - first) / (times[-1] - times[0])
