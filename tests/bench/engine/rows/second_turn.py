"""Row: time to the first token of a session's later turns, against llama-server's.

The session's first turn is the client's whole prompt, cold; each later turn is what was
said so far, the assistant's words and the person's next ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import cycle, islice
from typing import Any

from tests.bench.engine.asks import NEXT, SAID
from tests.bench.engine.figures import median, p95
from tests.bench.engine.result import Bar, Beside, Result, ratio
from tests.bench.engine.rig import Rig, Served
from tests.bench.engine.shape import continued
from tests.bench.engine.stream import Answer

WHAT = "first token of the next turn"
BAR = Bar("at most", 1.0)


def turns(body: Mapping[str, Any], count: int) -> Iterator[dict[str, Any]]:
    """The session's turns after its first, ``count`` of them."""
    grown = dict(body)
    for words in islice(cycle(NEXT), count):
        grown = continued(grown, SAID, words)
        yield grown


def measure(rig: Rig) -> Result:
    with rig.codriver() as ours:
        body = rig.long_body(ours)
        first, later = session(rig, ours, body)
    waits, notes, beside = [turn.ttft for turn in later], [_note(ours, first, later)], []
    for start in rig.beside():
        with start() as peer:
            cold, warm = session(rig, peer, body)
            beside.append(Beside(peer.name, median([turn.ttft for turn in warm])))
            notes.append(_note(peer, cold, warm))
    value = median(waits)
    return Result(
        what=WHAT,
        unit="s",
        value=value,
        p95=p95(waits),
        beside=tuple(beside),
        judged=ratio(value, beside[0].value) if beside else math.nan,
        bar=BAR,
        notes=tuple(notes),
    )


def session(rig: Rig, server: Served, body: Mapping[str, Any]) -> tuple[Answer, list[Answer]]:
    """The first turn, cold, and the later ones."""
    first = server.ask(body)
    rig.known[f"{server.name} cold"] = first.ttft
    return first, [server.ask(turn) for turn in turns(body, rig.rounds + 1)]


def _note(server: Served, first: Answer, later: list[Answer]) -> str:
    cached = ", ".join(f"{turn.cached} of {turn.prompt}" for turn in later)
    return f"{server.name}: cold {first.ttft:.1f} s; from the cache: {cached}"
