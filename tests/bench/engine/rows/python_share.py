"""Row: what a decode step takes beside llama_decode, as a share of a step of 20 ms.

The time between two tokens as a client sees them, less the median llama_decode of the bare
loop at the same depth; rounds alternate, and the middle round's difference counts. So the
figure holds the worker's Python, the daemon's, and the sockets between.
"""

from __future__ import annotations

import json

from tests.bench.engine.asks import STORY
from tests.bench.engine.figures import gaps, median
from tests.bench.engine.result import Bar, Beside, Result
from tests.bench.engine.rig import Rig
from tests.bench.engine.stream import Answer

WHAT = "outside llama_decode, of a 20 ms step"
BAR = Bar("at most", 3.0, " %")
STEP_MS = 20.0
ONE_BY_ONE = 0.8
"""Arrivals for each token, from which a gap stands for one token."""


def measure(rig: Rig) -> Result:
    body = rig.short_body(STORY)
    text = json.dumps(body)
    with rig.codriver() as ours, rig.raw() as raw:
        first = ours.ask(body)
        steps, bare = [], []
        for _ in range(rig.rounds + 2):
            steps.append(1000 * step(ours.ask(body)))
            bare.append(1000 * median(raw.decode(text, first.prompt, first.written).decode))
    over = median([mine - theirs for mine, theirs in zip(steps, bare, strict=True)])
    value, against = median(steps), median(bare)
    return Result(
        what=WHAT,
        unit="ms",
        value=value,
        beside=(Beside("raw llama_decode", against),),
        judged=100 * over / STEP_MS,
        bar=BAR,
        notes=(f"{over:.2f} ms a step, {100 * over / against:.1f} % of llama_decode here",),
    )


def step(answer: Answer) -> float:
    """Seconds for a token: the median gap, or the mean where tokens come in groups."""
    if len(answer.arrivals) >= ONE_BY_ONE * answer.written:
        return median(gaps(answer.times))
    return 1 / answer.rate()
