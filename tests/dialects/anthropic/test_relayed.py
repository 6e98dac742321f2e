"""A relayed answer, read on its way: what is passed on, what is held, how it stands."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.dialects.anthropic import RelayedStream


def frame(kind: str, **fields) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def block(index: int, kind: str) -> bytes:
    return frame("content_block_start", index=index, content_block={"type": kind})


def text(index: int, words: str) -> bytes:
    return frame("content_block_delta", index=index, delta={"type": "text_delta", "text": words})


def stop(index: int) -> bytes:
    return frame("content_block_stop", index=index)


def arguments(index: int, piece: str) -> bytes:
    delta = {"type": "input_json_delta", "partial_json": piece}
    return frame("content_block_delta", index=index, delta=delta)


START, PING = frame("message_start", message={}), b"event: ping\ndata: {}\n\n"
TEXT = block(0, "text") + text(0, "I will ") + text(0, "look.") + stop(0)
CALL = block(1, "tool_use") + arguments(1, '{"a":') + arguments(1, "1}") + stop(1)
DELTA = frame("message_delta", delta={"stop_reason": "tool_use"})
END = frame("message_stop")
WHOLE = START + PING + TEXT + CALL + DELTA + END


@given(st.lists(st.integers(0, len(WHOLE))))
def test_a_whole_answer_is_passed_on_byte_for_byte(cuts):
    stream, places = RelayedStream(), [0, *sorted(cuts), len(WHOLE)]
    passed = b"".join(stream.feed(WHOLE[begin:end]) for begin, end in pairwise(places))
    assert passed == WHOLE
    assert (stream.is_whole, stream.calls, stream.text()) == (True, 1, "I will look.")


@pytest.mark.parametrize("part", [1, 40, len(CALL) - 1])
def test_of_half_a_call_nothing_is_passed_on_nor_the_end_before_it(part):
    stream = RelayedStream()
    assert stream.feed(START + TEXT + CALL[:part]) == START + TEXT.removesuffix(stop(0))
    assert (stream.open, stream.blocks, stream.completed, stream.calls) == ("text", 1, 0, 0)
    assert not stream.is_strange


def test_pings_pass_while_a_call_is_held():
    stream = RelayedStream()
    stream.feed(START + block(0, "tool_use"))
    assert stream.feed(PING) == PING
    assert stream.blocks == 0


def test_a_whole_call_is_passed_on():
    stream = RelayedStream()
    assert stream.feed(START + TEXT + CALL) == START + TEXT + CALL
    assert (stream.calls, stream.completed, stream.open) == (1, 2, None)
    assert stream.ending() is None


def test_thinking_is_over_when_text_begins():
    stream = RelayedStream()
    assert stream.feed(START + block(0, "thinking") + stop(0)) == START + block(0, "thinking")
    assert stream.completed == 0
    assert stream.feed(block(1, "text")) == stop(0) + block(1, "text")
    assert (stream.completed, stream.open) == (1, "text")


def test_where_only_the_last_event_is_missing_it_is_known():
    stream = RelayedStream()
    stream.feed(START + TEXT + CALL + DELTA)
    ending = stream.ending()
    assert ending is not None
    assert ending.startswith(DELTA)
    assert b"event: message_stop" in ending


@pytest.mark.parametrize(
    "odd", [block(0, "server_tool_use"), b"event: content_block_start\ndata: {\n\n"]
)
def test_what_is_not_known_is_passed_on_and_nobody_goes_on_with_it(odd):
    stream = RelayedStream()
    assert stream.feed(START + odd + b"event: conte") == START + odd + b"event: conte"
    assert stream.is_strange


def test_text_that_cannot_be_read_is_found_out_when_it_is_wanted():
    stream, odd = RelayedStream(), b'event: content_block_delta\ndata: {"text_delta"\n\n'
    assert stream.feed(START + block(0, "text") + odd) == START + block(0, "text") + odd
    assert not stream.is_strange
    assert stream.text() == ""
    assert stream.is_strange
