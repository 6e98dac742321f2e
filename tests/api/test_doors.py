"""Two dialects behind one port: who is spoken to how, over HTTP."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from edge.api.auth import require_token
from edge.api.doors import AnthropicDoor, OpenAIDoor
from edge.chat import (
    Failed,
    Finished,
    RelayChunk,
    RelayStarted,
    TextDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    Usage,
)
from edge.dialects import anthropic
from edge.engines.base import ModelInfo
from edge.engines.fake import FakeEngine, Pause
from edge.engines.upstream import Server, Upstream, open_session
from edge.errors import Overloaded, PromptTooLong, UpstreamUnreachable, WorkerCrashed
from edge.units import Seconds, Tokens
from tests.api.serving import BEGUN, END, HELLO, engine, serving

PATH = "/v1/chat/completions"
ASK: dict[str, Any] = {
    "model": "gpt-x",
    "messages": [{"role": "user", "content": "are you there?"}],
}
STREAMED = {**ASK, "stream": True}
CLAUDE = {"anthropic-version": "2023-06-01"}


def chunks(body: bytes) -> list[Any]:
    """The data of every frame; the mark of the end as it stands."""
    frames = [frame for frame in body.decode().split("\n\n") if frame.startswith("data: ")]
    data = [frame.removeprefix("data: ") for frame in frames]
    return [one if one == "[DONE]" else json.loads(one) for one in data]


async def refusal(response: aiohttp.ClientResponse) -> tuple[int, str, str]:
    """Status, type and message of an error in OpenAI's shape, which is checked."""
    body = await response.json()
    assert body.keys() == {"error"}
    assert body["error"].keys() == {"message", "type", "param", "code"}
    assert response.headers["x-request-id"].startswith("req_")
    return response.status, body["error"]["type"], body["error"]["message"]


# --- answers ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", [PATH, "/chat/completions"])
async def test_a_whole_answer(path):
    local = engine(*HELLO)
    async with serving(local) as client:
        response = await client.post(path, json=ASK)
        body = await response.json()
        assert response.status == 200
        assert response.headers["x-codriver-route"] == "local"
        assert response.headers["x-codriver-reason"] == "local is first in the route's order"
        assert response.headers["x-request-id"]
    assert body["id"].startswith("chatcmpl-")
    assert body["choices"][0]["message"]["content"] == "Hello"
    assert body["usage"]["total_tokens"] == 5
    wire = local.requests[0].wire
    assert wire is not None
    assert (wire.dialect, wire.path, json.loads(wire.body)) == ("openai", path, ASK)


async def test_a_streamed_answer():
    async with serving(engine(*HELLO)) as client:
        asked = {**STREAMED, "stream_options": {"include_usage": True}}
        response = await client.post(PATH, json=asked)
        got = chunks(await response.read())
        assert response.content_type == "text/event-stream"
        assert response.headers["x-codriver-route"] == "local"
    *said, counts, done = got
    assert [one["choices"][0]["delta"].get("content") for one in said] == ["", "Hel", "lo", None]
    assert counts["usage"]["completion_tokens"] == 2
    assert done == "[DONE]"


async def test_a_call_that_was_demanded():
    call = (ToolCallStarted("c1", "t"), ToolCallDelta("{}"), ToolCallEnded())
    local = engine(BEGUN, *call, Finished("tool_use", Usage()))
    tools = [{"type": "function", "function": {"name": "t"}}]
    async with serving(local) as client:
        asked = {**ASK, "tools": tools, "tool_choice": "required"}
        body = await (await client.post(PATH, json=asked)).json()
    assert body["choices"][0]["finish_reason"] == "tool_calls"
    assert body["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "t"
    assert local.requests[0].tool_choice.mode == "any"


async def test_a_silence_is_filled_with_comments():
    awake = asyncio.Event()

    async def sleep(seconds: float) -> None:
        await awake.wait()

    local = engine(BEGUN, Pause(Seconds(60.0)), TextDelta("late"), END)
    local.sleep = sleep
    async with serving(local, keepalive=0.001) as client:
        response = await client.post(PATH, json=STREAMED)
        head = b""
        while head.count(b": keep-alive\n\n") < 3:
            head += await response.content.readany()
        awake.set()
        got = chunks(head + await response.read())
    assert [one for one in got if one != "[DONE]"][1]["choices"][0]["delta"] == {"content": "late"}
    assert got[-1] == "[DONE]"


async def test_a_relayed_answer_passes_untouched():
    head = RelayStarted(200, (("Content-Type", "text/event-stream"),))
    async with serving(engine(head, RelayChunk(b"data: x\n\n"), name="cloud")) as client:
        response = await client.post(PATH, json=STREAMED)
        assert await response.read() == b"data: x\n\n"
        assert response.headers["x-codriver-route"] == "cloud"


# --- errors -----------------------------------------------------------------------------


@pytest.mark.parametrize("body", [ASK, STREAMED], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (PromptTooLong(Tokens(9), Tokens(8)), 400, "invalid_request_error"),
        (Overloaded("full"), 503, "overloaded_error"),
        (UpstreamUnreachable("gone"), 502, "server_error"),
    ],
)
async def test_a_refusal_has_the_shape_that_these_clients_know(error, status, kind, body):
    async with serving(engine(error)) as client:
        response = await client.post(PATH, json=body)
        assert await refusal(response) == (status, kind, str(error))
        told = None if error.retry_after is None else f"{error.retry_after:.0f}"
        assert response.headers.get("retry-after") == told


