"""Row: tokens a second of a cold long prompt, against llama.cpp with nothing around it.

An answer of one token ends when the prompt has been read: that is what is timed, from the
request's first byte to the answer's last, so HTTP, template and tokenizer count.
"""

from __future__ import annotations

import json

from tests.bench.engine.result import Bar, Beside, Result, ratio
from tests.bench.engine.rig import LLAMA_SERVER, Rig

WHAT = "prefill, cold"
BAR = Bar("at least", 0.97)
COLD = 0.02
"""A prompt of which more than this came from a cache was not cold."""


def measure(rig: Rig) -> Result:
    with rig.codriver() as served:
        body = rig.long_body(served) | {"max_tokens": 1}
        answer = served.ask(body)
    with rig.raw() as raw:
        seconds = raw.prefill(json.dumps(body), answer.prompt)
    value, against = answer.prompt / answer.seconds, answer.prompt / seconds
    rig.known["codriver cold"] = answer.seconds
    beside = [Beside("raw", against)]
    if rig.has(LLAMA_SERVER):
        with rig.llama_server() as peer:
            other = peer.ask(body)
        rig.known["llama-server cold"] = other.seconds
        beside.append(Beside(peer.name, other.prompt / other.seconds))
    cached = answer.cached > COLD * answer.prompt
    return Result(
        what=f"{WHAT} {answer.prompt} tokens",
        unit="tok/s",
        value=value,
        beside=tuple(beside),
        judged=ratio(value, against),
        bar=BAR,
        notes=(f"{answer.seconds:.1f} s over HTTP, {seconds:.1f} s raw",),
        spoilt=f"{answer.cached} tokens came from a cache" if cached else None,
    )
