"""Row: tokens a second of four clients together, against llama-server with four slots.

Each client has its own conversation and its prompt is warm: the same four are asked twice,
and the second time is timed while all four are answered: answers end where their model ends
them, and what is left of them then is written by fewer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.bench.engine.asks import OTHER_STORIES
from tests.bench.engine.figures import median
from tests.bench.engine.result import Bar, Beside, Result, ratio
from tests.bench.engine.rig import Rig, Served
from tests.bench.engine.stream import Answer, BenchError

WHAT = "decode, four clients together"
BAR = Bar("at least", 1.0)


def measure(rig: Rig) -> Result:
    with rig.codriver() as ours:
        rates = _rates(rig, ours)
    beside = []
    for start in rig.beside():
        with start() as peer:
            beside.append(Beside(peer.name, median(_rates(rig, peer))))
    value = median(rates)
    return Result(
        what=WHAT,
        unit="tok/s",
        value=value,
        beside=tuple(beside),
        judged=ratio(value, beside[0].value) if beside else math.nan,
        bar=BAR,
    )


def _rates(rig: Rig, server: Served) -> list[float]:
    _together(rig, server)
    return [total_rate(_together(rig, server)) for _ in range(rig.rounds)]


def _together(rig: Rig, server: Served) -> list[Answer]:
    bodies = [rig.short_body(words) for words in OTHER_STORIES]
    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(server.ask, bodies))


def total_rate(answers: Sequence[Answer]) -> float:
    """Tokens a second from the last one's first token to the first one's last; of answers that
    were not written together from the first token of any to the last of all."""
    if not all(answer.arrivals for answer in answers):
        raise BenchError("one of the clients got no content")
    firsts, lasts = [a.first for a in answers], [a.times[-1] for a in answers]
    began, ended = max(firsts), min(lasts)
    if began >= ended:
        began, ended = min(firsts), max(lasts)
    return sum(began < at <= ended for a in answers for at in a.times) / (ended - began)
