"""The answer in one piece."""

import json

import pytest
from hypothesis import given

from edge.chat import (
    Failed,
    Finished,
    SafeguardResult,
    Started,
    TextDelta,
    ThinkingDelta,
    ThinkingOption,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    Usage,
)
from edge.dialects.anthropic import MessageBuilder, StreamRenderer
from edge.errors import EngineError, Overloaded
from edge.units import Tokens
from tests.dialects.anthropic import strategies
from tests.dialects.anthropic.checker import Checked

START = Started("m", Usage(Tokens(3), Tokens(2), Tokens(1), Tokens(0)))
ON = ThinkingOption("adaptive")


def build(events, thinking=ON):
    builder = MessageBuilder("msg_1", thinking)
    for event in events:
        builder.add(event)
    return json.loads(builder.body())


def test_golden_message():
    finished = Finished(
        "tool_use",
        Usage(Tokens(3), Tokens(2), Tokens(1), Tokens(9)),
        None,
        (SafeguardResult("dangerous_tool_use"),),
    )
    call = [ToolCallStarted("toolu_1", "Bash"), ToolCallDelta('{"a":'), ToolCallDelta("1}")]
    assert build(
        [
            START,
            ThinkingDelta("hm"),
            TextDelta("H"),
            TextDelta("i"),
            *call,
            ToolCallEnded(),
            finished,
        ]
    ) == {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "Y29kcml2ZXI="},
            {"type": "text", "text": "Hi"},
            {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"a": 1}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 3,
            "cache_creation_input_tokens": 1,
            "cache_read_input_tokens": 2,
            "output_tokens": 9,
        },
        "safeguard_results": [
            {
                "type": "dangerous_tool_use",
                "status": {"type": "available", "tool_uses": {}},
            }
        ],
    }


@given(strategies.wild_answers(), strategies.thinking_options)
def test_says_what_the_stream_says(events, thinking):
    renderer = StreamRenderer("msg_1", thinking)
    streamed = Checked(b"".join(renderer.render(event) for event in events))
    message = build(events, thinking)
    said = [
        (
            block["type"],
            block.get("text", block.get("thinking", json.dumps(block.get("input")))),
        )
        for block in message["content"]
    ]
    assert [kind for kind, _ in said] == [kind for kind, _ in streamed.said]
    for (kind, whole), (_, heard) in zip(said, streamed.said, strict=True):
        assert whole == (json.dumps(json.loads(heard)) if kind == "tool_use" else heard)
    assert message["stop_reason"] == streamed.last["delta"]["stop_reason"]
    assert message["usage"] == streamed.last["usage"]
    assert message.get("safeguard_results") == streamed.last["delta"].get("safeguard_results")


def test_a_failure_is_raised():
    with pytest.raises(Overloaded):
        build([START, TextDelta("x"), Failed(Overloaded("busy"))])
    with pytest.raises(Overloaded):
        build([Failed(Overloaded("busy"))])


def test_there_is_no_half_message():
    with pytest.raises(EngineError, match="broke off"):
        build([START, TextDelta("x")])


@pytest.mark.parametrize("arguments", ["{", "[]", '"x"', "[" * 100_000])
def test_arguments_that_are_no_object(arguments):
    call = [ToolCallStarted("toolu_1", "Bash"), ToolCallDelta(arguments), ToolCallEnded()]
    with pytest.raises(EngineError, match="arguments"):
        build([START, *call])
