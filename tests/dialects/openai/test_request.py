"""Requests written for another server of this dialect, read back by our own parser."""

import json
from dataclasses import replace

import pytest
from hypothesis import given

from edge.chat import (
    ChatRequest,
    Document,
    Image,
    Message,
    Opaque,
    Text,
    Thinking,
    ThinkingOption,
    ToolReference,
    ToolResult,
    ToolSpec,
    ToolUse,
)
from edge.dialects.openai import parse, render_request
from edge.dialects.openai.request import IMAGES_FOLLOW
from edge.errors import UnsupportedInput
from edge.units import Tokens
from tests.dialects.openai import strategies

HELLO = (Message("user", (Text("hi"),)),)


def rendered(request, **options):
    return json.loads(render_request(request, **options))


def messages(*turns):
    return rendered(ChatRequest("m", turns))["messages"]


@given(strategies.requests())
def test_parse_reads_back_what_was_rendered(request):
    # Neither side can tell an empty system text, or whether counts not streamed are wanted.
    assert parse(render_request(request), {}) == replace(request, wire=None)


def test_a_plain_request_is_plain():
    assert rendered(ChatRequest("m", HELLO, Tokens(5))) == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 5,
        "stream": False,
    }


def test_counts_are_asked_for_with_a_stream():
    body = rendered(ChatRequest("m", HELLO, stream=True))
    assert body["stream_options"] == {"include_usage": True}


def test_the_system_text_is_one_message():
    body = rendered(ChatRequest("m", HELLO, system=(Text("a"), Text("b"))))
    assert body["messages"][0] == {"role": "system", "content": "a\n\nb"}


def test_calls_and_their_results():
    assert messages(
        Message("assistant", (Thinking("hm"), ToolUse("c1", "Read", {"file": "a"}))),
        Message(
            "user",
            (
                Text("and now?"),
                ToolResult("c1", (Text("one"), ToolReference("Edit")), is_error=True),
            ),
        ),
    ) == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "Read", "arguments": '{"file":"a"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "Error: one\n[tool Edit]"},
        {"role": "user", "content": "and now?"},
    ]


def test_images_of_results_follow_in_a_turn_of_the_user():
    shot = Image("image/png", data=b"x")
    assert messages(Message("user", (ToolResult("c1", (shot,)),))) == [
        {"role": "tool", "tool_call_id": "c1", "content": IMAGES_FOLLOW},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": IMAGES_FOLLOW},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,eA=="}},
            ],
        },
    ]


def test_documents():
    (made,) = messages(
        Message(
            "user",
            (
                Document("text/plain", text="words"),
                Document(None, parts=(Text("inner"),)),
                Document("application/pdf", data=b"x", title="a.pdf"),
            ),
        )
    )
    file = {"filename": "a.pdf", "file_data": "data:application/pdf;base64,eA=="}
    assert made["content"] == [
        {"type": "text", "text": "words"},
        {"type": "text", "text": "inner"},
        {"type": "file", "file": file},
    ]


@pytest.mark.parametrize(
    "part",
    [
        Image(None, file_id="f"),
        Document(None, file_id="f"),
        Document("application/pdf", url="https://a.example"),
    ],
)
def test_what_lies_elsewhere_is_refused(part):
    with pytest.raises(UnsupportedInput, match="lies on another server"):
        messages(Message("user", (part,)))


def test_unknown_blocks_are_named():
    (made,) = messages(Message("user", (Text("a"), Opaque("novelty", {}))))
    assert made["content"] == "a\n[novelty]"


def test_tools_of_another_server_are_not_offered():
    tool = ToolSpec("t", "does", {"type": "object"})
    body = rendered(ChatRequest("m", HELLO, tools=(tool, ToolSpec("web", kind="web_search_1"))))
    assert body["tools"] == [
        {
            "type": "function",
            "function": {"name": "t", "description": "does", "parameters": {"type": "object"}},
        }
    ]
    assert "tools" not in rendered(ChatRequest("m", HELLO, tools=(ToolSpec("w", kind="web"),)))


@pytest.mark.parametrize(
    ("thinking", "effort", "expected"),
    [
        (ThinkingOption(), None, None),
        (ThinkingOption("adaptive"), None, None),
        (ThinkingOption("enabled", Tokens(2048)), None, "medium"),
        (ThinkingOption("adaptive"), "low", "low"),
        (ThinkingOption("adaptive"), "max", "high"),
        (ThinkingOption(), "medium", "medium"),
    ],
)
def test_how_much_to_think_is_said_where_it_is_wanted(thinking, effort, expected):
    request = ChatRequest("m", HELLO, thinking=thinking, effort=effort)
    assert rendered(request, reasoning=True).get("reasoning_effort") == expected
    assert "reasoning_effort" not in rendered(request)


def test_schemas_of_the_answer():
    made = rendered(ChatRequest("m", HELLO, output_schema={"type": "object"}))
    assert made["response_format"] == {"type": "json_object"}
    schema = {"type": "object", "required": ["a"]}
    made = rendered(ChatRequest("m", HELLO, output_schema=schema))
    assert made["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": schema, "strict": True},
    }


def test_the_limit_of_an_answer_has_two_names():
    asked = ChatRequest("m", (Message("user", (Text("hi"),)),), Tokens(5))
    body = json.loads(render_request(asked, limit="max_completion_tokens"))
    assert body["max_completion_tokens"] == 5
    assert "max_tokens" not in body
