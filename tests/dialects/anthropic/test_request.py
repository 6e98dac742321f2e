"""Requests written for another server of this dialect, read back by our own parser."""

import json

from hypothesis import given

from edge.chat import ChatRequest, Message, Text, ThinkingOption, ToolSpec
from edge.dialects.anthropic import parse, render_count_request, render_headers, render_request
from edge.units import Tokens
from tests.dialects.anthropic import strategies

HELLO = (Message("user", (Text("hi"),)),)


@given(strategies.requests())
def test_parse_reads_back_what_was_rendered(request):
    assert parse(render_request(request), render_headers(request)) == request


@given(strategies.requests())
def test_counting_sends_the_same_prompt(request):
    read = parse(render_count_request(request), {}, "/v1/messages/count_tokens")
    assert (read.system, read.messages, read.tools) == (
        request.system,
        request.messages,
        request.tools,
    )
    assert "max_tokens" not in json.loads(render_count_request(request))


def test_a_plain_request_is_plain():
    assert json.loads(render_request(ChatRequest("m", HELLO, Tokens(5)))) == {
        "model": "m",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
        "max_tokens": 5,
        "stream": False,
    }
    assert render_headers(ChatRequest("m", HELLO)) == {"anthropic-version": "2023-06-01"}


def test_a_limit_is_always_sent():
    assert json.loads(render_request(ChatRequest("m", HELLO)))["max_tokens"] == 8192


def test_options_of_the_prompt():
    request = ChatRequest(
        "m",
        HELLO,
        tools=(ToolSpec("t", "d", {"type": "object"}),),
        thinking=ThinkingOption("enabled", Tokens(2048), "omitted"),
        effort="low",
        output_schema={"type": "object"},
    )
    body = json.loads(render_count_request(request))
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 2048, "display": "omitted"}
    assert body["output_config"] == {
        "effort": "low",
        "format": {"type": "json_schema", "schema": {"type": "object"}},
    }
    assert body["tools"] == [
        {"name": "t", "description": "d", "input_schema": {"type": "object"}},
    ]
