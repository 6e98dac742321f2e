"""What the head and the first bytes of an answer tell: whether it is one of an API at all.

Sign-in pages of hotels and trains, proxies and gateways answer with status 200 or any other
and a page. Pure; for this package.
"""

from __future__ import annotations

import re

JSON = "application/json"
SSE = "text/event-stream"

_ERROR = re.compile(
    rb'\s*(?:event:[ ]?error\b|(?:data:\s*)?\{\s*(?:"error"\s*:\s*["{]|"type"\s*:\s*"error"))'
)
_LOOKED_AT = 128


def kind_of(content_type: str | None) -> str:
    """``JSON``, ``SSE``, or any other kind as it was named, shortened."""
    kind = (content_type or "").partition(";")[0].strip().lower()
    return JSON if kind.endswith("+json") else kind[:60]


def strangeness(status: int, content_type: str | None, *, stream: bool) -> str | None:
    """Why this is no answer of an API to a request that wants a ``stream`` or not; None if
    it is one. What an answer of an error looks like is the API's affair."""
    kind = kind_of(content_type)
    if 300 <= status < 400:
        return "it answers with a redirect, as a sign-in page would"
    if kind not in (JSON, SSE):
        said = kind or "content of no kind"
        return f"it answers with status {status} and {said}, not with JSON, as a sign-in page would"
    if 200 <= status < 300 and (kind == SSE) != stream:
        return "it answers with a whole where a stream was asked for, or the other way round"
    return None


def begins_with_error(chunk: bytes) -> bool:
    """Whether the first bytes of an answer of status 200 are an error all the same."""
    return _ERROR.match(chunk[:_LOOKED_AT]) is not None
