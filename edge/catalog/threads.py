"""With how many threads a model starts, and which counts are worth a try; pure.

Counts of cores in, counts of threads out, with the reason. Knows no clock: what is
fastest, only a measurement can say, and the worker makes it. Called by the planner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.state import BoardFacts, CoreKind

BIG_CAPACITY = 0.7
"""A core rated at this share of the best is a big one: of RK3588 (1024 and 530), Intel's
mixed cores (1024 and about 680) and three-cluster phones' chips (1024, 866, 279) it takes
those that keep up with one another."""

BIG_CLOCK = 0.85
"""The same by clocks alone, which hide how narrow a little core is."""

UNKNOWN_CORES = 4


@dataclass(frozen=True, slots=True)
class ThreadPlan:
    """``start`` and what else to try, the start among it; nothing to try where it is empty."""

    start: int
    writing: tuple[int, ...]
    """For steps of one token."""
    reading: tuple[int, ...]
    """For prompts."""
    reason: str


def plan_threads(board: BoardFacts, wished: int | None, *, on_gpu: bool) -> ThreadPlan:
    """One thread for each big core at first: a little one would hold up the others at every
    layer."""
    if wished:
        return ThreadPlan(wished, (), (), f"{wished} threads, as configured")
    every = board.cores or UNKNOWN_CORES
    start = min(every, big_cores(board.core_kinds) or every)
    reason = _reason(board, start, every)
    if on_gpu:
        return ThreadPlan(start, (), (), reason)
    writing = _distinct(start, start - 1, (start + 1) // 2, every)
    return ThreadPlan(start, writing, _distinct(start, start - 1, every), reason)


def big_cores(kinds: Sequence[CoreKind]) -> int | None:
    """Cores that keep up with the strongest; None where nothing is known of them."""
    if not kinds:
        return None
    return sum(kind.count for kind in kinds if _keeps_up(kind, kinds[0]))


def _keeps_up(kind: CoreKind, best: CoreKind) -> bool:
    if kind.capacity and best.capacity:
        return kind.capacity >= BIG_CAPACITY * best.capacity
    if kind.top_khz and best.top_khz:
        return kind.top_khz >= BIG_CLOCK * best.top_khz
    return True


def _distinct(*counts: int) -> tuple[int, ...]:
    """Worth a comparison, so at least two; nothing otherwise."""
    found = tuple(dict.fromkeys(count for count in counts if count > 0))
    return found if len(found) > 1 else ()


def _reason(board: BoardFacts, start: int, every: int) -> str:
    present = sum(kind.count for kind in board.core_kinds)
    if board.cores is None:
        return f"{start} threads, as the cores are unknown"
    if board.cpu_quota is not None and start == every and present > every:
        return f"{start} threads, all that {board.cpu_quota:g} CPUs' time is good for"
    if start < present:
        return f"{start} threads, one for each big core of {present}"
    return f"{start} threads, one for each core"
