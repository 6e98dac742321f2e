"""What upstreams tell of what their answers took, over real sockets."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from edge.chat import ChatRequest, Message, RelayStarted, Text, Wire
from edge.engines.base import Used
from edge.engines.upstream import Server, Upstream, open_session
from edge.errors import UpstreamUnreachable
from edge.units import Tokens

SSE = "text/event-stream"
HEADERS = (("anthropic-version", "2023-06-01"),)
WIRE = Wire("anthropic", "/v1/messages", HEADERS, b'{"model": "claude-x"}')
ASK = ChatRequest("claude-x", (Message("user", (Text("hi"),)),), Tokens(50), stream=True, wire=WIRE)


def event(name: str, **data: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode()


USAGE = {"input_tokens": 10, "cache_read_input_tokens": 500, "output_tokens": 1}
BEGIN = event("message_start", message={"id": "m", "model": "x", "usage": USAGE})
BLOCK = event("content_block_start", index=0, content_block={"type": "text", "text": ""})
SAYS = event("content_block_delta", index=0, delta={"type": "text_delta", "text": "word " * 20})
END = event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 42})
WHOLE = BEGIN + BLOCK + SAYS + event("content_block_stop", index=0) + END + event("message_stop")
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Meter:
    told: list[tuple[str, str, ChatRequest, Used]] = field(default_factory=list)

    def used(self, upstream: str, model: str, request: ChatRequest, used: Used) -> None:
        self.told.append((upstream, model, request, used))

    def counts(self) -> tuple[int, int, int, bool]:
        ((_, _, _, used),) = self.told
        return used.usage.input, used.usage.cache_read, used.usage.output, used.counted


@asynccontextmanager
async def cloud(answer: Answer, **server: Any) -> AsyncIterator[tuple[Upstream, Meter]]:
    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    meter = Meter()
    async with TestServer(app) as served, open_session() as session:
        given = {"credential": "none", **server}
        yield (
            Upstream(
                "cloud",
                Server(str(served.make_url("/")), **given),
                session,
                clock=lambda: 1.0,
                is_own_token=lambda _: False,
                meter=meter,
            ),
            meter,
        )


def saying(body: bytes, kind: str = SSE, status: int = 200, **headers: str) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(body=body, status=status, content_type=kind, headers=named)

    return answer


async def collect(upstream: Upstream, asked: ChatRequest = ASK) -> list[Any]:
    async with aclosing(upstream.stream(asked)) as events:
        return [one async for one in events]


def somebody(why: str) -> None:
    """Another engine stands behind."""


@pytest.mark.parametrize("packed", [False, True])
async def test_a_relayed_answer_is_counted_and_not_touched(packed: bool) -> None:
    body = gzip.compress(WHOLE) if packed else WHOLE
    headers = {"Content_Encoding": "gzip"} if packed else {}
    async with cloud(saying(body, **headers), models={"claude-x": "claude-y"}) as (upstream, meter):
        _, *chunks = await collect(upstream)
    assert b"".join(chunk.data for chunk in chunks) == body
    assert meter.counts() == (10, 500, 42, True)
    assert meter.told[0][:3] == ("cloud", "claude-y", ASK)


async def test_an_answer_in_one_piece_is_counted() -> None:
    body = json.dumps({"type": "message", "usage": USAGE}).encode()
    async with cloud(saying(body, "application/json")) as (upstream, meter):
        await collect(upstream, replace(ASK, stream=False))
    assert meter.counts() == (10, 500, 1, True)


@pytest.mark.parametrize("as_events", [False, True])
async def test_an_answer_whose_reader_left_is_counted_as_far_as_it_came(as_events: bool) -> None:
    over = asyncio.Event()

    async def answer(http: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": SSE})
        await response.prepare(http)
        await response.write(BEGIN + BLOCK + SAYS)
        await over.wait()
        return response

    async with cloud(answer) as (upstream, meter):
        async with aclosing(upstream.stream(replace(ASK, as_events=as_events))) as events:
            await anext(events)
            await anext(events)
        over.set()
    prompt, read, written, counted = meter.counts()
    assert (prompt, read, counted) == (10, 500, False)
    assert written > 20


async def test_one_that_came_too_late_in_a_race_is_counted() -> None:
    there, over = asyncio.Event(), asyncio.Event()

    async def answer(http: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": SSE})
        await response.prepare(http)
        await response.write(BEGIN)
        there.set()
        await over.wait()
        return response

    async with cloud(answer) as (upstream, meter), asyncio.TaskGroup() as tasks:

        async def first() -> None:
            async with aclosing(upstream.stream(ASK, somebody)) as events:
                await anext(events)

        racing = tasks.create_task(first())
        await there.wait()
        async with asyncio.timeout(5):
            while not upstream._open:  # noqa: ASYNC110 - the bytes are on their way
                await asyncio.sleep(0)
        racing.cancel()
        await asyncio.wait([racing])
        over.set()
    assert meter.counts() == (10, 500, 1, False)


async def test_a_packed_answer_is_passed_on_though_its_content_cannot_be_seen() -> None:
    body = gzip.compress(WHOLE)
    answer = saying(body, Content_Encoding="gzip")
    async with (
        cloud(answer) as (upstream, meter),
        aclosing(upstream.stream(ASK, somebody)) as events,
    ):
        started, *chunks = [one async for one in events]
    assert isinstance(started, RelayStarted)
    assert b"".join(chunk.data for chunk in chunks) == body
    assert meter.counts() == (10, 500, 42, True)


@pytest.mark.parametrize("status", [400, 429, 500, 529])
async def test_a_refusal_takes_nothing(status: int) -> None:
    async with cloud(saying(b'{"error":{}}', "application/json", status)) as (upstream, meter):
        started, *_ = await collect(upstream)
    assert isinstance(started, RelayStarted)
    assert meter.told == []


async def test_a_stranger_takes_nothing() -> None:
    async with cloud(saying(b"<html>", "text/html")) as (upstream, meter):
        with pytest.raises(UpstreamUnreachable):
            await collect(upstream)
    assert meter.told == []


async def test_a_translated_answer_is_counted() -> None:
    chunk = {"choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": "stop"}]}
    usage = {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}
    sent = b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in (chunk, usage))
    answer = saying(sent + b"data: [DONE]\n\n")
    async with cloud(answer, dialect="openai", model="qwen") as (upstream, meter):
        await collect(upstream)
    assert meter.counts() == (7, 0, 3, True)
    assert meter.told[0][1] == "qwen"
