"""The official Python SDK against the real daemon."""

from collections.abc import Iterator

import anthropic
import pytest

from tests.system.daemon import Daemon, serving

TOOL = {
    "name": "set_unit",
    "description": "Sets the unit of length",
    "input_schema": {
        "type": "object",
        "properties": {"unit": {"type": "string", "enum": ["km", "mi"]}},
        "required": ["unit"],
    },
}
HELLO = [{"role": "user", "content": "Say hello."}]


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with serving("--model", "smollm2", "--context", "4096") as running:
        yield running


@pytest.fixture
def client(daemon: Daemon) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=daemon.url, auth_token="local", max_retries=0) as made:
        yield made


def test_create(client: anthropic.Anthropic):
    message = client.messages.create(model="claude-sonnet-5", max_tokens=10, messages=HELLO)
    assert message.content[0].text
    assert message.stop_reason in ("end_turn", "max_tokens")


def test_stream(client: anthropic.Anthropic):
    with client.messages.stream(model="claude-sonnet-5", max_tokens=10, messages=HELLO) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == final.content[0].text
    assert final.usage.output_tokens > 0


def test_tools(client: anthropic.Anthropic):
    message = client.messages.create(
        model="claude-sonnet-5",
        max_tokens=100,
        messages=[{"role": "user", "content": "Use kilometres."}],
        tools=[TOOL],
        tool_choice={"type": "tool", "name": "set_unit"},
    )
    assert message.stop_reason == "tool_use"
    assert message.content[-1].input["unit"] in ("km", "mi")


def test_streamed_tool_arguments_add_up(client: anthropic.Anthropic):
    with client.messages.stream(
        model="claude-sonnet-5",
        max_tokens=100,
        messages=HELLO,
        tools=[TOOL],
        tool_choice={"type": "any"},
    ) as stream:
        final = stream.get_final_message()
    assert final.content[-1].input["unit"] in ("km", "mi")


def test_count_tokens_is_exact(client: anthropic.Anthropic):
    counted = client.messages.count_tokens(model="claude-sonnet-5", messages=HELLO)
    message = client.messages.create(model="claude-sonnet-5", max_tokens=1, messages=HELLO * 1)
    longer = client.messages.count_tokens(model="claude-sonnet-5", messages=HELLO, system="Be kind")
    assert counted.input_tokens > 3
    assert longer.input_tokens > 0
    assert message.usage.output_tokens == 1


def test_models(client: anthropic.Anthropic):
    models = list(client.models.list(limit=10))
    assert models
    assert client.models.retrieve(models[0].id).id == models[0].id


def test_an_error_is_the_sdks_own_class(client: anthropic.Anthropic):
    with pytest.raises(anthropic.BadRequestError, match="prompt is too long"):
        client.messages.create(
            model="claude-sonnet-5",
            max_tokens=10,
            messages=[{"role": "user", "content": "word " * 9000}],
        )
