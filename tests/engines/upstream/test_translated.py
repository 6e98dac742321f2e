"""Requests for a server of another dialect, over real sockets: a good one, and bad ones."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from edge.chat import (
    ChatRequest,
    Failed,
    Finished,
    Image,
    Message,
    Started,
    Text,
    TextDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    ToolSpec,
    Usage,
    Wire,
)
from edge.config import Secret
from edge.dialects import anthropic, openai
from edge.engines.upstream import Server, Upstream, open_session
from edge.errors import (
    BadRequest,
    CodriverError,
    NotAuthenticated,
    Overloaded,
    PromptTooLong,
    UpstreamUnreachable,
)
from edge.units import Seconds, Tokens

KEY = "sk-of-the-box"
LAPTOP = (("x-api-key", "sk-ant-laptop"), ("anthropic-version", "2023-06-01"))
TOOL = ToolSpec("Read", "reads", {"type": "object", "properties": {}})
ASK = ChatRequest(
    "claude-x",
    (Message("user", (Text("hi"),)),),
    Tokens(50),
    system=(Text("Be kind."),),
    tools=(TOOL,),
    wire=Wire("anthropic", "/v1/messages?beta=true", LAPTOP, b"{}"),
)
SSE = "text/event-stream"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def frames(*chunks: dict[str, Any]) -> bytes:
    sent = b"".join(b"data: " + json.dumps(chunk).encode() + b"\r\n\r\n" for chunk in chunks)
    return sent + b"data: [DONE]\r\n\r\n"


def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"model": "theirs", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


CALL = {"index": 0, "id": "call_1", "function": {"name": "Read", "arguments": "{}"}}
GOOD = frames(
    chunk({"content": "Hel"}),
    chunk({"content": "lo", "tool_calls": [CALL]}),
    chunk({}, "tool_calls"),
    {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}},
)
EVENTS = [
    Started("claude-x", Usage()),
    TextDelta("Hel"),
    TextDelta("lo"),
    ToolCallStarted("call_1", "Read"),
    ToolCallDelta("{}"),
    ToolCallEnded(),
    Finished("tool_use", Usage(Tokens(7), output=Tokens(3))),
]


@asynccontextmanager
async def cloud(answer: Answer, **options: Any) -> AsyncIterator[Upstream]:
    """An upstream at a server that answers so; of OpenAI's dialect unless said otherwise."""
    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    async with TestServer(app) as server, open_session() as session:
        path = options.pop("path", "/api/v1")
        silence = Seconds(options.pop("silence", 60.0))
        given = {"dialect": "openai", "credential": Secret(KEY), **options}
        far = Server(str(server.make_url(path)), **given)
        yield Upstream(
            "cloud",
            far,
            session,
            clock=lambda: 1.0,
            is_own_token=lambda token: False,
            silence=silence,
        )


def saying(body: bytes, kind: str = SSE, status: int = 200, **headers: str) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(body=body, status=status, content_type=kind, headers=named)

    return answer


async def collect(upstream: Upstream, asked: ChatRequest = ASK) -> list[Any]:
    async with aclosing(upstream.stream(asked)) as events:
        return [event async for event in events]


# --- good ---------------------------------------------------------------------------


async def test_a_claude_client_is_answered_by_a_server_of_openais_dialect():
    seen: list[Any] = []

    async def answer(http: web.Request) -> web.StreamResponse:
        seen.append((http.path, http.headers.copy(), await http.json()))
        return web.Response(body=GOOD, content_type=SSE)

    models = {"claude-x": "qwen/qwen3-coder"}
    async with cloud(answer, models=models) as upstream:
        assert await collect(upstream) == EVENTS
        assert upstream.state().last_success == 0
    ((path, headers, body),) = seen
    assert path == "/api/v1/chat/completions"
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["accept-encoding"] == "identity"
    assert "sk-ant-laptop" not in str(seen)
    assert body == {
        "model": "qwen/qwen3-coder",
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "hi"},
        ],
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "Read",
                    "description": "reads",
                    "parameters": {"type": "object", "properties": {}},
                },
            }
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 50,
    }


