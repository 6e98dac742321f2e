"""OpenAI's official Python client against the real daemon."""

import json
import re
from collections.abc import Iterator

import openai
import pytest

from edge.app.choose import N_PARALLEL
from tests.system.daemon import Daemon, serving

TOOL = {
    "type": "function",
    "function": {
        "name": "set_unit",
        "description": "Sets the unit of length",
        "parameters": {
            "type": "object",
            "properties": {"unit": {"type": "string", "enum": ["km", "mi"]}},
            "required": ["unit"],
        },
    },
}
NAMED = {"type": "function", "function": {"name": "set_unit"}}
SCHEMA = {
    "type": "object",
    "properties": {"unit": {"type": "string", "enum": ["km", "mi"]}},
    "required": ["unit"],
    "additionalProperties": False,
}
HELLO = [
    {"role": "developer", "content": "Be short."},
    {"role": "user", "content": "Say hello."},
]
MODEL = "gpt-5"


def answer_tokens(daemon: Daemon) -> float:
    metrics = daemon.ask("GET", "/metrics").body.decode()
    found = re.search(r"^codriver_answer_tokens_total\{.*\} (\S+)$", metrics, re.MULTILINE)
    assert found
    return float(found[1])


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with serving("--model", "smollm2", "--context", "4096") as running:
        yield running


@pytest.fixture(params=["/v1", ""])
def client(daemon: Daemon, request: pytest.FixtureRequest) -> Iterator[openai.OpenAI]:
    url = daemon.url + request.param
    with openai.OpenAI(base_url=url, api_key="local", max_retries=0) as made:
        yield made


def test_create(client: openai.OpenAI):
    answer = client.chat.completions.create(model=MODEL, max_tokens=10, messages=HELLO)
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason in ("stop", "length")
    assert answer.usage is not None
    assert answer.usage.prompt_tokens > 5
    assert answer._request_id


def test_stream(client: openai.OpenAI):
    chunks = list(
        client.chat.completions.create(
            model=MODEL,
            max_completion_tokens=10,
            messages=HELLO,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    *said, counts = chunks
    text = "".join(chunk.choices[0].delta.content or "" for chunk in said)
    assert text
    assert said[-1].choices[0].finish_reason in ("stop", "length")
    assert counts.usage is not None
    assert 0 < counts.usage.completion_tokens <= 10


def test_tools(client: openai.OpenAI):
    answer = client.chat.completions.create(
        model=MODEL, max_tokens=100, messages=HELLO, tools=[TOOL], tool_choice=NAMED
    )
    (call,) = answer.choices[0].message.tool_calls or ()
    assert answer.choices[0].finish_reason == "tool_calls"
    assert json.loads(call.function.arguments)["unit"] in ("km", "mi")
    turn = {"role": "tool", "tool_call_id": call.id, "content": "done"}
    again = client.chat.completions.create(
        model=MODEL,
        max_tokens=5,
        messages=[*HELLO, answer.choices[0].message.model_dump(exclude_none=True), turn],
        tools=[TOOL],
        tool_choice="none",
    )
    assert again.choices[0].message.content


def test_streamed_tool_arguments_add_up(client: openai.OpenAI):
    with client.chat.completions.stream(
        model=MODEL, max_tokens=100, messages=HELLO, tools=[TOOL], tool_choice="required"
    ) as stream:
        final = stream.get_final_completion()
    call = final.choices[0].message.tool_calls[0]
    assert json.loads(call.function.arguments)["unit"] in ("km", "mi")


def test_an_answer_that_follows_a_schema(client: openai.OpenAI):
    wanted = {"type": "json_schema", "json_schema": {"name": "unit", "schema": SCHEMA}}
    answer = client.chat.completions.create(
        model=MODEL, max_tokens=60, messages=HELLO, response_format=wanted
    )
    assert json.loads(answer.choices[0].message.content or "")["unit"] in ("km", "mi")


def test_models(client: openai.OpenAI):
    models = list(client.models.list())
    assert models
    assert client.models.retrieve(models[0].id).id == models[0].id
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-of-yesteryear")


def test_an_error_is_the_sdks_own_class(client: openai.OpenAI):
    with pytest.raises(openai.BadRequestError, match="prompt is too long") as caught:
        client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": "word " * 9000}]
        )
    assert caught.value.code == "context_length_exceeded"
    with pytest.raises(openai.BadRequestError, match="n: one answer"):
        client.chat.completions.create(model=MODEL, messages=HELLO, n=2)


def test_leaving_a_stream_frees_the_model(daemon: Daemon, client: openai.OpenAI):
    """Every answer that runs at once is left; the next one is not kept waiting by them."""
    for _ in range(N_PARALLEL + 1):
        stream = client.chat.completions.create(
            model=MODEL,
            messages=[{"role": "user", "content": "Count from one to a thousand, in words."}],
            stream=True,
            extra_body={"logit_bias": {}, "ignored": True},
        )
        next(stream)
        next(stream)
        stream.close()
    before = answer_tokens(daemon)
    answer = client.chat.completions.create(model=MODEL, max_tokens=3, messages=HELLO)
    assert answer.choices[0].message.content
    assert answer_tokens(daemon) - before < 200, "those that were left go on"
