"""What each dialect's server is sent and how its answers are read."""

import json

import pytest

from edge.chat import ChatRequest, Finished, Message, Text, ThinkingOption, ToolChange
from edge.engines.upstream.codecs import AnthropicCodec, OpenAICodec, codec_of
from edge.engines.upstream.server import Server
from edge.errors import EngineError, Overloaded
from edge.units import Seconds, Tokens

HELLO = (Message("user", (Text("hi"),)),)


def test_the_dialects():
    assert isinstance(codec_of(Server("http://a")), AnthropicCodec)
    assert codec_of(Server("http://a", "openai", reasoning_effort=True)) == OpenAICodec(True)


def test_what_only_anthropics_models_understand_does_not_reach_others():
    request = ChatRequest(
        "m",
        (*HELLO, Message("system", (Text("later"), ToolChange("removal", "t")))),
        system=(Text("x-anthropic-billing-header: cc_version=1;"), Text("Be kind.")),
        thinking=ThinkingOption("adaptive"),
        effort="low",
    )
    body = json.loads(OpenAICodec(reasoning=True).render(request))
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert "billing" not in str(body)
    assert body["reasoning_effort"] == "low"
    assert "reasoning_effort" not in json.loads(OpenAICodec().render(request))


@pytest.mark.parametrize("codec", [AnthropicCodec(), OpenAICodec()])
def test_nothing_is_packed(codec):
    headers = dict(codec.headers(ChatRequest("m", HELLO, deadline=Seconds(3.0))))
    assert headers["accept-encoding"] == "identity"
    assert not any(name.startswith("x-codriver") for name in headers)


@pytest.mark.parametrize("codec", [AnthropicCodec(), OpenAICodec()])
def test_errors_carry_when_to_come_back(codec):
    body = b'{"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}'
    error = codec.error(body, 529, Seconds(9.0))
    assert isinstance(error, Overloaded)
    assert (error.retry_after, error.status, error.origin) == (9.0, 529, "upstream")


def test_whole_answers():
    answer = {"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]}
    events = OpenAICodec().whole(json.dumps(answer).encode())
    assert isinstance(events[-1], Finished)
    with pytest.raises(EngineError):
        AnthropicCodec().whole(b"{}")


UNKNOWN = b'{"error": {"message": "Unsupported parameter: \'max_tokens\'", "param": "max_tokens"}}'


def test_the_limit_of_an_answer_has_another_name_where_the_first_is_refused():
    request = ChatRequest("m", HELLO, Tokens(7))
    first = OpenAICodec()
    assert json.loads(first.render(request))["max_tokens"] == 7
    second = first.corrected(request, UNKNOWN)
    assert second == OpenAICodec(limit="max_completion_tokens")
    body = json.loads(second.render(request))
    assert body["max_completion_tokens"] == 7
    assert "max_tokens" not in body
    assert second.corrected(request, UNKNOWN) is None, "it did not say that"
    assert first.corrected(ChatRequest("m", HELLO), UNKNOWN) is None, "nor did this one"
    assert AnthropicCodec().corrected(request, UNKNOWN) is None


def test_openais_own_host_is_asked_with_the_newer_name():
    assert codec_of(Server("https://api.openai.com/v1", "openai")) == OpenAICodec(
        limit="max_completion_tokens"
    )
