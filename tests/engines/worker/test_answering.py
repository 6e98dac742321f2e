"""One running answer: what it takes from logits, and what it asks for next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.engines.frames import Done, FromWorker, Piece, SamplingValues
from edge.engines.worker.answering import Answering, Order
from edge.engines.worker.drafts import Drafts
from edge.engines.worker.pace import Pace
from edge.engines.worker.stops import StopFilter
from edge.engines.worker.writer import Grip, Writer
from edge.toolcalls import Family, Parser

PIECES = [b"", b"a", b"b", b"<", b"tool_", b"response", b"c", b"d", b"e", b"f"]
END = 0


class Vocabulary:
    def piece(self, token: int) -> bytes:
        return PIECES[token]

    def ends_generation(self, token: int) -> bool:
        return token == END


def started(
    *,
    max_tokens: int | None = None,
    stop: Sequence[str] = (),
    drafts: Drafts | None = None,
    unwritten: tuple[bytes, ...] = (),
) -> tuple[Answering, list[FromWorker]]:
    stops = StopFilter(list(stop))
    writer = Writer(
        1,
        Parser((), Family.GENERIC),
        stops,
        Grip(None, whole=False),
        compile_grammar=lambda _text: (_ for _ in ()).throw(AssertionError),
        parallel=True,
    )
    order = Order(
        1, SamplingValues(temperature=0), max_tokens, writer, None, lambda: stops.met, unwritten
    )
    return Answering(order, Vocabulary(), 9, drafts), []


def row(*best: int) -> np.ndarray:
    """Logits with these tokens first, in order."""
    logits = np.zeros(len(PIECES), dtype=np.float32)
    for rank, token in enumerate(best):
        logits[token] = 9 - rank
    return logits


def text(sent: Sequence[FromWorker]) -> str:
    return "".join(frame.text for frame in sent if isinstance(frame, Piece))


def test_a_token_is_said_and_pending():
    answer, sent = started()
    assert answer.take([row(1)], sent.append) == 1
    assert (text(sent), answer.pending, answer.ended) == ("a", [1], None)


def test_the_end_of_generation_is_told_with_the_count():
    answer, sent = started()
    answer.take([row(1)], sent.append)
    answer.take([row(END)], sent.append)
    assert sent[-1] == Done(1, "end_turn", 1, None)


def test_max_tokens():
    answer, sent = started(max_tokens=2)
    answer.take([row(1)], sent.append)
    answer.take([row(2)], sent.append)
    assert answer.ended == "max_tokens"
    assert text(sent) == "ab"


def test_a_stop_sequence_is_not_said():
    answer, sent = started(stop=["ab"])
    answer.take([row(1)], sent.append)
    answer.take([row(2)], sent.append)
    assert text(sent) == ""
    assert sent[-1] == Done(1, "stop_sequence", 2, "ab")


def drafting() -> Drafts:
    return Drafts(Pace(64), [1, 2, 6, 7, 8, 1, 2])


def test_drafts_stand_as_far_as_they_are_chosen():
    answer, sent = started(drafts=drafting())
    answer.take([row(6)], sent.append)
    assert answer.pending[:3] == [6, 7, 8]
    rows = [row(7), row(9), *[row(1)] * (len(answer.pending) - 2)]
    assert answer.take(rows, sent.append) == 2
    assert text(sent) == "c" + "d" + "f"
    assert answer.pending[0] == 9


def test_a_draft_behind_the_end_does_not_stand():
    answer, sent = started(drafts=drafting())
    answer.take([row(6)], sent.append)
    rows = [row(END)] * len(answer.pending)
    assert answer.take(rows, sent.append) == 1
    assert answer.ended == "end_turn"


def test_what_must_not_be_written_is_not():
    answer, sent = started(unwritten=(b"<tool_response",))
    for best in ((3,), (4,), (5, 6), (END,)):
        answer.take([row(*best)], sent.append)
    assert text(sent) == "<tool_c"


def test_the_room_bounds_what_is_pending():
    answer, sent = started(drafts=drafting())
    answer.take([row(6)], sent.append)
    answer.trim(2)
    assert answer.pending == [6, 7]
    answer.trim(0)
    assert answer.pending == [6]


def test_what_is_expected_is_judged_by_who_said_it():
    own = drafting()
    answer, sent = started(drafts=own, max_tokens=9)
    answer.take([row(9)], sent.append)
    assert (answer.pending, answer.left, answer.is_held) == ([9], 8, False)
    judged: list[tuple[int, int]] = []
    answer.expect([7, 8], lambda *counts: judged.append(counts))
    assert answer.pending == [9, 7, 8]
    assert answer.take([row(7), row(1), row(1)], sent.append) == 2
    assert answer.take([row(6)], sent.append) == 1
    assert (judged, own.drafted) == ([(2, 1)], 0)


def test_that_nothing_was_expected_is_judged_too():
    answer, sent = started(drafts=drafting())
    answer.take([row(9)], sent.append)
    judged: list[tuple[int, int]] = []
    answer.expect([], lambda *counts: judged.append(counts))
    answer.take([row(5)], sent.append)
    assert judged == [(0, 0)]
