"""Row: tokens a second of one client, against llama.cpp with nothing around it.

The prompts are warm, so that nothing but decoding is timed, from the first token to the
last; rounds alternate between the engines.
"""

from __future__ import annotations

import json
from contextlib import ExitStack

from tests.bench.engine.asks import STORY
from tests.bench.engine.figures import median
from tests.bench.engine.raw import Raw
from tests.bench.engine.result import Bar, Beside, Result, ratio
from tests.bench.engine.rig import Rig

WHAT = "decode, one client"
BAR = Bar("at least", 0.98)


def measure(rig: Rig) -> Result:
    body = rig.short_body(STORY)
    text = json.dumps(body)
    with ExitStack() as stack:
        ours = stack.enter_context(rig.codriver())
        raw = stack.enter_context(rig.raw())
        others = [stack.enter_context(start()) for start in rig.beside()]
        servers = [ours, *others]
        first = ours.ask(body)
        for other in others:
            other.ask(body)
        rates: dict[str, list[float]] = {server.name: [] for server in servers}
        bare: list[float] = []
        for _ in range(rig.rounds):
            for server in servers:
                rates[server.name].append(server.ask(body).rate())
            bare.append(raw_rate(raw, text, first.prompt, first.written))
    value, against = median(rates.pop(ours.name)), median(bare)
    return Result(
        what=WHAT,
        unit="tok/s",
        value=value,
        beside=(Beside("raw", against), *(Beside(n, median(r)) for n, r in rates.items())),
        judged=ratio(value, against),
        bar=BAR,
        notes=(f"{first.written} tokens behind a prompt of {first.prompt}, {rig.rounds} rounds",),
    )


def raw_rate(raw: Raw, text: str, prompt: int, new: int) -> float:
    """The bare loop's rate over the same number of tokens."""
    times = raw.decode(text, prompt, new).times
    return (len(times) - 1) / (times[-1] - times[0])
