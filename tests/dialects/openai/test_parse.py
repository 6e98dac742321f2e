"""Chat Completions requests as clients write them, good and bad."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.chat import Message, Sampling, Text, ThinkingOption, ToolChoice, ToolResult, ToolUse
from edge.dialects.openai import parse
from edge.dialects.pieces import Pieces
from edge.errors import BadRequest
from edge.prompts import normalise, to_messages
from tests.dialects.openai import strategies

ASK = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
TOOLS = [{"type": "function", "function": {"name": "t"}}]


def read(headers=None, **fields):
    return parse(json.dumps({**ASK, **fields}).encode(), headers or {})


def said(*messages):
    return read(messages=list(messages))


def test_a_plain_request():
    request = parse(json.dumps(ASK).encode(), {"Authorization": "x"}, "/chat/completions?a=1")
    assert (request.model, request.messages) == ("m", (Message("user", (Text("hi"),)),))
    assert (request.max_tokens, request.stream, request.stream_usage) == (None, False, False)
    assert request.tool_choice == ToolChoice()
    assert request.thinking == ThinkingOption()
    assert request.wire is not None
    assert (request.wire.dialect, request.wire.path) == ("openai", "/chat/completions?a=1")
    assert request.wire.headers == (("Authorization", "x"),)


def test_what_was_read_before_is_the_same_and_is_not_read_again():
    body, pieces = json.dumps({**ASK, "tools": TOOLS}).encode(), Pieces()
    first, again = (parse(body, {}, pieces=pieces) for _ in range(2))
    assert first == again == parse(body, {})
    assert first.tools is again.tools
    assert first.messages[0] is again.messages[0]


def test_every_option():
    request = read(
        {"X-Codriver-Deadline": "9"},
        temperature=1.5,
        top_p=0.5,
        top_k=7,
        min_p=0.1,
        presence_penalty=-1,
        frequency_penalty=1,
        seed=-3,
        stop=["a", "\n"],
        max_tokens=5,
        max_completion_tokens=6,
        stream=True,
        stream_options={"include_usage": True},
        user="somebody",
        n=1,
        parallel_tool_calls=False,
        logprobs=False,
        logit_bias={},
        modalities=["text"],
        store=True,
        metadata={"a": "b"},
        service_tier="auto",
    )
    assert request.sampling == Sampling(
        1.5, 0.5, 7, 0.1, presence_penalty=-1, frequency_penalty=1, seed=-3
    )
    assert (request.stop, request.max_tokens) == (("a", "\n"), 6)
    assert (request.stream, request.stream_usage) == (True, True)
    assert (request.user_id, request.deadline) == ("somebody", 9)
    assert request.tool_choice == ToolChoice(parallel=False)


def test_nulls_are_absent():
    names = ("max_tokens", "stop", "tools", "tool_choice", "response_format", "n", "stream",
             "stream_options", "seed", "reasoning_effort", "parallel_tool_calls")  # fmt: skip
    assert read(**dict.fromkeys(names)) == read()


def test_a_single_stop_is_a_text():
    assert read(stop="END").stop == ("END",)


@pytest.mark.parametrize(
    ("effort", "mode", "inside"),
    [
        ("none", "disabled", "low"),
        ("minimal", "disabled", "low"),
        ("low", "adaptive", "low"),
        ("high", "adaptive", "high"),
        ("xhigh", "adaptive", "xhigh"),
    ],
)
def test_reasoning_effort(effort, mode, inside):
    request = read(reasoning_effort=effort)
    assert (request.thinking.mode, request.effort) == (mode, inside)


@pytest.mark.parametrize(
    ("wanted", "schema"),
    [
        ({"type": "text"}, None),
        ({"type": "json_object"}, {"type": "object"}),
        ({"type": "json_schema", "json_schema": {"name": "a"}}, {"type": "object"}),
        (
            {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "array"}}},
            {"type": "array"},
        ),
    ],
)
def test_response_format(wanted, schema):
    assert read(response_format=wanted).output_schema == schema


@pytest.mark.parametrize(
    ("given_choice", "choice"),
    [
        ("auto", ToolChoice()),
        ("none", ToolChoice("none")),
        ("required", ToolChoice("any")),
        ({"type": "function", "function": {"name": "t"}}, ToolChoice("tool", "t")),
    ],
)
def test_tool_choice(given_choice, choice):
    assert read(tools=TOOLS, tool_choice=given_choice).tool_choice == choice


# --- messages -----------------------------------------------------------------------


def test_the_first_system_messages_are_the_system_text():
    request = said(
        {"role": "developer", "content": "a"},
        {"role": "system", "content": [{"type": "text", "text": "b"}]},
        {"role": "user", "content": "hi"},
        {"role": "system", "content": "later"},
    )
    assert request.system == (Text("a"), Text("b"))
    assert [message.role for message in request.messages] == ["user", "system"]


def test_a_system_message_alone_is_what_is_asked():
    request = said({"role": "system", "content": "a"}, {"role": "system", "content": "b"})
    assert request.system == (Text("a"),)
    assert request.messages == (Message("user", (Text("b"),)),)


def test_the_results_of_one_turn_are_one_turn():
    call = {"id": "1", "type": "function", "function": {"name": "t", "arguments": '{"a": 1}'}}
    request = said(
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": None, "tool_calls": [call, {**call, "id": "2"}]},
        {"role": "tool", "tool_call_id": "1", "content": "one"},
        {"role": "tool", "tool_call_id": "2", "content": [{"type": "text", "text": "two"}]},
        {"role": "user", "content": "and?"},
    )
    assert request.messages[1:] == (
        Message("assistant", (ToolUse("1", "t", {"a": 1}), ToolUse("2", "t", {"a": 1}))),
        Message("user", (ToolResult("1", (Text("one"),)), ToolResult("2", (Text("two"),)))),
        Message("user", (Text("and?"),)),
    )
    roles = [message["role"] for message in to_messages(normalise(request))[0]]
    assert roles == ["user", "assistant", "tool", "tool", "user"]


# --- faults -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"model": None}, "model: Field required"),
        ({"model": ""}, "model: String"),
        ({"messages": None}, "messages: Field required"),
        ({"messages": []}, "messages: at least one"),
        ({"messages": {}}, "messages: Input should be a valid list"),
        ({"messages": ["hi"]}, "messages.0: Input should be a valid dictionary"),
        ({"n": 2}, "n: one answer is given here"),
        ({"n": 0}, "n: Input should be"),
        ({"logprobs": True}, "logprobs: log probabilities are not told here"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"logit_bias": {"5": 1}}, "logit_bias: tokens cannot be weighed"),
        ({"functions": [{}]}, "functions: is not served here: use 'tools'"),
        ({"modalities": ["text", "audio"]}, "modalities: only 'text'"),
        ({"temperature": 3}, "temperature: range: 0..2"),
        ({"seed": "x"}, "seed: Input should be a valid integer"),
        ({"stop": 7}, "stop: Input should be a valid list"),
        ({"stop": [""]}, "stop.0: Input should be a string"),
        ({"max_tokens": 0}, "max_tokens: Input should be greater"),
        ({"stream": "yes"}, "stream: Input should be a valid boolean"),
        ({"stream_options": []}, "stream_options: Input should be a valid dictionary"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"tool_choice": "required"}, "tool_choice: is only allowed when 'tools'"),
        ({"tools": TOOLS, "tool_choice": "any"}, "tool_choice: Input should be 'auto'"),
        ({"tools": TOOLS + TOOLS}, "tools: Tool names must be unique"),
        (
            {"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "u"}}},
            "Tool 'u' not found",
        ),
    ],
)
def test_a_fault_is_named_by_its_place(fields, words):
    with pytest.raises(BadRequest) as caught:
        read(**fields)
    assert words in str(caught.value)


@given(st.binary(max_size=200))
def test_any_bytes_raise_our_error(body):
    with pytest.raises(BadRequest):
        parse(body, {})


@given(
    st.fixed_dictionaries(
        {"model": st.just("m"), "messages": st.lists(strategies.json_objects, min_size=1)},
        optional=dict.fromkeys(
            (
                "tools",
                "tool_choice",
                "stop",
                "n",
                "response_format",
                "stream_options",
                "modalities",
            ),
            strategies.json_values,
        ),
    )
)
def test_any_json_raises_nothing_but_our_error(body):
    try:
        parse(json.dumps(body).encode(), {})
    except BadRequest as error:
        assert str(error)
