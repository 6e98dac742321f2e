"""Content blocks: every kind and variant, unknown ones, and faults by path."""

import pytest

from edge.chat import (
    CacheMark,
    Document,
    Image,
    Opaque,
    RedactedThinking,
    Text,
    Thinking,
    ToolChange,
    ToolReference,
    ToolResult,
    ToolSpec,
    ToolUse,
)
from edge.dialects.anthropic.blocks import parse_block, parse_content
from edge.errors import BadRequest

PNG = {"type": "base64", "media_type": "image/png", "data": "AAE="}
MARKED = {"cache_control": {"type": "ephemeral"}}
DEFINITION = {"name": "t", "input_schema": {"type": "object"}, "description": "d"}


def change(kind, **tool):
    return {"type": kind, "tool": tool}


@pytest.mark.parametrize(
    ("block", "part"),
    [
        ({"type": "text", "text": "x", "citations": []}, Text("x")),
        ({"type": "text", "text": "x"} | MARKED, Text("x", CacheMark())),
        (
            {"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
            Text("x", CacheMark("1h")),
        ),
        ({"type": "text", "text": "x", "cache_control": None}, Text("x")),
        ({"type": "image", "source": PNG}, Image("image/png", b"\x00\x01")),
        (
            {"type": "image", "source": {"type": "url", "url": "u"}} | MARKED,
            Image(None, url="u", cache=CacheMark()),
        ),
        ({"type": "image", "source": {"type": "file", "file_id": "f"}}, Image(None, file_id="f")),
        (
            {
                "type": "document",
                "source": PNG | {"media_type": "application/pdf"},
                "title": "T",
                "context": "C",
                "citations": {"enabled": True},
            },
            Document("application/pdf", b"\x00\x01", title="T", context="C"),
        ),
        (
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "x"},
            },
            Document("text/plain", text="x"),
        ),
        (
            {"type": "document", "source": {"type": "content", "content": "x"}},
            Document(None, parts=(Text("x"),)),
        ),
        (
            {
                "type": "document",
                "source": {"type": "content", "content": [{"type": "image", "source": PNG}]},
            },
            Document(None, parts=(Image("image/png", b"\x00\x01"),)),
        ),
        ({"type": "document", "source": {"type": "url", "url": "u"}}, Document(None, url="u")),
        (
            {"type": "document", "source": {"type": "file", "file_id": "f"}},
            Document(None, file_id="f"),
        ),
        ({"type": "thinking", "thinking": "", "signature": "s"}, Thinking("", "s")),
        ({"type": "thinking", "thinking": "t"}, Thinking("t")),
        ({"type": "redacted_thinking", "data": "d"}, RedactedThinking("d")),
        (
            {"type": "tool_use", "id": "i", "name": "n", "input": {"a": [1]}},
            ToolUse("i", "n", {"a": [1]}),
        ),
        ({"type": "tool_result", "tool_use_id": "i"}, ToolResult("i", ())),
        ({"type": "tool_result", "tool_use_id": "i", "content": ""}, ToolResult("i", ())),
        (
            {"type": "tool_result", "tool_use_id": "i", "content": "x", "is_error": True},
            ToolResult("i", (Text("x"),), is_error=True),
        ),
        (
            {
                "type": "tool_result",
                "tool_use_id": "i",
                "content": [
                    {"type": "text", "text": "x"},
                    {"type": "tool_reference", "tool_name": "n"},
                    {"type": "search_result", "source": "s"},
                ],
            },
            ToolResult(
                "i",
                (
                    Text("x"),
                    ToolReference("n"),
                    Opaque("search_result", {"type": "search_result", "source": "s"}),
                ),
            ),
        ),
        (
            change("tool_addition", type="tool_reference", name="t"),
            ToolChange("addition", "t"),
        ),
        (
            change("tool_addition", type="tool_definition", definition=DEFINITION),
            ToolChange("addition", "t", ToolSpec("t", "d", {"type": "object"})),
        ),
        (change("tool_removal", type="tool_reference", name="t"), ToolChange("removal", "t")),
    ],
)
def test_known_kinds(block, part):
    assert parse_block(block, "p") == part


@pytest.mark.parametrize(
    "block",
    [
        {"type": "server_tool_use", "id": "i", "name": "web_search", "input": {}},
        {"type": "web_search_tool_result", "tool_use_id": "i", "content": []},
        {"type": "novelty", "a": {"b": None}},
        {"type": "image", "source": {"type": "hologram"}},
        {"type": "document", "source": {"type": "scroll"}},
        change("tool_addition", type="mcp_toolset_reference", server_name="s"),
        change("tool_removal", type="mcp_tool_reference", server_name="s", name="n"),
    ],
)
def test_unknown_kinds_are_kept_as_they_came(block):
    assert parse_block(block, "p") == Opaque(block["type"], block)


@pytest.mark.parametrize(
    ("block", "sentence"),
    [
        ("x", "p: Input should be a valid dictionary"),
        ({}, "p.type: Field required"),
        ({"type": 7}, "p.type: Input should be a valid string"),
        ({"type": "text"}, "p.text.text: Field required"),
        ({"type": "text", "text": 7}, "p.text.text: Input should be a valid string"),
        (
            {"type": "text", "text": "x", "cache_control": "yes"},
            "p.text.cache_control: Input should be a valid dictionary",
        ),
        ({"type": "image"}, "p.image.source: Field required"),
        ({"type": "image", "source": {}}, "p.image.source.type: Field required"),
        (
            {"type": "image", "source": {"type": "base64", "data": "AA=="}},
            "p.image.source.base64.media_type: Field required",
        ),
        (
            {"type": "image", "source": PNG | {"data": "A"}},
            "p.image.source.base64: invalid base64 data",
        ),
        (
            {"type": "image", "source": PNG | {"data": "AA==AA=="}},
            "p.image.source.base64: invalid base64 data",
        ),
        (
            {"type": "image", "source": PNG | {"data": "päng"}},
            "p.image.source.base64: invalid base64 data",
        ),
        (
            {"type": "document", "source": {"type": "content"}},
            "p.document.source.content.content: Field required",
        ),
        ({"type": "tool_use", "name": "n", "input": {}}, "p.tool_use.id: Field required"),
        (
            {"type": "tool_use", "id": "i", "name": "n", "input": "{}"},
            "p.tool_use.input: Input should be a valid dictionary",
        ),
        ({"type": "tool_result"}, "p.tool_result.tool_use_id: Field required"),
        (
            {"type": "tool_result", "tool_use_id": "i", "content": [{"type": "text"}]},
            "p.tool_result.content.0.text.text: Field required",
        ),
        (
            {"type": "tool_result", "tool_use_id": "i", "is_error": 1},
            "p.tool_result.is_error: Input should be a valid boolean",
        ),
        (
            change("tool_addition", type="tool_definition", definition={"name": "t"}),
            "p.tool_addition.tool.tool_definition.definition.custom.input_schema: Field required",
        ),
        (change("tool_removal", name="t"), "p.tool_removal.tool.type: Field required"),
    ],
)
def test_faults_are_named_by_path(block, sentence):
    with pytest.raises(BadRequest) as caught:
        parse_block(block, "p")
    assert str(caught.value) == sentence


@pytest.mark.parametrize("content", [None, "", [], [{"type": "text", "text": ""}]])
def test_nothing_is_no_part(content):
    assert parse_content(content, "p") == ()


def test_items_are_counted_in_the_path():
    with pytest.raises(BadRequest, match=r"^p\.1\.type: Field required$"):
        parse_content([{"type": "text", "text": ""}, {}], "p")
