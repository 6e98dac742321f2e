"""OpenAI's error object: CodriverError -> bytes, and other servers' errors -> CodriverError.

Knows the many shapes in which servers of this dialect put one. HTTP headers are the
caller's: it brings what retry-after says. For this package, the api and the upstream engine.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from edge.dialects.framing import encode_data
from edge.errors import (
    BadRequest,
    CodriverError,
    EngineError,
    ErrorKind,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    Overloaded,
    PromptTooLong,
    RequestTooLarge,
)
from edge.units import Seconds, Tokens

LONGEST_MESSAGE = 600
"""Characters of another server's words that are passed on."""

_UNKNOWN_STATUS = 529
_SERVICE_UNAVAILABLE = 503

_TYPES: dict[ErrorKind, tuple[str, str | None]] = {
    "invalid_request_error": ("invalid_request_error", None),
    "authentication_error": ("authentication_error", "invalid_api_key"),
    "permission_error": ("permission_error", None),
    "not_found_error": ("not_found_error", None),
    "request_too_large": ("invalid_request_error", "request_too_large"),
    "rate_limit_error": ("rate_limit_error", "rate_limit_exceeded"),
    "api_error": ("server_error", None),
    "overloaded_error": ("overloaded_error", None),
    "timeout_error": ("timeout_error", None),
}
"""``type`` and ``code`` for each kind: OpenAI's own words where it has one."""

_STATUSES: dict[int, type[CodriverError]] = {
    400: BadRequest,
    401: NotAuthenticated,
    402: NotPermitted,
    403: NotPermitted,
    404: NotFound,
    413: RequestTooLarge,
    422: BadRequest,
    429: Overloaded,
    503: Overloaded,
    529: Overloaded,
}

_WORDS: dict[str, int] = {
    "authentication_error": 401,
    "invalid_api_key": 401,
    "permission_error": 403,
    "insufficient_quota": 429,
    "not_found_error": 404,
    "model_not_found": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "overloaded_error": 503,
    "unavailable_error": 503,
    "invalid_request_error": 400,
    "BadRequestError": 400,
    "context_length_exceeded": 400,
    "exceed_context_size_error": 400,
}
"""What ``type`` and ``code`` mean where no status says it: in the middle of a stream."""

_TOO_LONG = ("context_length_exceeded", "exceed_context_size_error")
_OURS = re.compile(r"prompt is too long: (?P<tokens>\d+) tokens > (?P<maximum>\d+) maximum")
_MAXIMUM = re.compile(
    r"(?:maximum context length is|context length of only|available context size \()"
    r" ?(?P<maximum>\d+)"
)
_TOKENS = re.compile(
    r"(?:resulted in|requested|contains at least|has|keep the first|request \()"
    r" ?(?P<tokens>\d+)"
)
_UNEXPLAINED = "the other server answered with an error it did not explain"


def render_error(error: CodriverError) -> tuple[int, bytes]:
    """Status and body of a refusal before anything was streamed.

    529 is Anthropic's own; these clients know 503.
    """
    status = _SERVICE_UNAVAILABLE if error.status == _UNKNOWN_STATUS else error.status
    return status, msgspec.json.encode(_envelope(error))


def render_error_event(error: CodriverError) -> bytes:
    """The frame that ends a stream which had begun; no ``[DONE]`` follows, that is success."""
    return encode_data(_envelope(error))


def _envelope(error: CodriverError) -> dict[str, Any]:
    kind, code = _TYPES[error.kind]
    if isinstance(error, PromptTooLong):
        code = "context_length_exceeded"
    return {"error": {"message": str(error), "type": kind, "param": None, "code": code}}


def parse_error(
    body: bytes | str, status: int | None = None, retry_after: Seconds | None = None
) -> CodriverError:
    """The error another server of this dialect answered with; its origin is upstream.

    ``status`` is its HTTP status, None in the middle of a stream. Bodies in no known shape
    give an error all the same.
    """
    try:
        value = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        value = None
    found = value.get("error", value) if isinstance(value, dict) else None
    return error_of(found, status, retry_after)


def error_of(
    found: Any, status: int | None = None, retry_after: Seconds | None = None
) -> CodriverError:
    """The same for the ``error`` member itself: an object, or only its message."""
    fields = found if isinstance(found, dict) else {"message": found}
    message = fields.get("message")
    if not isinstance(message, str) or not message.strip():
        message = _UNEXPLAINED
    # What matters stands at the beginning of a message; the rest may be a whole page.
    error = _error(fields, message[:LONGEST_MESSAGE], _status(fields, status))
    error.origin = "upstream"
    if retry_after is not None:
        error.retry_after = retry_after
    return error


def _error(fields: dict[str, Any], message: str, status: int) -> CodriverError:
    too_long = _too_long(fields, message)
    if too_long is not None:
        return too_long
    kind = _STATUSES.get(status, BadRequest if 400 <= status < 500 else EngineError)
    error = kind(message)
    error.status = status
    if status == 429:
        error.kind = "rate_limit_error"
    return error


def _status(fields: dict[str, Any], status: int | None) -> int:
    """A status of success tells nothing of an error."""
    if status is not None and status >= 400:
        return status
    for key in ("code", "type", "status"):
        word = fields.get(key)
        if isinstance(word, int) and 400 <= word < 600:
            return word
        if isinstance(word, str) and word in _WORDS:
            return _WORDS[word]
    return 500


def _too_long(fields: dict[str, Any], message: str) -> CodriverError | None:
    """An overflow, worded so that clients of every dialect shorten their prompt."""
    words = (fields.get("code"), fields.get("type"))
    maximum = _count(fields.get("n_ctx")) or _found(_MAXIMUM, message, "maximum")
    tokens = _count(fields.get("n_prompt_tokens")) or _found(_TOKENS, message, "tokens")
    ours = _OURS.search(message)
    if ours is not None:
        return PromptTooLong(Tokens(int(ours["tokens"])), Tokens(int(ours["maximum"])))
    if maximum is not None and tokens is not None:
        return PromptTooLong(Tokens(tokens), Tokens(maximum))
    if maximum is not None or any(word in _TOO_LONG for word in words):
        return BadRequest(f"prompt is too long: {message}")
    return None


def _count(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _found(pattern: re.Pattern[str], message: str, name: str) -> int | None:
    found = pattern.search(message)
    # More digits than any context has are no count.
    return None if found is None or len(found[name]) > 12 else int(found[name])
