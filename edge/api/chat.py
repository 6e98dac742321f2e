"""The chat handlers: a dialect in, the router, the same dialect out.

Knows aiohttp and, of a dialect, its door; which engine answers is the router's business.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from functools import partial
from typing import TypeAlias

from aiohttp import web

from edge.api.auth import Handler
from edge.api.doors import Builder, Door, Renderer
from edge.api.errors import MISTAKE, log_failure
from edge.api.keepalive import meanwhile, pass_on
from edge.chat import (
    ChatRequest,
    Continued,
    Event,
    Failed,
    RelayChunk,
    RelayStarted,
    Started,
    Usage,
)
from edge.dialects.anthropic import render_count
from edge.errors import BadRequest, CodriverError, EngineError, UpstreamUnreachable
from edge.routing.router import Routed, Router
from edge.units import Seconds

log = logging.getLogger(__name__)

START_PATIENCE = Seconds(120.0)
"""How long a streamed answer waits for its engine to begin; then it is begun without it.
More than an upstream gets for its first byte, because only an answer that has not begun can
be relayed; less than the 300 s after which clients give up."""

REASON_LIMIT = 512
"""Characters of the reason in a header; clients refuse long heads. The log has all of it."""


class ChatHandler:
    """Answers the requests of every door, and counts their tokens."""

    def __init__(
        self,
        router: Router,
        *,
        keepalive: Seconds,
        clock: Callable[[], float],
        patience: Seconds = START_PATIENCE,
    ) -> None:
        self._router = router
        self._keepalive = keepalive
        self._clock = clock
        self._patience = patience

    def at(self, door: Door) -> Handler:
        """The handler of the requests that come through ``door``."""

        async def chat(http: web.Request) -> web.StreamResponse:
            return await self._chat(http, door)

        return chat

    async def _chat(self, http: web.Request, door: Door) -> web.StreamResponse:
        request = await read_request(http, door)
        async with meanwhile(_begin(self._router, request)) as beginning:
            await asyncio.wait({beginning}, timeout=self._patience if request.stream else None)
            if not beginning.done():
                return await self._begin_without(http, door, request, beginning)
            return await self._answer(http, door, request, _taken(await beginning))

    async def _answer(
        self, http: web.Request, door: Door, request: ChatRequest, routed: Routed
    ) -> web.StreamResponse:
        async with aclosing(routed.events) as events:
            first = await anext(events)
            if isinstance(first, RelayStarted):
                return await self._relay(http, door, request, first, events, routed)
            if request.stream:
                renderer = door.renderer(request)
                return await self._stream(http, renderer, first, events, _route_headers(routed))
            return await _whole(door.builder(request), first, events, routed)

    async def _begin_without(
        self,
        http: web.Request,
        door: Door,
        request: ChatRequest,
        beginning: asyncio.Task[_Beginning],
    ) -> web.StreamResponse:
        """Stream a start of our own, so that the client is kept waiting; the true counts
        come with the last usage."""
        log.info("no engine has begun after %g s: the client is told to wait", self._patience)
        async with aclosing(_remainder(beginning)) as events:
            started = Started(request.model, Usage())
            return await self._stream(http, door.renderer(request), started, events, {})

    async def _relay(
        self,
        http: web.Request,
        door: Door,
        request: ChatRequest,
        first: RelayStarted,
        events: AsyncGenerator[Event, None],
        routed: Routed,
    ) -> web.StreamResponse:
        """Another server's answer, byte for byte. One that breaks drops the connection, unless
        somebody goes on with it."""
        response = _Relayed(status=first.status, headers=_route_headers(routed))
        for name, value in first.headers:
            response.headers.add(name, value)
        await response.prepare(http)
        async for event in events:
            match event:
                case RelayChunk(data):
                    await response.write(data)
                case Failed(error):
                    log_failure(error)
                    _drop(http)
                    return response
                case Continued():
                    renderer = door.resumed(request, event)
                    speaker = SseSpeaker(response, renderer, self._clock, drop=partial(_drop, http))
                    await speaker.speak(event, events, self._keepalive)
                    return response
                case _:
                    raise EngineError(f"a relayed answer held a {type(event).__name__}")
        return response

    def count_tokens_at(self, door: Door) -> Handler:
        """Of the dialects only Anthropic's has such a request."""

        async def count_tokens(http: web.Request) -> web.StreamResponse:
            request = await read_request(http, door)
            return _json(render_count(await self._router.count_tokens(request)))

        return count_tokens

    async def _stream(
        self,
        http: web.Request,
        renderer: Renderer,
        first: Event,
        events: AsyncGenerator[Event, None],
        headers: Mapping[str, str],
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers=headers)
        response.content_type = "text/event-stream"
        response.headers["Cache-Control"] = "no-cache"
        response.headers["X-Accel-Buffering"] = "no"
        await response.prepare(http)
        speaker = SseSpeaker(response, renderer, self._clock, drop=partial(_drop, http))
        await speaker.speak(first, events, self._keepalive)
        return response


