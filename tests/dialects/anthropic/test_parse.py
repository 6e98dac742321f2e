"""Requests: what two real clients send, every option, and every way to be wrong."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.chat import (
    CacheMark,
    Document,
    Image,
    Message,
    SafeguardRequest,
    Sampling,
    Text,
    ThinkingOption,
    ToolChange,
    ToolChoice,
    ToolReference,
    ToolResult,
    ToolSpec,
    ToolUse,
)
from edge.dialects.anthropic import parse
from edge.dialects.pieces import Pieces
from edge.errors import BadRequest
from edge.units import Tokens
from tests.dialects.anthropic.recordings import load, posts

MINIMAL = {"model": "m", "max_tokens": 8, "messages": [{"role": "user", "content": "hi"}]}
SESSION = "00000000-0000-4000-8000-000000000001"
MARK = CacheMark()


def read(headers=None, path="/v1/messages", **fields):
    body = {name: value for name, value in (MINIMAL | fields).items() if value is not ...}
    return parse(json.dumps(body).encode(), headers or {}, path)


@pytest.mark.parametrize("name", posts())
def test_what_was_read_before_is_the_same_and_is_not_read_again(name):
    recording, pieces = load(name), Pieces()
    first, again = (parse(recording.body, {}, recording.path, pieces) for _ in range(2))
    assert first == again == parse(recording.body, {}, recording.path)
    assert all(one is other for one, other in zip(first.messages, again.messages, strict=True))
    assert all(one is other for one, other in zip(first.system, again.system, strict=True))
    assert first.tools is again.tools or not first.tools


def recorded(name):
    recording = load(name)
    return parse(recording.body, recording.headers, recording.path)


def message(content, role="user", **extra):
    return {"messages": [{"role": role, "content": content, **extra}]}


# --- recordings ---------------------------------------------------------------------


@pytest.mark.parametrize("name", posts())
def test_every_recorded_request_is_read(name):
    recording = load(name)
    request = recorded(name)
    assert request.model == recording.json["model"]
    assert len(request.messages) == len(recording.json["messages"])
    assert [tool.name for tool in request.tools] == [
        tool["name"] for tool in recording.json.get("tools", [])
    ]
    assert request.wire.body == recording.body
    assert request.wire.path == recording.path
    assert dict(request.wire.headers) == recording.headers
    assert not [
        part for turn in request.messages for part in turn.parts if type(part).__name__ == "Opaque"
    ]


def test_bare_newest():
    request = recorded("2.1.330-bare")
    assert request.model == "claude-opus-5-5"
    assert request.max_tokens == 128000
    assert request.messages == (
        Message("user", (Text("Say hello", MARK),)),
        Message("system", (), "medium"),
    )
    assert [text.cache for text in request.system] == [None, MARK, MARK]
    assert request.system[0].text.startswith("x-anthropic-billing-header: cc_version=2.1.330")
    assert [tool.name for tool in request.tools] == ["Bash", "Edit", "Read"]
    assert request.tools[0].description == "execute shell commands"
    assert request.tools[0].schema["type"] == "object"
    assert request.tool_choice == ToolChoice()
    assert request.thinking == ThinkingOption("adaptive", None, "omitted")
    assert request.effort == "medium"
    assert request.sampling == Sampling()
    assert request.stream
    assert json.loads(request.user_id)["session_id"] == SESSION
    assert request.session == SESSION
    assert (request.agent, request.parent_agent) == (None, None)
    assert request.betas[:2] == ("claude-code-20250219", "interleaved-thinking-2025-05-14")
    assert len(request.betas) == 6
    assert request.safeguards == ()


def test_bare_older():
    request = recorded("2.1.197-bare")
    assert request.model == "claude-opus-4-8"
    assert request.max_tokens == 64000
    assert request.thinking == ThinkingOption("adaptive")
    assert request.effort == "high"


def test_without_streaming():
    assert not recorded("2.1.330-not-streaming").stream


@pytest.mark.parametrize(
    ("name", "first", "count"),
    [("2.1.330-default-tools", "Agent", 12), ("2.1.197-default-tools", "Agent", 24)],
)
def test_default_tools(name, first, count):
    request = recorded(name)
    assert (request.tools[0].name, len(request.tools)) == (first, count)
    assert [turn.role for turn in request.messages] == ["user", "system"]


def test_tool_results_newest():
    turns = recorded("2.1.330-tool-results").messages
    assert [turn.role for turn in turns] == ["user", "system", *["assistant", "user"] * 3]
    thinking, text, *calls = turns[2].parts
    assert (thinking.text, thinking.signature) == ("Let me look.", "c2ln")
    assert text == Text("I will look around.")
    assert calls[0] == ToolUse(calls[0].id, "Bash", {"command": "ls", "description": "List files"})
    results = {part.tool_use_id: part for part in turns[3].parts}
    assert set(results) == {call.id for call in calls}
    assert results[calls[0].id].content == (Text("doc.pdf\ndot.png\nhello.txt"),)
    assert results[calls[2].id].is_error
    (picture,) = turns[5].parts[0].content
    assert (picture.media_type, picture.data[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")
    written, pdf = turns[7].parts
    assert not written.is_error
    note, document = pdf.content
    assert note.text.startswith("PDF file read: /home/dev/project/doc.pdf")
    assert (document.media_type, document.data[:5]) == ("application/pdf", b"%PDF-")
    assert pdf.cache == MARK


def test_tool_results_older_put_the_document_beside_them():
    last = recorded("2.1.197-tool-results").messages[-1]
    assert [type(part) for part in last.parts] == [ToolResult, ToolResult, Document]
    assert last.parts[2].data.startswith(b"%PDF-")
    assert last.parts[2].cache == MARK


def test_auto_mode():
    request = recorded("2.1.330-auto")
    (guard,) = request.safeguards
    assert guard.kind == "dangerous_tool_use"
    assert guard.context["permission_mode"] == "auto"
    assert guard.context["trusted_directories"]["primary"]["path"] == "/home/dev/project"
    assert "dangerous-tool-use-2026-09-03" in request.betas


@pytest.mark.parametrize("name", ["2.1.330-title", "2.1.197-title"])
def test_title(name):
    request = recorded(name)
    assert request.output_schema == {
        "type": "object",
        "properties": {"title": {"type": "string"}},
        "required": ["title"],
        "additionalProperties": False,
    }
    assert request.tools == ()
    assert request.thinking.mode == "disabled"


@pytest.mark.parametrize("name", ["2.1.330-count-tokens", "2.1.197-count-tokens"])
def test_counting_wants_no_limit(name):
    request = recorded(name)
    assert request.max_tokens is None
    assert request.messages == (Message("user", (Text("foo"),)),)
    assert request.tools


def test_tool_search():
    request = recorded("2.1.330-tool-search")
    assert [tool.name for tool in request.tools if tool.deferred] == [
        "WebFetch",
        "WebSearch",
        "DeferredToolPlaceholder",
    ]
    result, loaded = request.messages[-1].parts
    assert result.content == (ToolReference("WebFetch"), ToolReference("WebSearch"))
    assert loaded == Text("Tool loaded.", MARK)


@pytest.mark.parametrize("name", ["2.1.330-subagent", "2.1.197-subagent"])
def test_subagent(name):
    request = recorded(name)
    assert request.agent
    assert request.session
    assert request.parent_agent is None


@pytest.mark.parametrize("name", ["2.1.330-web-search", "2.1.197-web-search"])
def test_server_tool(name):
    request = recorded(name)
    assert request.tools == (ToolSpec("web_search", kind="web_search_20250305"),)


def test_classifier():
    first, second = recorded("2.1.197-classifier-1"), recorded("2.1.197-classifier-2")
    assert (first.stop, first.max_tokens) == (("</block>",), 64)
    assert (second.stop, second.max_tokens) == ((), 8192)
    assert not first.stream


# --- options ------------------------------------------------------------------------


def test_the_least_request():
    request = read()
    assert request.messages == (Message("user", (Text("hi"),)),)
    assert (request.max_tokens, request.stream, request.thinking) == (8, False, ThinkingOption())
    assert request.wire.dialect == "anthropic"


def test_all_options():
    request = read(
        system="be brief",
        stop_sequences=["a", "b"],
        temperature=0,
        top_p=0.5,
        top_k=4.0,
        metadata={"user_id": "u"},
        stream=True,
        thinking={"type": "enabled", "budget_tokens": 2048, "display": "summarized"},
        output_config={"effort": "low", "format": None, "task_budget": {"type": "tokens"}},
        output_format={"type": "json_schema", "schema": {"type": "object"}},
        safeguards=[{"type": "dangerous_tool_use", "classifier_context": {"v": 1}}, {"type": "x"}],
        tools=[
            {
                "type": "custom",
                "name": "t",
                "description": None,
                "input_schema": {},
                "strict": True,
                "defer_loading": True,
                "eager_input_streaming": True,
                "cache_control": {"type": "ephemeral", "ttl": "1h"},
            },
            {"type": "web_search_20250305", "name": "web_search", "max_uses": 8},
            {"type": "computer_toolset_20260801"},
        ],
        tool_choice={"type": "tool", "name": "t", "disable_parallel_tool_use": True},
        context_management={"edits": []},
        cache_control={"type": "ephemeral"},
        novelty=[1, {"a": None}],
    )
    assert request.system == (Text("be brief"),)
    assert request.stop == ("a", "b")
    assert request.sampling == Sampling(temperature=0.0, top_p=0.5, top_k=4)
    assert request.user_id == "u"
    assert request.thinking == ThinkingOption("enabled", Tokens(2048), "summarized")
    assert request.effort == "low"
    assert request.output_schema == {"type": "object"}
    assert request.safeguards == (
        SafeguardRequest("dangerous_tool_use", {"v": 1}),
        SafeguardRequest("x", {}),
    )
    assert request.tools == (
        ToolSpec("t", "", {}, strict=True, deferred=True, cache=CacheMark("1h")),
        ToolSpec("web_search", kind="web_search_20250305"),
        ToolSpec("computer_toolset_20260801", kind="computer_toolset_20260801"),
    )
    assert request.tool_choice == ToolChoice("tool", "t", parallel=False)


def test_null_is_absent():
    optional = (
        "system tools tool_choice thinking output_config output_format temperature top_p top_k "
        "stop_sequences metadata stream safeguards"
    )
    assert read(**dict.fromkeys(optional.split())) == read()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"type": "disabled"}, ThinkingOption()),
        ({"type": "adaptive", "display": "omitted"}, ThinkingOption("adaptive", None, "omitted")),
        ({"type": "adaptive", "display": "updates"}, ThinkingOption("adaptive")),
        ({"type": "between_tools"}, ThinkingOption("adaptive")),
    ],
)
def test_thinking(given, expected):
    assert read(thinking=given).thinking == expected


@pytest.mark.parametrize(("header", "seconds"), [("30", 30.0), ("0.5", 0.5), (" 7 ", 7.0)])
def test_a_deadline(header, seconds):
    assert read({"X-Codriver-Deadline": header}).deadline == seconds
    assert read().deadline is None


@pytest.mark.parametrize("header", ["", "soon", "0", "-1", "nan", "inf", "1e999", "5 s"])
def test_a_deadline_that_is_none(header):
    with pytest.raises(BadRequest) as caught:
        read({"x-codriver-deadline": header})
    assert str(caught.value) == (
        f"x-codriver-deadline: expected a positive number of seconds, got '{header}'"
    )


def test_headers_in_any_case():
    request = read(
        {
            "Anthropic-Beta": " a-1 ,b-2,, c",
            "X-Claude-Code-Session-Id": "s",
            "x-claude-code-agent-id": "a",
            "X-CLAUDE-CODE-PARENT-AGENT-ID": "p",
        }
    )
    assert request.betas == ("a-1", "b-2", "c")
    assert (request.session, request.agent, request.parent_agent) == ("s", "a", "p")


def test_a_listed_local_model_comes_back_bare():
    assert read(model="anthropic-local-qwen").model == "qwen"


def test_a_count_request_may_carry_a_query():
    request = read(path="/v1/messages/count_tokens?beta=true", max_tokens=...)
    assert request.max_tokens is None


def test_system_turns_anywhere():
    change = {"type": "tool_addition", "tool": {"type": "tool_reference", "name": "t"}}
    turns = read(
        messages=[
            {"role": "system", "content": "first"},
            {"role": "user", "content": "hi"},
            {"role": "system", "output_config": {"effort": "high"}},
            {"role": "system", "content": [change]},
        ]
    ).messages
    assert turns == (
        Message("system", (Text("first"),)),
        Message("user", (Text("hi"),)),
        Message("system", (), "high"),
        Message("system", (ToolChange("addition", "t"),)),
    )


def test_a_turn_meant_until_the_next_user_message_goes_with_it():
    turn = {"role": "system", "content": "x", "clear_at": "next_user_message"}
    kept = {"role": "system", "content": "y", "clear_at": "never"}
    user = {"role": "user", "content": "hi"}
    turns = read(messages=[user, turn, kept, user, turn]).messages
    assert [len(message.parts) for message in turns] == [1, 0, 1, 1, 1]


def test_a_tool_result_without_its_call_is_let_through():
    result = {"type": "tool_result", "tool_use_id": "gone", "content": "x"}
    (turn,) = read(**message([result])).messages
    assert turn.parts == (ToolResult("gone", (Text("x"),)),)


def test_a_choice_among_tools_that_joined_on_the_way():
    definition = {"name": "late", "input_schema": {}}
    tool = {"type": "tool_definition", "definition": definition}
    turns = [MINIMAL["messages"][0], {"role": "system"} | {"content": []}]
    turns[1]["content"] = [{"type": "tool_addition", "tool": tool}]
    request = read(messages=turns, tool_choice={"type": "tool", "name": "late"})
    assert request.tool_choice.name == "late"


# --- bad input ----------------------------------------------------------------------

TOOL = {"name": "t", "input_schema": {}}
BAD = [
    ({"model": ...}, "model: Field required"),
    ({"model": 7}, "model: Input should be a valid string"),
    ({"model": ""}, "model: String should have at least 1 character"),
    ({"max_tokens": ...}, "max_tokens: Field required"),
    ({"max_tokens": "8"}, "max_tokens: Input should be a valid integer"),
    ({"max_tokens": True}, "max_tokens: Input should be a valid integer"),
    ({"max_tokens": 1.5}, "max_tokens: Input should be a valid integer"),
    ({"max_tokens": -1}, "max_tokens: Input should be greater than or equal to 0"),
    ({"messages": ...}, "messages: Field required"),
    ({"messages": "hi"}, "messages: Input should be a valid list"),
    ({"messages": []}, "messages: at least one message is required"),
    ({"messages": ["hi"]}, "messages.0: Input should be a valid dictionary"),
    ({"messages": [{"content": "x"}]}, "messages.0.role: Field required"),
    ({"messages": [{"role": "user"}]}, "messages.0.content: Field required"),
    (
        message("x", role="tool"),
        "messages.0.role: Input should be 'user', 'assistant' or 'system'",
    ),
    (message(7), "messages.0.content: Input should be a valid string or a valid list"),
    (
        message("x", output_config=[]),
        "messages.0.output_config: Input should be a valid dictionary",
    ),
    ({"system": 7}, "system: Input should be a valid string or a valid list"),
    ({"system": [{"type": "image"}]}, "system.0.type: Input should be 'text'"),
    ({"system": [{"type": "text"}]}, "system.0.text: Field required"),
    ({"tools": {}}, "tools: Input should be a valid list"),
    ({"tools": [TOOL, TOOL]}, "tools: Tool names must be unique."),
    ({"tool_choice": {"type": "any"}}, "tool_choice: may only be specified while providing tools"),
    (
        {"tools": [TOOL], "tool_choice": {"type": "tool", "name": "u"}},
        "Tool 'u' not found in provided tools",
    ),
    ({"temperature": 1.5}, "temperature: range: 0..1"),
    ({"temperature": "hot"}, "temperature: Input should be a valid number"),
    ({"top_p": -0.1}, "top_p: range: 0..1"),
    ({"top_k": -1}, "top_k: Input should be greater than or equal to 0"),
    ({"stop_sequences": "x"}, "stop_sequences: Input should be a valid list"),
    ({"stop_sequences": ["x", 1]}, "stop_sequences.1: Input should be a valid string"),
    (
        {"stop_sequences": [" \n"]},
        "stop_sequences: each stop sequence must contain non-whitespace",
    ),
    ({"stream": "yes"}, "stream: Input should be a valid boolean"),
    ({"metadata": "u"}, "metadata: Input should be a valid dictionary"),
    ({"metadata": {"user_id": 7}}, "metadata.user_id: Input should be a valid string"),
    ({"thinking": "on"}, "thinking: Input should be a valid dictionary"),
    ({"thinking": {}}, "thinking.type: Field required"),
    ({"thinking": {"type": "enabled"}}, "thinking.enabled.budget_tokens: Field required"),
    (
        {"thinking": {"type": "enabled", "budget_tokens": 1}},
        "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
    ),
    (
        {"thinking": {"type": "deep"}},
        "thinking: Input tag 'deep' found using 'type' does not match any of the expected tags: "
        "'adaptive', 'between_tools', 'disabled', 'enabled'",
    ),
    (
        {"output_config": {"format": {"type": "xml"}}},
        "output_config.format.type: Input should be 'json_schema'",
    ),
    (
        {"output_format": {"type": "json_schema"}},
        "output_format.schema: Field required",
    ),
    ({"output_config": {"effort": 3}}, "output_config.effort: Input should be a valid string"),
    ({"safeguards": [7]}, "safeguards.0: Input should be a valid dictionary"),
    ({"safeguards": [{}]}, "safeguards.0.type: Field required"),
]


@pytest.mark.parametrize(("fields", "sentence"), BAD, ids=[sentence for _, sentence in BAD])
def test_a_wrong_field_is_named(fields, sentence):
    with pytest.raises(BadRequest) as caught:
        read(**fields)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"model": "m",}',
        b"\xff\xfe",
        b'{"model": "\xff"}',
        b'{"model": "\\ud800"}',
        b'{"max_tokens": NaN}',
        b'{"max_tokens": 1e999}',
        b'{"max_tokens": ' + b"9" * 5000 + b"}",
        b"[" * 10_000,
        b"[" * 10_000 + b"]" * 10_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"a":' + b"[" * 300 + b"]" * 300 + b"}",
    ],
    ids=range(13),
)
def test_what_is_no_json_we_read(body):
    with pytest.raises(BadRequest, match=r"^The request body is not valid JSON: "):
        parse(body, {})


@pytest.mark.parametrize("body", [b"[]", b"null", b'"x"', b"7"])
def test_what_is_no_object(body):
    with pytest.raises(BadRequest, match="it should be a JSON object"):
        parse(body, {})


def test_deep_but_allowed_nesting_is_read():
    schema = {}
    for _ in range(180):
        schema = {"items": schema}
    assert read(tools=[{"name": "t", "input_schema": schema}]).tools[0].schema == schema


@given(st.binary(max_size=64))
def test_any_bytes_are_refused_cleanly(body):
    with pytest.raises(BadRequest):
        parse(body, {})


EVIL = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "text",
                    "content",
                    "source",
                    "data",
                    "role",
                    "tool",
                    "input",
                    "id",
                    "name",
                    "tool_use_id",
                    "cache_control",
                    "input_schema",
                    "definition",
                    "media_type",
                    "budget_tokens",
                    "schema",
                    "format",
                ]
            ),
            inner
            | st.sampled_from(
                [
                    "text",
                    "image",
                    "document",
                    "tool_use",
                    "tool_result",
                    "base64",
                    "content",
                    "tool_addition",
                    "tool_definition",
                    "enabled",
                    "json_schema",
                    "user",
                    "custom",
                    "tool",
                    "any",
                ]
            ),
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "messages",
                "system",
                "tools",
                "tool_choice",
                "thinking",
                "output_config",
                "metadata",
                "safeguards",
            ]
        ),
        EVIL,
        max_size=3,
    ),
    EVIL,
)
def test_wrong_types_anywhere_are_a_bad_request_or_tolerated(fields, content):
    body = json.dumps(MINIMAL | message(content) | fields, default=str).encode()
    try:
        parse(body, {})
    except BadRequest as error:
        assert str(error)


def test_an_image_in_a_tool_result_is_decoded():
    source = {"type": "base64", "media_type": "image/png", "data": "AAEC"}
    block = {"type": "tool_result", "tool_use_id": "t"}
    block["content"] = [{"type": "image", "source": source}]
    (turn,) = read(**message([block])).messages
    assert turn.parts[0].content == (Image("image/png", b"\x00\x01\x02"),)
