"""An upstream over real sockets on loopback, and servers good and bad for it to ask."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from edge.chat import ChatRequest, Event, Wire
from edge.engines.upstream import Credential, Upstream
from edge.errors import UpstreamUnreachable

BOX_TOKEN = "box-token-of-this-box"
LAPTOP_KEY = "sk-ant-laptop"
BODY = b'{"model":  "claude-x", "spaces":   "stay"}'
EVENTS = "text/event-stream"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
SSE = b"event: message_start\ndata: {}\n\n"

Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]
Raw = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


Make = Callable[..., Upstream]


@asynccontextmanager
async def serving(answer: Serve) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


@asynccontextmanager
async def raw_server(answer: Raw) -> AsyncIterator[str]:
    """A server that speaks in bytes; ``answer`` is called once the request's head is read."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await answer(reader, writer)
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def request(
    *headers: tuple[str, str], path: str = "/v1/messages?beta=true", stream: bool = True
) -> ChatRequest:
    sent = headers or (("x-api-key", LAPTOP_KEY),)
    return ChatRequest("claude-x", (), stream=stream, wire=Wire("anthropic", path, sent, BODY))


async def collect(upstream: Upstream, asked: ChatRequest) -> list[Event]:
    async with aclosing(upstream.stream(asked)) as events:
        return [event async for event in events]


async def refusal(upstream: Upstream, asked: ChatRequest | None = None) -> str:
    with pytest.raises(UpstreamUnreachable) as caught:
        await collect(upstream, asked or request())
    assert LAPTOP_KEY not in str(caught.value)
    assert caught.value.__cause__ is None
    return str(caught.value).partition(": ")[2]


def failures(upstream: Upstream) -> float:
    return dict(upstream.state().measures)["upstream_failures_total"]


async def received(make: Make, credential: Credential, asked: ChatRequest) -> web.Request:
    """What the server got of ``asked``."""
    got: list[web.Request] = []

    async def answer(http: web.Request) -> web.StreamResponse:
        assert await http.read() == BODY
        got.append(http)
        return web.Response(content_type=EVENTS)

    async with serving(answer) as url:
        await collect(make(url, credential), asked)
    return got[0]
