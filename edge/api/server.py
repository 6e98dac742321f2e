"""The aiohttp application: routes, the error edge, the guard. HTTP only.

Built by the composition root with everything handed over; knows no engine.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeAlias

from aiohttp import web
from aiohttp.typedefs import Middleware

from edge.api.auth import Handler
from edge.api.chat import ChatHandler
from edge.api.doors import ANTHROPIC, CHAT_PATHS, MODEL_PATHS, OPENAI, door_of
from edge.api.errors import MISTAKE, error_response, from_http, new_request_id
from edge.api.metrics import CONTENT_TYPE, exposition
from edge.errors import CodriverError, EngineError
from edge.routing.router import Router
from edge.units import Bytes

log = logging.getLogger(__name__)

OPEN_PATHS = frozenset({"/", "/api/hello"})
"""Answered without a token: clients warm their connection up with them."""


Measures: TypeAlias = Callable[[], Awaitable[Iterable[tuple[str, float]]]]
"""What no engine has done, by name. Raises CodriverError where that cannot be told."""


def build(
    chat: ChatHandler,
    router: Router,
    *,
    guard: Callable[[web.Request], None],
    max_body: Bytes,
    more: Sequence[web.RouteDef] = (),
    measures: Measures | None = None,
) -> web.Application:
    """The application, ready for a runner; with ``more`` that it serves, behind the guard, too,
    and with ``measures`` beside those of the engines."""
    app = web.Application(client_max_size=max_body, middlewares=[_edge(guard)])
    app.on_response_prepare.append(_identify)
    app.add_routes(
        [
            web.get("/", _hello),
            web.get("/api/hello", _hello),
            web.post("/v1/messages", chat.at(ANTHROPIC)),
            web.post("/v1/messages/count_tokens", chat.count_tokens_at(ANTHROPIC)),
            *(web.post(path, chat.at(OPENAI)) for path in CHAT_PATHS),
            *(web.get(path, _models(router)) for path in MODEL_PATHS),
            *(web.get(path + "/{id:.+}", _model(router)) for path in MODEL_PATHS),
            web.get("/metrics", _metrics(router, measures)),
            web.post("/api/event_logging/batch", _quietly),
            web.get("/api/claude_cli/bootstrap", _quietly),
            *more,
        ]
    )
    return app


def _edge(guard: Callable[[web.Request], None]) -> Middleware:
    """The one middleware: authority before the handler, an envelope for what it raises."""

    @web.middleware
    async def edge(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if request.path not in OPEN_PATHS:
                guard(request)
            return await handler(request)
        except CodriverError as error:
            return _refuse(request, error)
        except web.HTTPException as error:
            return _refuse(request, from_http(error))
        except ConnectionError:
            raise
        except Exception:
            log.exception("%s %s broke", request.method, request.path)
            return _refuse(request, EngineError(MISTAKE))

    return edge


def _refuse(request: web.Request, error: CodriverError) -> web.Response:
    """The error as a response, or a cut connection where another answer has begun."""
    if request.writer.output_size > 0:
        raise ConnectionAbortedError(str(error))
    return error_response(error, door_of(request))


async def _identify(request: web.Request, response: web.StreamResponse) -> None:
    """An id on every answer; an error's and a relayed one's are there already."""
    response.headers.setdefault(door_of(request).id_header, new_request_id())


async def _hello(request: web.Request) -> web.Response:
    return web.Response(text="codriver is running")


async def _quietly(request: web.Request) -> web.Response:
    """Telemetry has nowhere to go; a client must not retry it."""
    return web.json_response({})


def _json_body(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")


def _models(router: Router) -> Handler:
    async def models(request: web.Request) -> web.Response:
        return _json_body(door_of(request).models(router.models()))

    return models


def _metrics(router: Router, measures: Measures | None) -> Handler:
    async def metrics(request: web.Request) -> web.Response:
        text = exposition(router.snapshot().engines, await _told(measures))
        return web.Response(text=text, headers={"content-type": CONTENT_TYPE})

    return metrics


async def _told(measures: Measures | None) -> Iterable[tuple[str, float]]:
    """Nothing where it cannot be told: the engines' own can."""
    try:
        return () if measures is None else await measures()
    except CodriverError:
        return ()


def _model(router: Router) -> Handler:
    async def model(request: web.Request) -> web.Response:
        wanted = request.match_info["id"]
        return _json_body(door_of(request).model(router.models(), wanted))

    return model