async def test_an_openai_client_is_answered_by_a_server_of_anthropics_dialect():
    seen: list[Any] = []
    renderer = anthropic.StreamRenderer("msg_1")
    events = [Started("claude-x", Usage(Tokens(3))), TextDelta("Hi"), Finished("end_turn", Usage())]
    sent = b"".join(renderer.render(event) for event in events)

    async def answer(http: web.Request) -> web.StreamResponse:
        seen.append((http.path, http.headers["x-api-key"], await http.json()))
        return web.Response(body=sent, content_type=SSE)

    came = b'{"model": "gpt-x", "messages": [{"role": "user", "content": "hi"}]}'
    asked = openai.parse(came, {"Authorization": "Bearer sk-laptop"})
    async with cloud(answer, dialect="anthropic", model="claude-x", path="/") as upstream:
        got = await collect(upstream, asked)
    assert got[0] == Started("gpt-x", Usage(Tokens(3)))
    assert got[1] == TextDelta("Hi")
    ((path, key, body),) = seen
    assert (path, key, body["model"], body["stream"]) == ("/v1/messages", KEY, "claude-x", True)


async def test_openai_clients_are_relayed_byte_for_byte():
    seen: list[Any] = []
    came = b'{"model": "claude-x",  "messages": [], "stream": true}'

    async def answer(http: web.Request) -> web.StreamResponse:
        seen.append((http.path_qs, http.headers.get("authorization"), await http.read()))
        return web.Response(body=b"data:  odd\n\n", content_type=SSE)

    wire = Wire("openai", "/v1/chat/completions?x=1", (("Authorization", "Bearer sk-l"),), came)
    asked = ChatRequest("claude-x", (), stream=True, wire=wire)
    async with cloud(answer, credential="pass") as upstream:
        got = await collect(upstream, asked)
    assert b"".join(event.data for event in got[1:]) == b"data:  odd\n\n"
    assert seen == [("/api/v1/chat/completions?x=1", "Bearer sk-l", came)]


async def test_a_server_that_does_not_stream_is_understood():
    message = {"content": "Hello", "tool_calls": [CALL]}
    whole = {"model": "m", "choices": [{"message": message, "finish_reason": "tool_calls"}]}
    async with cloud(saying(json.dumps(whole).encode(), "application/json")) as upstream:
        got = await collect(upstream)
    assert got[1:-1] == [TextDelta("Hello"), *EVENTS[3:6]]


async def test_connections_are_used_again():
    peers = []

    async def answer(http: web.Request) -> web.StreamResponse:
        assert http.transport is not None
        peers.append(http.transport.get_extra_info("peername"))
        return web.Response(body=GOOD, content_type=SSE)

    async with cloud(answer) as upstream:
        for _ in range(3):
            await collect(upstream)
    assert len(set(peers)) == 1


async def test_leaving_hangs_up():
    hung_up = asyncio.Event()

    async def answer(http: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": SSE})
        await response.prepare(http)
        try:
            while True:
                await response.write(frames(chunk({"content": "a"}))[:60])
                await asyncio.sleep(0)
        except (ConnectionError, asyncio.CancelledError):
            hung_up.set()
            raise

    async with cloud(answer) as upstream:
        async with aclosing(upstream.stream(ASK)) as events:
            await anext(events)
        async with asyncio.timeout(5):
            await hung_up.wait()


# --- credentials --------------------------------------------------------------------


async def test_the_laptops_credential_is_never_translated():
    async with cloud(saying(GOOD), credential="pass") as upstream:
        with pytest.raises(UpstreamUnreachable, match=r"upstreams\.cloud\.credential") as caught:
            await collect(upstream)
        assert "sk-ant" not in str(caught.value)
        assert upstream.state().ready


async def test_none_is_sent_where_none_is_wanted():
    seen: list[Any] = []

    async def answer(http: web.Request) -> web.StreamResponse:
        seen.append(str(http.headers))
        return web.Response(body=GOOD, content_type=SSE)

    async with cloud(answer, credential="none") as upstream:
        await collect(upstream)
    assert "sk-" not in seen[0]


async def test_a_key_that_a_server_quotes_is_not_passed_on():
    said = json.dumps({"error": {"message": f"Incorrect API key: {KEY}"}}).encode()
    async with cloud(saying(said, "application/json", 401)) as upstream:
        with pytest.raises(NotAuthenticated) as caught:
            await collect(upstream)
    assert str(caught.value) == "cloud: Incorrect API key: (the credential)"
    async with cloud(saying(b"data: " + said + b"\n\n")) as upstream:
        (failed,) = await collect(upstream)
    assert KEY not in str(failed.error)


# --- refusals -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error", "kind", "words"),
    [
        (400, {"message": "no such parameter"}, BadRequest, "cloud: no such parameter"),
        (429, {"message": "slow down"}, Overloaded, "cloud: slow down"),
        (200, {"message": "No endpoint", "code": 503}, CodriverError, "No endpoint"),
        (500, {"message": "broke"}, CodriverError, "cloud: broke"),
    ],
)
async def test_errors_of_the_server_join_the_tree(status, error, kind, words):
    body = json.dumps({"error": error}).encode()
    async with cloud(saying(body, "application/json", status, retry_after="9")) as upstream:
        with pytest.raises(kind, match=words) as caught:
            await collect(upstream)
    assert caught.value.origin == "upstream"
    if status != 200:
        assert caught.value.retry_after == 9


