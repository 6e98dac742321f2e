"""Errors at the HTTP edge: one place that turns whatever was raised into a response."""

from __future__ import annotations

import logging
import os

from aiohttp import web

from edge.dialects import anthropic
from edge.errors import CodriverError, EngineError, NotFound, RequestTooLarge

log = logging.getLogger(__name__)


def log_failure(error: CodriverError) -> None:
    """Once for each failed answer: ours loudly, the client's own mistakes quietly."""
    level = logging.ERROR if error.status >= 500 else logging.INFO
    log.log(level, "%s: %s", type(error).__name__, error)


def error_response(error: CodriverError) -> web.Response:
    """The error in the anthropic envelope, with retry-after where it is known."""
    log_failure(error)
    request_id = anthropic.request_id(os.urandom(anthropic.RANDOM_BYTES))
    status, body = anthropic.render_error(error, request_id)
    headers = {"request-id": request_id}
    if error.retry_after is not None:
        headers["retry-after"] = str(int(error.retry_after))
    return web.Response(status=status, body=body, headers=headers, content_type="application/json")


def from_http(error: web.HTTPException) -> CodriverError:
    """aiohttp's own refusals, as errors of the tree."""
    match error.status:
        case 404:
            return NotFound(
                "no such path: there is /v1/messages, /v1/messages/count_tokens and /v1/models"
            )
        case 405:
            return NotFound(f"{error.reason}: this path does not take that method")
        case 413:
            return RequestTooLarge(
                "the request body is over the limit; raise server.max_body_bytes if it is meant"
            )
        case _:
            return EngineError(error.reason)