async def test_a_break_in_a_stream_is_an_error_and_no_end():
    broken = Failed(WorkerCrashed("the process died"))
    async with serving(engine(BEGUN, TextDelta("half"), broken)) as client:
        response = await client.post(PATH, json=STREAMED)
        got = chunks(await response.read())
        assert got[-1]["error"]["message"] == "the process died"
        whole = await client.post(PATH, json=ASK)
        assert await refusal(whole) == (503, "overloaded_error", "the process died")


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("GET", PATH, None, 405),
        ("POST", PATH, b"{", 400),
        ("POST", PATH, b"x" * 20_000, 413),
        ("GET", "/models/gpt-x", None, 404),
        ("POST", "/models", None, 405),
    ],
)
async def test_every_refusal_on_these_paths(method, path, sent, status):
    async with serving(engine(*HELLO), max_body=10_000) as client:
        response = await client.request(method, path, data=sent)
        assert (await refusal(response))[0] == status


async def test_who_has_no_token_is_told_how_to_give_one():
    async with serving(engine(*HELLO), guard=require_token(lambda token: token == "t")) as client:
        status, kind, message = await refusal(await client.post(PATH, json=ASK))
        assert (status, kind) == (401, "authentication_error")
        assert "OPENAI_API_KEY" in message
        headers = {"Authorization": "Bearer t"}
        assert (await client.post(PATH, json=ASK, headers=headers)).status == 200


# --- one path, two dialects -------------------------------------------------------------


class Named(FakeEngine):
    def models(self) -> tuple[ModelInfo, ...]:
        return (ModelInfo("qwen-x", "Qwen X", Tokens(32_768), names=frozenset({"coder"})),)


@pytest.mark.parametrize("path", ["/v1/models", "/models"])
async def test_models_for_either_kind_of_client(path):
    async with serving(Named()) as client:
        plain = await (await client.get(path, headers={"Authorization": "Bearer x"})).json()
        for headers in (CLAUDE, {"x-api-key": "x"}):
            page = await (await client.get(path, headers=headers)).json()
            assert page["data"][0]["id"] == "anthropic-local-qwen-x"
    assert plain["object"] == "list"
    assert [model["id"] for model in plain["data"]] == ["qwen-x"]


async def test_one_model_for_either_kind_of_client():
    async with serving(Named()) as client:
        plain = await (await client.get("/v1/models/coder")).json()
        assert (plain["id"], plain["object"]) == ("qwen-x", "model")
        other = await (await client.get("/v1/models/coder", headers=CLAUDE)).json()
        assert other["id"] == "anthropic-local-qwen-x"


def test_ids_and_times_are_brought():
    request = OpenAIDoor().parse(json.dumps(ASK).encode(), {}, PATH)
    door = OpenAIDoor(random_bytes=lambda count: bytes(count), now=lambda: 7.9)
    first = chunks(door.renderer(request).render(BEGUN))[0]
    assert (first["id"], first["created"]) == ("chatcmpl-" + "0" * 24, 7)
    renderer = AnthropicDoor(random_bytes=lambda count: bytes(count)).renderer(request)
    assert anthropic.message_id(bytes(anthropic.RANDOM_BYTES)).encode() in renderer.render(BEGUN)


# --- one box behind another -------------------------------------------------------------


@pytest.mark.parametrize("is_stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize(
    ("dialect", "path"), [("openai", "/v1/messages"), ("anthropic", "/v1/chat/completions")]
)
async def test_a_box_that_asks_another_in_the_other_dialect(dialect, path, is_stream):
    call = (ToolCallStarted("call_1", "t"), ToolCallDelta('{"a":1}'), ToolCallEnded())
    far = engine(BEGUN, TextDelta("Hello"), *call, Finished("tool_use", Usage(Tokens(3))))
    asked = {**ASK, "max_tokens": 9, "stream": is_stream}
    async with serving(far) as behind, open_session() as session:
        url = str(behind.make_url("/"))
        near = Upstream(
            "cloud",
            Server(url, dialect, "none", model="claude-there"),
            session,
            clock=lambda: 0.0,
            is_own_token=lambda token: False,
        )
        async with serving(near) as client:
            response = await client.post(path, json=asked)
            body = await response.read()
            assert response.status == 200, body
            assert response.headers["x-codriver-route"] == "cloud"
    assert b"Hello" in body
    assert b"call_1" in body
    assert far.requests[0].model == "claude-there"
    assert far.requests[0].wire is not None
    assert far.requests[0].wire.dialect == dialect
    if not is_stream:
        usage = json.loads(body)["usage"]
        assert 3 in (usage.get("input_tokens"), usage.get("prompt_tokens"))