async def test_a_prompt_too_long_makes_claude_code_compact():
    error = {"type": "exceed_context_size_error", "message": "x", "n_prompt_tokens": 9, "n_ctx": 8}
    body = json.dumps({"error": error}).encode()
    async with cloud(saying(body, "application/json", 400)) as upstream:
        with pytest.raises(PromptTooLong) as caught:
            await collect(upstream)
    assert str(caught.value) == "prompt is too long: 9 tokens > 8 maximum"


def somebody(why: str) -> None:
    """Another engine stands behind."""


async def test_a_refused_translation_is_left_to_the_engine_behind():
    body = json.dumps({"error": {"message": "no such parameter"}}).encode()
    async with cloud(saying(body, "application/json", 400)) as upstream:
        with pytest.raises(UpstreamUnreachable) as caught:
            await anext(upstream.stream(ASK, somebody))
    assert str(caught.value) == (
        "cloud (127.0.0.1): it does not accept the translated request: cloud: no such parameter"
    )
    assert (caught.value.status, caught.value.kind) == (400, "invalid_request_error")


async def test_too_long_is_too_long_for_all():
    error = {"type": "exceed_context_size_error", "message": "x", "n_prompt_tokens": 9, "n_ctx": 8}
    body = json.dumps({"error": error}).encode()
    async with cloud(saying(body, "application/json", 400)) as upstream:
        with pytest.raises(PromptTooLong):
            await anext(upstream.stream(ASK, somebody))


async def test_what_cannot_be_carried_is_left_to_another_engine():
    asked = ChatRequest("m", (Message("user", (Image(None, file_id="f"), Text("?"))),))
    async with cloud(saying(GOOD)) as upstream:
        with pytest.raises(UpstreamUnreachable, match="cannot be asked this: an image"):
            await collect(upstream, asked)


# --- the limit's name ---------------------------------------------------------------


class Choosy:
    """Knows the most tokens of an answer by one name only, if by any."""

    def __init__(self, *known: str, then: Answer | None = None) -> None:
        self.known = known
        self.then = then or saying(GOOD)
        self.names: list[str] = []

    async def answer(self, http: web.Request) -> web.StreamResponse:
        body = await http.json()
        (name,) = (word for word in ("max_tokens", "max_completion_tokens") if word in body)
        assert body[name] == 50
        self.names.append(name)
        if name in self.known:
            return await self.then(http)
        said = f"Unsupported parameter: '{name}' is not supported with this model."
        return web.json_response({"error": {"message": said, "param": name}}, status=400)


@pytest.mark.parametrize("behind", [False, True])
async def test_a_server_that_knows_the_limit_by_its_other_name_is_asked_once_more(behind: bool):
    server = Choosy("max_completion_tokens")
    async with cloud(server.answer) as upstream:
        stream = upstream.stream(ASK, somebody) if behind else upstream.stream(ASK)
        async with aclosing(stream) as events:
            assert [event async for event in events] == EVENTS
        assert await collect(upstream) == EVENTS, "it is remembered"
        assert dict(upstream.state().measures)["upstream_failures_total"] == 0
    assert server.names == ["max_tokens", *["max_completion_tokens"] * 2]


async def test_a_name_that_was_told_can_be_wrong_too():
    server = Choosy("max_tokens")
    async with cloud(server.answer, max_tokens_name="max_completion_tokens") as upstream:
        assert await collect(upstream) == EVENTS
    assert server.names == ["max_completion_tokens", "max_tokens"]


async def test_a_server_that_knows_neither_is_asked_twice_and_no_more():
    server = Choosy()
    async with cloud(server.answer) as upstream:
        for _ in range(2):
            with pytest.raises(BadRequest, match="'max_completion_tokens' is not supported"):
                await collect(upstream)
    assert server.names == ["max_tokens", "max_completion_tokens"] * 2, "nothing was learnt"


