"""The official Python SDK takes what this dialect renders. No socket: a transport in memory."""

import json

import anthropic
import httpx2 as httpx
import pytest

from edge.chat import (
    Finished,
    Started,
    TextDelta,
    ThinkingDelta,
    ThinkingOption,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    Usage,
)
from edge.dialects.anthropic import (
    MessageBuilder,
    StreamRenderer,
    parse,
    render_count,
    render_error,
    render_model,
    render_models,
)
from edge.engines.base import ModelInfo
from edge.errors import CodriverError, Overloaded, PromptTooLong
from edge.units import Seconds, Tokens

ANSWER = [
    Started("m", Usage(Tokens(3), Tokens(2), Tokens(1), Tokens(0))),
    Seconds(61),
    ThinkingDelta("hm"),
    TextDelta("He"),
    Seconds(5),
    TextDelta("llo"),
    ToolCallStarted("toolu_1", "Bash"),
    ToolCallDelta('{"command":'),
    Seconds(61),
    ToolCallDelta('"ls"}'),
    ToolCallEnded(),
    Finished("tool_use", Usage(Tokens(3), Tokens(2), Tokens(1), Tokens(9))),
]
INFO = ModelInfo("qwen", "Qwen", Tokens(4096))
THINKING = ThinkingOption("adaptive")
ASK = {"model": "m", "max_tokens": 10, "messages": [{"role": "user", "content": "hi"}]}


def serve(request: httpx.Request) -> httpx.Response:
    """What the api will do, without it."""
    path = request.url.path
    if path == "/v1/models":
        return httpx.Response(200, content=render_models([INFO]))
    if path.startswith("/v1/models/"):
        return httpx.Response(200, content=render_model(INFO))
    try:
        return answer(parse(request.content, dict(request.headers), path).stream, path)
    except CodriverError as error:
        status, body = render_error(error, "req_1")
        return httpx.Response(status, content=body)


def answer(stream, path):
    if path.endswith("count_tokens"):
        return httpx.Response(200, content=render_count(Tokens(42)))
    if not stream:
        builder = MessageBuilder("msg_1", THINKING)
        for event in ANSWER:
            if not isinstance(event, float | int):
                builder.add(event)
        return httpx.Response(200, content=builder.body())
    renderer = StreamRenderer("msg_1", THINKING)
    sent = [
        renderer.keepalive(event) if isinstance(event, float | int) else renderer.render(event)
        for event in ANSWER
    ]
    return httpx.Response(
        200, headers={"content-type": "text/event-stream"}, content=b"".join(sent)
    )


def client(handler=serve):
    http = httpx.Client(transport=httpx.MockTransport(handler))
    return anthropic.Anthropic(
        api_key="local", base_url="http://box", http_client=http, max_retries=0
    )


def check(message):
    thinking, text, call = message.content
    assert (thinking.thinking, bool(thinking.signature)) == ("hm", True)
    assert text.text == "Hello"
    assert (call.id, call.name, call.input) == ("toolu_1", "Bash", {"command": "ls"})
    assert message.stop_reason == "tool_use"
    assert message.usage.output_tokens == 9
    assert message.usage.cache_read_input_tokens == 2


def test_streamed():
    with client() as sdk, sdk.messages.stream(**ASK) as stream:
        assert "".join(stream.text_stream) == "Hello"
        check(stream.get_final_message())


def test_in_one_piece():
    with client() as sdk:
        check(sdk.messages.create(**ASK))


def test_raw_events():
    with client() as sdk, sdk.messages.create(**ASK, stream=True) as stream:
        kinds = [event.type for event in stream]
    assert kinds[0] == "message_start"
    assert kinds[-2:] == ["message_delta", "message_stop"]


def test_counts():
    with client() as sdk:
        asked = sdk.messages.count_tokens(model="m", messages=ASK["messages"])
    assert asked.input_tokens == 42


def test_models():
    with client() as sdk:
        assert [model.id for model in sdk.models.list()] == ["anthropic-local-qwen"]
        model = sdk.models.retrieve("anthropic-local-qwen")
    assert (model.display_name, model.max_input_tokens) == ("Qwen", 4096)


def test_errors_have_their_class_and_words():
    def refuse(error):
        status, body = render_error(error, "req_1")
        return client(lambda _: httpx.Response(status, content=body))

    with (
        refuse(PromptTooLong(Tokens(9), Tokens(8))) as sdk,
        pytest.raises(anthropic.BadRequestError, match="prompt is too long: 9 tokens > 8 maximum"),
    ):
        sdk.messages.create(**ASK)
    with refuse(Overloaded("busy")) as sdk, pytest.raises(anthropic.APIStatusError) as caught:
        sdk.messages.create(**ASK)
    assert caught.value.status_code == 529
    assert json.loads(caught.value.response.content)["request_id"] == "req_1"


def test_a_bad_request_is_refused_by_path():
    with client() as sdk, pytest.raises(anthropic.BadRequestError, match=r"messages\.0\.role"):
        sdk.messages.create(**ASK | {"messages": [{"role": "tool", "content": "x"}]})
