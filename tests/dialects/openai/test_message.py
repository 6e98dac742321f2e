"""The whole answer, and as the official client reads it."""

import json

import pytest
from hypothesis import given
from openai.types.chat import ChatCompletion

from edge.chat import (
    Failed,
    Finished,
    Started,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    Usage,
)
from edge.dialects.openai import MessageBuilder
from edge.errors import EngineError, Overloaded
from edge.units import Tokens
from tests.dialects.openai import strategies

BEGUN = Started("m", Usage())


def built(*events):
    builder = MessageBuilder("chatcmpl-1", 7)
    for event in events:
        builder.add(event)
    return json.loads(builder.body())


def test_a_plain_answer():
    usage = Usage(Tokens(3), output=Tokens(2))
    assert built(BEGUN, TextDelta("Hel"), TextDelta("lo"), Finished("end_turn", usage)) == {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 7,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 3,
            "completion_tokens": 2,
            "total_tokens": 5,
            "prompt_tokens_details": {"cached_tokens": 0},
        },
    }


def test_thinking_and_calls():
    (choice,) = built(
        BEGUN,
        ThinkingDelta("hm"),
        ToolCallStarted("c1", "A"),
        ToolCallDelta('{"a":'),
        ToolCallDelta("1}"),
        ToolCallEnded(),
        ToolCallStarted("c2", "B"),
        ToolCallEnded(),
        Finished("tool_use", Usage()),
    )["choices"]
    message = choice["message"]
    assert (message["content"], message["reasoning_content"]) == (None, "hm")
    assert [(call["id"], call["function"]) for call in message["tool_calls"]] == [
        ("c1", {"name": "A", "arguments": '{"a":1}'}),
        ("c2", {"name": "B", "arguments": "{}"}),
    ]
    assert choice["finish_reason"] == "tool_calls"


def test_half_a_call_is_left_out():
    half = (ToolCallStarted("c", "A"), ToolCallDelta('{"a'))
    (choice,) = built(BEGUN, *half, Finished("max_tokens", Usage()))["choices"]
    assert "tool_calls" not in choice["message"]
    assert choice["finish_reason"] == "length"


def test_a_failure_is_raised():
    builder = MessageBuilder("chatcmpl-1", 7)
    builder.add(BEGUN)
    with pytest.raises(Overloaded):
        builder.add(Failed(Overloaded("full")))
    with pytest.raises(EngineError):
        builder.body()


@given(strategies.answers())
def test_every_answer_is_one_of_the_official_client(events):
    ChatCompletion.model_validate_json(json.dumps(built(*events)), strict=True)
