"""The streamed answer, frame by frame, and as the official client reads it."""

import json

import pytest
from hypothesis import given
from openai.types.chat import ChatCompletionChunk

from edge.chat import (
    Failed,
    Finished,
    Progress,
    RelayChunk,
    Started,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    Usage,
)
from edge.dialects.openai import StreamRenderer
from edge.errors import EngineError, Overloaded
from edge.units import Seconds, Tokens
from tests.dialects.openai import strategies

BEGUN = Started("m", Usage(Tokens(3)))
COUNTED = Usage(Tokens(3), Tokens(2), Tokens(1), Tokens(4))


def frames(*events, usage=False):
    renderer = StreamRenderer("chatcmpl-1", 7, usage=usage)
    sent = b"".join(renderer.render(event) for event in events).decode()
    assert sent.endswith("\n\n")
    lines = sent.removesuffix("\n\n").split("\n\n")
    assert all(line.startswith("data: ") for line in lines)
    return [line.removeprefix("data: ") for line in lines]


def deltas(*events):
    *chunks, done = frames(*events)
    assert done == "[DONE]"
    return [json.loads(chunk)["choices"][0]["delta"] for chunk in chunks]


def test_every_frame_of_a_plain_answer():
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 7, "model": "m"}
    *chunks, done = frames(BEGUN, TextDelta("Hi"), TextDelta(""), Finished("end_turn", COUNTED))
    assert done == "[DONE]"
    assert [json.loads(chunk) for chunk in chunks] == [
        {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
        for delta, reason in [
            ({"role": "assistant", "content": ""}, None),
            ({"content": "Hi"}, None),
            ({}, "stop"),
        ]
    ]


def test_counts_come_only_when_asked_for():
    *chunks, last, _ = map(str, frames(BEGUN, Finished("end_turn", COUNTED), usage=True))
    assert all(json.loads(chunk)["usage"] is None for chunk in chunks)
    assert json.loads(last)["choices"] == []
    assert json.loads(last)["usage"] == {
        "prompt_tokens": 6,
        "completion_tokens": 4,
        "total_tokens": 10,
        "prompt_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 1},
    }


def test_thinking_and_calls():
    assert deltas(
        BEGUN,
        Progress(Tokens(1), Tokens(2)),
        ThinkingDelta("hm"),
        ToolCallStarted("c1", "A"),
        ToolCallDelta('{"a"'),
        ToolCallDelta(":1}"),
        ToolCallEnded(),
        ToolCallStarted("c2", "B"),
        ToolCallEnded(),
        Finished("tool_use", Usage()),
    )[1:-1] == [
        {"reasoning_content": "hm"},
        {"tool_calls": [{"index": 0, "id": "c1", "type": "function",
                         "function": {"name": "A", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"a"'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]},
        {"tool_calls": [{"index": 1, "id": "c2", "type": "function",
                         "function": {"name": "B", "arguments": ""}}]},
        {"tool_calls": [{"index": 1, "function": {"arguments": "{}"}}]},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        (Finished("stop_sequence", Usage(), "</a>"),
         {"finish_reason": "stop", "stop_reason": "</a>"}),
        (Finished("max_tokens", Usage()), {"finish_reason": "length"}),
        (Finished("model_context_window_exceeded", Usage()), {"finish_reason": "length"}),
        (Finished("refusal", Usage()), {"finish_reason": "content_filter"}),
        (Finished("pause_turn", Usage()), {"finish_reason": "stop"}),
    ],
)  # fmt: skip
def test_how_it_ends(ending, expected):
    last = json.loads(frames(BEGUN, ending)[-2])["choices"][0]
    assert last == {"index": 0, "delta": {}, **expected}


def test_a_failure_ends_the_stream_without_done():
    *_, last = frames(BEGUN, TextDelta("half"), Failed(Overloaded("full")))
    assert json.loads(last)["error"]["message"] == "full"


def test_a_failure_before_the_start_is_raised():
    with pytest.raises(Overloaded):
        StreamRenderer("chatcmpl-1", 7).render(Failed(Overloaded("full")))


def test_relayed_bytes_are_not_rendered():
    with pytest.raises(EngineError):
        StreamRenderer("chatcmpl-1", 7).render(RelayChunk(b"x"))


def test_a_comment_keeps_the_client_waiting():
    renderer = StreamRenderer("chatcmpl-1", 7)
    assert renderer.keepalive(Seconds(99)) == b""
    renderer.render(BEGUN)
    assert renderer.keepalive(Seconds(9)) == b": keep-alive\n\n"
    renderer.render(Finished("end_turn", Usage()))
    assert renderer.keepalive(Seconds(9)) == b""


@given(strategies.answers())
def test_every_chunk_is_one_of_the_official_client(events):
    *chunks, _ = frames(*events, usage=True)
    for chunk in chunks:
        ChatCompletionChunk.model_validate_json(chunk, strict=True)
