"""The real application on a loopback port over scripted engines, and a client to it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from edge.api.auth import allow_all
from edge.api.chat import START_PATIENCE, ChatHandler
from edge.api.server import Measures, build
from edge.chat import ChatRequest, Finished, Started, TextDelta, Usage
from edge.engines.base import Engine
from edge.engines.fake import FakeEngine, Step
from edge.routing.policy import LOCAL, Rules
from edge.routing.router import Router
from edge.units import Bytes, Seconds, Tokens

Client = TestClient[web.Request, web.Application]

BEGUN = Started("claude-x", Usage(input=Tokens(3)))
END = Finished("end_turn", Usage(input=Tokens(3), output=Tokens(2)))
HELLO: tuple[Step, ...] = (BEGUN, TextDelta("Hel"), TextDelta("lo"), END)

ASK: dict[str, Any] = {
    "model": "claude-x",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "hello, are you there?"}],
}
STREAMED = {**ASK, "stream": True}


def engine(*steps: Step, name: str = LOCAL) -> FakeEngine:
    """Plays the same steps for every request."""

    def script(request: ChatRequest) -> Sequence[Step]:
        return steps

    return FakeEngine(script, name=name)


@asynccontextmanager
async def serving(
    *engines: Engine,
    guard: Callable[[web.Request], None] = allow_all,
    max_body: int = 1_000_000,
    keepalive: float = 60.0,
    clock: Callable[[], float] = lambda: 0.0,
    patience: float = START_PATIENCE,
    measures: Measures | None = None,
) -> AsyncIterator[Client]:
    """The application over ``engines``, asked in this order."""
    known = {engine.name: engine for engine in engines}
    router = Router(known, Rules(tuple(known)), "rules")
    handler = ChatHandler(
        router, keepalive=Seconds(keepalive), clock=clock, patience=Seconds(patience)
    )
    app = build(handler, router, guard=guard, max_body=Bytes(max_body), measures=measures)
    async with TestClient(TestServer(app)) as client:
        yield client


def sse(body: bytes) -> list[tuple[str, Any]]:
    """The events of a streamed answer."""
    frames = [frame for frame in body.decode().split("\n\n") if frame]
    lines = [dict(line.split(": ", 1) for line in frame.split("\n")) for frame in frames]
    return [(line["event"], json.loads(line["data"])) for line in lines]


async def refusal(response: ClientResponse) -> tuple[int, str, str]:
    """Status, type and message of an error in the API's envelope, which is checked."""
    body = await response.json()
    assert body.keys() == {"type", "error", "request_id"}
    assert body["type"] == "error"
    assert body["error"].keys() == {"type", "message"}
    assert body["request_id"].startswith("req_")
    assert response.headers["request-id"] == body["request_id"]
    assert response.content_type == "application/json"
    return response.status, body["error"]["type"], body["error"]["message"]
