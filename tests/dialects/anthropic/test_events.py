"""The client's side: an Anthropic server's stream read back into events."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.chat import (
    Failed,
    Finished,
    Started,
    TextDelta,
    ThinkingDelta,
    ThinkingOption,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    Usage,
)
from edge.dialects.anthropic import EventParser, StreamRenderer
from edge.dialects.framing import LONGEST_EVENT, MOST_BYTES
from edge.errors import EngineError, Overloaded
from edge.units import Seconds, Tokens
from tests.dialects.anthropic import strategies

START = {"type": "message_start", "message": {"model": "m", "usage": {"input_tokens": 7}}}
STOP = {"type": "message_stop"}


def stream(*frames):
    return "".join(f"event: {f['type']}\ndata: {json.dumps(f)}\n\n" for f in frames).encode()


def parse(*chunks):
    parser = EventParser()
    events = [event for chunk in chunks for event in parser.feed(chunk)]
    return events + parser.close()


@given(strategies.answers(), st.lists(st.integers(0, 9999), max_size=6), st.booleans())
def test_reads_back_what_was_rendered(events, places, pauses):
    renderer = StreamRenderer("msg_1", ThinkingOption("adaptive"))
    sent = b"".join(
        renderer.render(event) + (renderer.keepalive(Seconds(61)) if pauses else b"")
        for event in events
    )
    edges = [0, *sorted(place % (len(sent) + 1) for place in places), len(sent)]
    chunks = [sent[a:b] for a, b in itertools.pairwise(edges)]
    assert parse(*chunks) == events


@given(strategies.answers(), st.integers(0, 99999))
def test_a_stream_cut_anywhere_is_never_a_success(events, place):
    renderer = StreamRenderer("msg_1", ThinkingOption("adaptive"))
    sent = b"".join(renderer.render(event) for event in events)
    ending = b'data: {"type":"message_stop"}'
    read = parse(sent[: place % (len(sent) - len(ending) - 2)])
    assert isinstance(read[-1], Failed)
    assert [event for event in read if isinstance(event, Failed | Finished)] == read[-1:]
    assert read[-1].error.origin == "upstream"


def test_what_the_real_server_sends_beyond_ours():
    read = parse(
        stream(
            START,
            {"type": "ping"},
            {
                "type": "content_block_start",
                "index": 0,
                "content_block": {"type": "text", "text": "a"},
            },
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "citations_delta", "citation": {}},
            },
            {"type": "content_block_stop", "index": 0},
            {
                "type": "content_block_start",
                "index": 1,
                "content_block": {"type": "server_tool_use", "id": "s", "name": "web", "input": {}},
            },
            {
                "type": "content_block_delta",
                "index": 1,
                "delta": {"type": "input_json_delta", "partial_json": "{}"},
            },
            {"type": "content_block_stop", "index": 1},
            {
                "type": "content_block_start",
                "index": 2,
                "content_block": {"type": "redacted_thinking", "data": "x"},
            },
            {"type": "content_block_stop", "index": 2},
            {
                "type": "content_block_start",
                "index": 3,
                "content_block": {"type": "tool_use", "id": "t", "name": "n", "input": {"a": 1}},
            },
            {"type": "content_block_stop", "index": 3},
            {
                "type": "content_block_start",
                "index": 4,
                "content_block": {"type": "tool_use", "id": "u", "name": "n", "input": {}},
            },
            {
                "type": "content_block_delta",
                "index": 4,
                "delta": {"type": "input_json_delta", "partial_json": ""},
            },
            {"type": "content_block_stop", "index": 4},
            {"type": "novelty"},
            {
                "type": "message_delta",
                "delta": {"stop_reason": "novel_reason"},
                "usage": {"output_tokens": 5, "input_tokens": None},
            },
            STOP,
            {"type": "novelty"},
        )
    )
    assert read == [
        Started("m", Usage(Tokens(7))),
        TextDelta("a"),
        ToolCallStarted("t", "n"),
        ToolCallDelta('{"a":1}'),
        ToolCallEnded(),
        ToolCallStarted("u", "n"),
        ToolCallDelta("{}"),
        ToolCallEnded(),
        Finished("end_turn", Usage(Tokens(7), output=Tokens(5))),
    ]


def test_thinking_given_at_the_start_of_its_block():
    block = {"type": "thinking", "thinking": "hm"}
    read = parse(stream(START, {"type": "content_block_start", "index": 0, "content_block": block}))
    assert read[1] == ThinkingDelta("hm")


def test_an_error_event_keeps_its_kind():
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    read = parse(stream(START, error, STOP))
    assert len(read) == 2
    assert isinstance(read[1].error, Overloaded)
    assert str(read[1].error) == "Overloaded"


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"<html>captive portal</html>",
        b"data: {\n\n",
        b"data: []\n\n",
        b"data: " + b"[" * 100_000 + b"\n\n",
        b"data: {}\n\n",
        stream({"type": "message_start"}),
        stream({"type": "message_start", "message": None}),
        stream(
            {"type": "message_start", "message": {"model": "m", "usage": {"input_tokens": "x"}}}
        ),
        stream(STOP),
        stream(START, {"type": "content_block_delta", "index": 0}),
        stream(START, {"type": "message_delta", "delta": {"safeguard_results": [None]}}),
        stream(
            START,
            {
                "type": "content_block_start",
                "index": 0,
                "content_block": {"type": "tool_use", "id": "t", "name": "n"},
            },
            STOP,
        ),
    ],
    ids=range(13),
)
def test_a_stream_of_something_else_fails(sent):
    read = parse(sent)
    assert isinstance(read[-1], Failed)
    assert isinstance(read[-1].error, EngineError)
    assert not [event for event in read if isinstance(event, Finished)]


def block(index, **fields):
    return {"type": "content_block_start", "index": index, "content_block": fields}


CALL = block(0, type="tool_use", id="t", name="n")
SAID = {
    "type": "content_block_delta",
    "index": 0,
    "delta": {"type": "text_delta", "text": "a"},
}


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        ([START, START], "a second message_start"),
        ([START, CALL, block(1, type="text")], "a block inside a tool call"),
        ([START, CALL, SAID], "text_delta inside a tool call"),
        ([START, STOP], "message_stop before message_delta"),
    ],
)
def test_events_in_the_wrong_order_fail(frames, words):
    assert words in str(parse(stream(*frames))[-1].error)


def test_a_line_without_end_and_an_answer_without_end_are_given_up():
    parser = EventParser()
    fed, events = 0, parser.feed(b"data: ")
    while not events:
        events = parser.feed(b"x" * 65_536)
        fed += 65_536
    assert fed <= LONGEST_EVENT + 65_536
    assert "more than" in str(events[0].error)
    assert parser.feed(b"more") == parser.close() == []
    parser, events, fed = EventParser(), [], 0
    line = stream({"type": "ping", "pad": "x" * 4_000_000})
    while not events:
        events = parser.feed(line)
        fed += len(line)
    assert fed <= MOST_BYTES + len(line)