class SseSpeaker:
    """Writes one streamed answer, and keep-alives while there is nothing to write. ``drop`` cuts
    the connection."""

    def __init__(
        self,
        response: web.StreamResponse,
        renderer: Renderer,
        clock: Callable[[], float],
        *,
        drop: Callable[[], None] = lambda: None,
    ) -> None:
        self._response = response
        self._renderer = renderer
        self._clock = clock
        self._drop = drop
        self._spoke_at = clock()

    async def speak(
        self, first: Event, events: AsyncGenerator[Event, None], interval: Seconds
    ) -> None:
        """Until the stream's last event; whatever breaks becomes an error event.

        A client that went away is not an error.
        """
        try:
            await self._event(first)
            await pass_on(events, interval=interval, item=self._event, silence=self._silence)
        except* ConnectionError:
            log.info("the client went away; its request is cancelled")
        except* CodriverError as group:
            await self._event(Failed(_first_of(group)))
        except* Exception:  # a connection's outer edge: the answer has begun
            log.exception("a streamed answer broke")
            await self._event(Failed(EngineError(MISTAKE)))

    async def _event(self, event: Event) -> bool:
        """Whether the wire had bytes for it."""
        if isinstance(event, Failed):
            log_failure(event.error)
            if event.drop:
                self._drop()
                return False
        data = self._renderer.render(event)
        if data:
            self._spoke_at = self._clock()
            await self._response.write(data)
        return bool(data)

    async def _silence(self) -> None:
        silent_for = Seconds(self._clock() - self._spoke_at)
        data = self._renderer.keepalive(silent_for)
        if data:
            await self._response.write(data)


async def read_request(http: web.Request, door: Door) -> ChatRequest:
    """The body as a ChatRequest. Raises BadRequest and its kin."""
    try:
        body = await http.read()
    except web.RequestPayloadError:
        raise BadRequest("the request body is not encoded as its headers say") from None
    return door.parse(body, http.headers, http.path_qs)


_Beginning: TypeAlias = Routed | CodriverError


async def _begin(router: Router, request: ChatRequest) -> _Beginning:
    """An engine's first event, or the refusal: a task that raises would end its group."""
    try:
        return await router.route(request)
    except CodriverError as error:
        return error


def _taken(beginning: _Beginning) -> Routed:
    if isinstance(beginning, CodriverError):
        raise beginning
    return beginning


async def _remainder(beginning: asyncio.Task[_Beginning]) -> AsyncGenerator[Event, None]:
    """What follows a start of our own. Raises the engine's refusal."""
    routed = _taken(await beginning)
    async with aclosing(routed.events) as events:
        async for event in events:
            if isinstance(event, RelayStarted):
                raise UpstreamUnreachable(f"{routed.engine} began too late to be passed on")
            if not isinstance(event, Started):
                yield event


async def _whole(
    builder: Builder, first: Event, events: AsyncGenerator[Event, None], routed: Routed
) -> web.StreamResponse:
    """A non-streaming answer; a failure becomes an error response, never half a message."""
    builder.add(first)
    async for event in events:
        if isinstance(event, Failed):
            raise event.error
        builder.add(event)
    return _json(builder.body(), _route_headers(routed))


class _Relayed(web.StreamResponse):
    """Its head goes out with the first bytes, which are there already: one write, not two."""

    _send_headers_immediately = False


def _drop(http: web.Request) -> None:
    """Cut the connection: the client sees that the answer is not whole, and may ask again."""
    if http.transport is not None:
        http.transport.abort()


def _route_headers(routed: Routed) -> dict[str, str]:
    return {
        "x-codriver-route": routed.engine,
        "x-codriver-reason": _header_text(routed.decision.reason),
    }


def _header_text(text: str) -> str:
    """Without what a header cannot carry; a reason may quote another server's words, and at
    any length."""
    line = text.replace("\n", " ").replace("\r", " ")
    if len(line) > REASON_LIMIT:
        line = line[: REASON_LIMIT - 3] + "..."
    return "".join(char if " " <= char <= "~" else "?" for char in line)


def _first_of(group: BaseExceptionGroup[CodriverError]) -> CodriverError:
    """The error to tell, however deep in task groups it was raised."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, CodriverError)  # noqa: S101 - what except* let through
    return error


def _json(body: bytes, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(body=body, content_type="application/json", headers=headers)
