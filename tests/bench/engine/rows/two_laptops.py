"""Row: prompt tokens computed for two laptops' sessions and their titles, against new ones.

New is what no earlier request of the row began with, told by differences of count_tokens.
Two laptops run the same client in different projects, so tools and instructions are the
same where the client makes them the same. What the model wrote counts as new when it comes
back as part of a prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.bench.engine.asks import TITLES
from tests.bench.engine.result import Bar, Beside, Result, ratio
from tests.bench.engine.rig import LLAMA_SERVER, Rig, Served
from tests.bench.engine.rows.second_turn import turns
from tests.bench.engine.shape import asking, beginning, timed

WHAT = "prompt tokens computed, two laptops and titles"
BAR = Bar("at most", 1.05)
TURNS = 3

Body = Mapping[str, Any]


def measure(rig: Rig) -> Result:
    with rig.codriver() as ours:
        requests = interleaved(rig, rig.long_body(ours))
        fresh = [new_tokens(body, requests[:n], ours.count) for n, body in enumerate(requests)]
        computed = _computed(ours, requests)
    beside, notes = [Beside("new", sum(fresh))], [_note("codriver", computed), _note("new", fresh)]
    if rig.has(LLAMA_SERVER):
        with rig.llama_server() as peer:
            theirs = _computed(peer, requests)
        beside.append(Beside(peer.name, sum(theirs)))
        notes.append(_note(peer.name, theirs))
    return Result(
        what=WHAT,
        unit="tok",
        value=sum(computed),
        beside=tuple(beside),
        judged=ratio(sum(computed), sum(fresh)),
        bar=BAR,
        notes=tuple(notes),
    )


def _computed(server: Served, requests: Sequence[Body]) -> list[int]:
    return [server.ask(body).fresh for body in requests]


def _note(name: str, tokens: Sequence[int]) -> str:
    return f"{name}, by request: {' '.join(map(str, tokens))}"


def interleaved(rig: Rig, first: Body) -> list[dict[str, Any]]:
    """The requests of both laptops in the order they come: one turn of each in turn, each
    laptop's title behind its first."""
    second = timed(rig.bodies.full_elsewhere, 16) | {"tools": first["tools"]}
    titles = [timed(asking(rig.bodies.title, words), 16) for words in TITLES]
    laptops = [
        [dict(first), *turns(first, TURNS - 1)],
        [dict(second), *turns(second, TURNS - 1)],
    ]
    order: list[dict[str, Any]] = []
    for number in range(TURNS):
        for laptop, title in zip(laptops, titles, strict=True):
            order.append(laptop[number])
            if number == 0:
                order.append(title)
    return order


def new_tokens(body: Body, earlier: Sequence[Body], count: Callable[[Body], int]) -> int:
    """The tokens of ``body`` behind the longest beginning it shares with an earlier body."""
    shared = [part for one in earlier if (part := beginning(body, one)) is not None]
    return count(body) - max(map(count, shared), default=0)
