"""Row: tokens a second of writing a shown file again with one change, against plain decoding.

Plain is the same prompt with a story asked for, on the same server. An answer that is not
the file does not count.
"""

from __future__ import annotations

from tests.bench.engine import workload
from tests.bench.engine.asks import STORY
from tests.bench.engine.figures import median
from tests.bench.engine.result import Bar, Beside, Result, ratio
from tests.bench.engine.rig import LLAMA_SERVER, Rig, Served
from tests.bench.engine.shape import asking, showing, timed, without_tools
from tests.bench.engine.stream import Answer

WHAT = "edit workload, 200 lines with one change"
BAR = Bar("at least", 2.0)
TOKENS = 3000
"""More than the file has; the answer ends where the model ends it."""

LIKE = 0.9


def measure(rig: Rig) -> Result:
    with rig.codriver() as ours:
        edit, plain, edited = _rates(rig, ours)
    beside = [Beside("codriver plain", plain)]
    notes = [_note(ours, edited)]
    if rig.has(LLAMA_SERVER):
        with rig.llama_server(speculate=True) as peer:
            theirs, theirs_plain, answer = _rates(rig, peer)
        beside += [Beside(f"{peer.name} ngram", theirs), Beside(f"{peer.name} plain", theirs_plain)]
        notes.append(_note(peer, answer))
    like = workload.likeness(edited.text)
    return Result(
        what=WHAT,
        unit="tok/s",
        value=edit,
        beside=tuple(beside),
        judged=ratio(edit, plain),
        bar=BAR,
        notes=tuple(notes),
        spoilt=None if like >= LIKE else f"the answer has {like:.0%} of the file's lines",
    )


def _rates(rig: Rig, server: Served) -> tuple[float, float, Answer]:
    """Rate of the edit, rate of a story behind the same prompt, the edit itself."""
    shown = showing(without_tools(rig.bodies.bare), workload.shown())
    edited = server.ask(timed(asking(shown, workload.EDIT), TOKENS))
    story = timed(asking(shown, STORY), rig.new_tokens)
    plain = [server.ask(story).rate() for _ in range(rig.rounds)]
    return edited.rate(), median(plain), edited


def _note(server: Served, edited: Answer) -> str:
    like = workload.likeness(edited.text)
    return f"{server.name}: {edited.written} tokens, {like:.0%} of the file's lines as wanted"
