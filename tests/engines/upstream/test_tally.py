"""What answers took, by their events and by their bytes."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.chat import Finished, Started, TextDelta, ToolCallDelta, Usage
from edge.engines.base import Used
from edge.engines.upstream.tally import KEPT, UNPACKED, WHOLE, HeardTally, RelayTally
from edge.units import Tokens

PROMPT = Usage(Tokens(10), Tokens(2_000), Tokens(300), Tokens(1))
WORDS = "a word and another word "


def event(name: str, **data: Any) -> bytes:
    text = json.dumps({"type": name, **data}, separators=(",", ":"))
    return f"event: {name}\ndata: {text}\n\n".encode()


BEGIN = event(
    "message_start",
    message={
        "id": "msg_1",
        "usage": {
            "input_tokens": 10,
            "cache_read_input_tokens": 2_000,
            "cache_creation_input_tokens": 300,
            "cache_creation": {"ephemeral_5m_input_tokens": 300},
            "output_tokens": 1,
        },
    },
)
END = event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 77})
STOP = event("message_stop")


def says(text: str = WORDS) -> bytes:
    return event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


def chunk(**data: Any) -> bytes:
    return b"data: " + json.dumps({"id": "x", **data}).encode() + b"\n\n"


def fed(*chunks: bytes, dialect: Any = "anthropic", **options: Any) -> Used | None:
    given = {"status": 200, "encoding": None, "stream": True, **options}
    tally = RelayTally(dialect, **given)
    for one in chunks:
        tally.feed(one)
    return tally.used()


# --- bytes ------------------------------------------------------------------------------


def test_a_stream_says_at_its_beginning_and_at_its_end():
    counted = Used(Usage(Tokens(10), Tokens(2_000), Tokens(300), Tokens(77)), counted=True)
    middle = says() * 2_000
    assert len(middle) > 4 * KEPT
    assert fed(BEGIN, says(), END, STOP) == counted
    assert fed(BEGIN + middle + END + STOP) == counted
    assert fed(BEGIN, middle, END.replace(b"\n", b"\r\n"), STOP) == counted


@given(st.lists(st.integers(1, 900), max_size=40))
def test_it_does_not_matter_how_the_bytes_come(sizes: list[int]):
    whole = BEGIN + says() * 300 + END + STOP
    pieces, rest = [], whole
    for size in sizes:
        pieces.append(rest[:size])
        rest = rest[size:]
    used = fed(*pieces, rest)
    assert used is not None
    assert used.usage.output == 77


def test_one_that_breaks_off_is_guessed_by_its_length():
    used = fed(BEGIN, *[says()] * 100)
    assert used is not None
    assert not used.counted
    assert used.usage.cache_read == 2_000
    assert len(WORDS) * 100 / 3.6 == pytest.approx(used.usage.output, rel=0.25)
    assert fed(BEGIN) == Used(PROMPT, counted=False)


def test_what_is_quoted_in_an_answer_is_not_its_count():
    lie = says('"message_delta" "usage":{"output_tokens":999999} data: {"usage":{}}\n')
    used = fed(BEGIN, lie, END, STOP)
    assert used is not None
    assert used.usage.output == 77
    cut = fed(BEGIN, lie)
    assert cut is not None
    assert cut.usage.output < 200
    assert not cut.counted


def test_streams_of_the_other_dialect():
    said = [chunk(choices=[{"delta": {"content": "x"}}], usage=None) for _ in range(5)]
    counts = chunk(choices=[], usage={"prompt_tokens": 8, "completion_tokens": 6})
    done = b"data: [DONE]\n\n"
    assert fed(*said, counts, done, dialect="openai") == Used(
        Usage(Tokens(8), output=Tokens(6)), counted=True
    )
    assert fed(*said, done, dialect="openai") == Used(Usage(output=Tokens(5)), counted=False)


def test_an_answer_in_one_piece():
    tool = {"type": "tool_use", "input": {"usage": {"input_tokens": 10**9}}}
    counts = {"input_tokens": 4, "output_tokens": 5}
    for body in ({"usage": counts, "content": [tool]}, {"content": [tool], "usage": counts}):
        sent = json.dumps(body).encode()
        used = fed(sent[:9], sent[9:], stream=False)
        assert used == Used(Usage(Tokens(4), output=Tokens(5)), counted=True)
    huge = json.dumps({"content": "x" * WHOLE, "usage": counts}).encode()
    used = fed(huge, stream=False)
    assert used is not None
    assert not used.counted
    assert used.usage.output == round(len(huge) / 3.6)


def test_packed_answers_are_unpacked_beside():
    packed = gzip.compress(BEGIN + says() * 500 + END + STOP)
    pieces = [packed[at : at + 50] for at in range(0, len(packed), 50)]
    assert fed(*pieces, encoding="gzip") == fed(BEGIN, END, STOP)
    other = fed(b"\x01\x02" * 500, encoding="br")
    assert other == Used(Usage(output=Tokens(278)), counted=False)


def test_what_swells_or_is_not_packed_at_all_is_guessed():
    bomb = gzip.compress(b"x" * (4 * UNPACKED))
    for sent in (bomb, b"not packed"):
        used = fed(sent, encoding="gzip")
        assert used is None or not used.counted


@pytest.mark.parametrize("status", [400, 429, 529])
def test_a_refusal_takes_nothing(status: int):
    assert fed(BEGIN, END, status=status) is None


def test_nothing_takes_nothing():
    assert fed() is None


@given(st.lists(st.binary(max_size=99), max_size=9), st.booleans(), st.sampled_from(["", "gzip"]))
def test_any_bytes_are_borne(chunks: list[bytes], stream: bool, encoding: str):
    for dialect in ("anthropic", "openai"):
        fed(*chunks, dialect=dialect, stream=stream, encoding=encoding or None)


# --- events -----------------------------------------------------------------------------


def heard(*events: Any) -> Used | None:
    tally = HeardTally()
    for one in events:
        tally.hear(one)
    return tally.used()


def test_events_are_counted_by_their_end():
    end = Usage(Tokens(7), output=Tokens(3))
    said = (Started("m", Usage()), TextDelta("hello"), Finished("end_turn", end))
    assert heard(*said) == Used(end, counted=True)


def test_events_that_break_off_or_say_no_count_are_guessed():
    text, call = TextDelta("x" * 36), ToolCallDelta("y" * 36)
    guess = Used(Usage(Tokens(10), Tokens(2_000), Tokens(300), Tokens(20)), counted=False)
    assert heard(Started("m", PROMPT), text, call) == guess
    uncounted = heard(Started("m", Usage()), text, Finished("end_turn", Usage()))
    assert uncounted == Used(Usage(output=Tokens(10)), counted=False)
    assert heard() is None
