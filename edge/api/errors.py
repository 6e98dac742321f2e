"""Errors at the HTTP edge: one place that turns whatever was raised into a response."""

from __future__ import annotations

import logging
import math
import os

from aiohttp import web

from edge.api.doors import Door
from edge.dialects import anthropic
from edge.errors import (
    BadRequest,
    CodriverError,
    EngineError,
    NotFound,
    RequestTooLarge,
    TimedOut,
)

log = logging.getLogger(__name__)

MISTAKE = "codriver made a mistake; its log has the details"
"""For what nobody foresaw: the sentence a client gets, while the log gets the traceback."""


def log_failure(error: CodriverError) -> None:
    """Once for each failed answer: ours loudly, the client's own mistakes and limits quietly."""
    is_ours = error.status >= 500 and not isinstance(error, TimedOut)
    level = logging.ERROR if is_ours else logging.INFO
    log.log(level, "%s: %s", type(error).__name__, error)


def new_request_id() -> str:
    """What a person can quote; every answer carries one."""
    return anthropic.request_id(os.urandom(anthropic.RANDOM_BYTES))


def error_response(error: CodriverError, door: Door) -> web.Response:
    """The error in the door's envelope, with retry-after where it is known."""
    log_failure(error)
    request_id = new_request_id()
    status, body = door.error(error, request_id)
    headers = {door.id_header: request_id}
    if error.retry_after is not None:
        headers["retry-after"] = str(math.ceil(error.retry_after))
    return web.Response(status=status, body=body, headers=headers, content_type="application/json")


def from_http(error: web.HTTPException) -> CodriverError:
    """aiohttp's own refusals, as errors of the tree; the status stays as it was."""
    refusal: CodriverError
    match error.status:
        case 404:
            return NotFound(
                "no such path: there is /v1/messages, /v1/messages/count_tokens, "
                "/v1/messages/batches, /v1/chat/completions and /v1/models"
            )
        case 405:
            refusal = BadRequest(f"{error.reason}: this path does not take that method")
        case 413:
            return RequestTooLarge(
                "the request body is over the limit; raise server.max_body_bytes if it is meant"
            )
        case status if status < 500:
            refusal = BadRequest(error.reason)
        case _:
            return EngineError(error.reason)
    refusal.status = error.status
    return refusal
