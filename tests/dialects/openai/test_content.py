"""One message at a time: parts, calls, and what is refused."""

import pytest

from edge.chat import Document, Image, Message, Text, ToolUse
from edge.dialects.openai.content import parse_message
from edge.errors import BadRequest, UnsupportedInput


def user(*parts):
    return parse_message({"role": "user", "content": list(parts)}, "messages.0")


def test_parts():
    assert user(
        {"type": "text", "text": "a"},
        {"type": "text", "text": ""},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,eA==", "detail": "low"}},
        {"type": "image_url", "image_url": "https://a.example/b.png"},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:x/y;base64,eA=="}},
        {"type": "file", "file": {"file_id": "f"}},
    ) == Message(
        "user",
        (
            Text("a"),
            Image("image/png", data=b"x"),
            Image(None, url="https://a.example/b.png"),
            Document("x/y", data=b"x", title="a.pdf"),
            Document(None, file_id="f"),
        ),
    )


def test_what_an_assistant_said():
    message = {
        "role": "assistant",
        "content": "a",
        "refusal": "b",
        "reasoning_content": "left out",
        "tool_calls": [{"id": "1", "function": {"name": "t", "arguments": ""}}],
    }
    assert parse_message(message, "") == Message(
        "assistant", (Text("a"), Text("b"), ToolUse("1", "t", {}))
    )


@pytest.mark.parametrize(
    ("part", "kind", "words"),
    [
        ({"type": "input_audio"}, UnsupportedInput, "'input_audio' is not taken here"),
        ({"type": "text"}, BadRequest, "content.0.text: Field required"),
        ({"type": "image_url"}, BadRequest, "content.0.image_url: Field required"),
        ({"type": "image_url", "image_url": {"url": "ftp://a"}}, BadRequest, "image_url.url"),
        ({"type": "image_url", "image_url": "data:image/png,x"}, BadRequest, "';base64,'"),
        ({"type": "image_url", "image_url": "data:a/b;base64,?"}, BadRequest, "invalid base64"),
        ({"type": "file", "file": {}}, BadRequest, "file.file_data: Field required"),
        ("text", BadRequest, "content.0: Input should be a valid dictionary"),
    ],
)  # fmt: skip
def test_a_part_that_cannot_be_taken(part, kind, words):
    with pytest.raises(kind) as caught:
        user(part)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"content": "a"}, "m.role: Field required"),
        ({"role": "function", "content": "a"}, "m.role: Input should be 'system'"),
        ({"role": "user"}, "m.content: Field required"),
        ({"role": "user", "content": 7}, "m.content: Input should be a valid string"),
        ({"role": "tool", "content": "a"}, "m.tool_call_id: Field required"),
        ({"role": "assistant", "function_call": {"name": "a"}}, "use 'tool_calls'"),
        (
            {"role": "assistant",
             "tool_calls": [{"id": "1", "function": {"name": "t", "arguments": "{"}}]},
            "m.tool_calls.0.function.arguments: Input should be the JSON text of an object",
        ),
    ],
)  # fmt: skip
def test_a_message_that_cannot_be_read(message, words):
    with pytest.raises(BadRequest) as caught:
        parse_message(message, "m")
    assert words in str(caught.value)