async def test_only_an_answer_makes_a_name_worth_remembering():
    server = Choosy("max_completion_tokens", then=saying(b"{}", "application/json", 429))
    async with cloud(server.answer) as upstream:
        with pytest.raises(Overloaded):
            await collect(upstream)
        server.then = saying(GOOD)
        assert await collect(upstream) == EVENTS
    assert server.names == ["max_tokens", "max_completion_tokens"] * 2


async def test_a_limit_that_is_too_large_is_no_question_of_its_name():
    said = {"error": {"message": "max_tokens is too large: 50. It is at most 40.", "code": 400}}
    seen: list[web.Request] = []

    async def answer(http: web.Request) -> web.StreamResponse:
        seen.append(http)
        return web.json_response(said, status=400)

    async with cloud(answer) as upstream:
        with pytest.raises(BadRequest, match="cloud: max_tokens is too large"):
            await collect(upstream)
    assert len(seen) == 1


# --- what goes wrong ----------------------------------------------------------------


BOMB = gzip.compress(b"data: " + b" " * 50_000_000)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (saying(b"<html>sign in</html>", "text/html"), "status 200 and text/html"),
        (saying(b"<html>bad gateway</html>", "text/html", 502), "status 502 and text/html"),
        (saying(BOMB, Content_Encoding="gzip"), "it compresses its answer"),
        (saying(BOMB, "application/json", 500, Content_Encoding="gzip"), "it compresses"),
        (saying(b"x" * 20_000_000, "application/json"), "more than 16777216 bytes"),
        (saying(b"x" * 1_000_000, "application/json", 500), "more than 262144 bytes"),
    ],
    ids=["page", "gateway", "bomb", "bomb of an error", "endless whole", "endless error"],
)
async def test_what_is_no_answer_is_left_to_another_engine(answer, words):
    async with cloud(answer) as upstream:
        with pytest.raises(UpstreamUnreachable, match=words):
            await collect(upstream)
        assert dict(upstream.state().measures)["upstream_failures_total"] >= 1


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"data: {\n\n",
        b"data: [1]\n\n",
        b"data: \xff\xfe\n\n",
        b"data: " + b"x" * 10_000_000,
        b"data: " + b"[" * 1_000_000 + b"\n\n",
        b'event: message_stop\ndata: {"type": "message_stop"}\n\n',
        b"data: [DONE]\n\n",
        GOOD[:80],
    ],
    ids=range(9),
)
async def test_a_stream_of_something_else_is_a_failure(body, dialect):
    path = "/" if dialect == "anthropic" else "/v1"
    asked = ChatRequest("m", ASK.messages)
    async with cloud(saying(body or b": \n"), dialect=dialect, path=path) as upstream:
        got = await collect(upstream, asked)
    assert isinstance(got[-1], Failed)
    assert got[-1].error.origin == "upstream"
    assert not any(isinstance(event, Finished) for event in got)


async def test_events_in_the_wrong_order_are_a_failure():
    calls = [{"index": 0, "function": {"arguments": "{}"}}]
    for body in (
        frames(chunk({"tool_calls": calls}), chunk({}, "tool_calls")),
        frames(chunk({"content": "a"}, "stop"), chunk({"content": "b"})),
    ):
        async with cloud(saying(body)) as upstream:
            assert isinstance((await collect(upstream))[-1], Failed)


async def test_a_cut_connection_is_a_failure():
    async def answer(http: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": SSE})
        await response.prepare(http)
        await response.write(frames(chunk({"content": "half"}))[:-16])
        assert http.transport is not None
        http.transport.abort()
        return response

    async with cloud(answer) as upstream:
        *_, failed = await collect(upstream)
        assert isinstance(failed.error, UpstreamUnreachable)
        assert dict(upstream.state().measures)["upstream_failures_total"] >= 1


async def test_a_server_that_falls_silent_is_given_up():
    over = asyncio.Event()

    async def answer(http: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": SSE})
        await response.prepare(http)
        await response.write(frames(chunk({"content": "half"}))[:-16])
        with suppress(asyncio.CancelledError):
            await over.wait()
        return response

    async with cloud(answer, silence=0.05) as upstream:
        *_, failed = await collect(upstream)
        over.set()
    assert "it has said nothing for 0.05 s" in str(failed.error)
