"""The API's error envelope: CodriverError -> bytes, and an error answer -> CodriverError.

Knows no HTTP header: ``retry_after`` and ``x-should-retry`` are the api's. For this
package and the api.
"""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from edge.dialects.framing import encode_sse
from edge.errors import (
    BadRequest,
    CodriverError,
    EngineError,
    ErrorKind,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    Overloaded,
    RequestTooLarge,
    TimedOut,
)

_CLASSES: dict[ErrorKind, type[CodriverError]] = {
    "invalid_request_error": BadRequest,
    "authentication_error": NotAuthenticated,
    "permission_error": NotPermitted,
    "not_found_error": NotFound,
    "request_too_large": RequestTooLarge,
    "api_error": EngineError,
    "overloaded_error": Overloaded,
    "timeout_error": TimedOut,
}
_RATE_LIMITED = 429


def render_error(error: CodriverError, request_id: str) -> tuple[int, bytes]:
    """Status and body of a refusal before anything was streamed."""
    return error.status, msgspec.json.encode({**_envelope(error), "request_id": request_id})


def render_error_event(error: CodriverError) -> bytes:
    """The event that ends a stream which had begun."""
    return encode_sse("error", _envelope(error))


def _envelope(error: CodriverError) -> dict[str, Any]:
    return {"type": "error", "error": {"type": error.kind, "message": str(error)}}


def parse_error(body: bytes | str, status: int | None = None) -> CodriverError:
    """The error another server of this dialect answered with; its origin is upstream.

    Bodies in no known shape give an error that carries ``status`` all the same.
    """
    kind, message = _read(body)
    error = _CLASSES.get(kind, CodriverError)(message)
    error.kind = kind
    error.status = status or (_RATE_LIMITED if kind == "rate_limit_error" else error.status)
    error.origin = "upstream"
    return error


def _read(body: bytes | str) -> tuple[ErrorKind, str]:
    try:
        inner = msgspec.json.decode(body)["error"]
        given, message = inner["type"], str(inner["message"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return "api_error", "the other server answered with an error it did not explain"
    for kind in get_args(ErrorKind):
        if given == kind:
            return kind, message
    return "api_error", message
