"""The Message Batches API as a pure codec, the server's side.

What a batch of requests looks like on its way in, and a batch, a list of them and a line of
results on their way out (platform.claude.com, "Message Batches"). The requests inside are read
by ``parse``. Knows no queue: states come as the API's own words. For the api.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

import msgspec

from edge.dialects.fields import bad
from edge.errors import BadRequest, CodriverError

MOST_REQUESTS = 10_000
"""In one batch; Anthropic's own takes ten times as many."""
MOST_LISTED = 1_000
LISTED = 20

_CUSTOM_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

Outcome = Literal["succeeded", "errored", "canceled", "expired"]


class _Request(msgspec.Struct):
    custom_id: str
    params: msgspec.Raw


class _Create(msgspec.Struct):
    requests: list[_Request]


@dataclass(frozen=True, slots=True)
class BatchItem:
    """A request and its name; ``params`` are the bytes that came."""

    custom_id: str
    params: bytes


@dataclass(frozen=True, slots=True)
class BatchView:
    """A batch as its clients see it; times are seconds since 1970.

    ``outcomes`` counts what has ended, and is told only when all has, as the API does it.
    """

    id: str
    created: float
    expires: float
    total: int
    outcomes: Mapping[Outcome, int]
    cancelled: float | None = None
    ended: float | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What part of a list is wanted."""

    limit: int = LISTED
    after: str = ""
    before: str = ""


def parse_batch(body: bytes) -> tuple[BatchItem, ...]:
    """The requests of a new batch. Raises BadRequest; what is inside them is not looked at."""
    try:
        items = msgspec.json.decode(body, type=_Create).requests
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadRequest(f"the request body is not a batch: {error}") from None
    if not items:
        raise bad("requests", "List should have at least 1 item")
    if len(items) > MOST_REQUESTS:
        raise bad("requests", f"List should have at most {MOST_REQUESTS} items")
    seen: set[str] = set()
    for at, item in enumerate(items):
        path = f"requests.{at}.custom_id"
        if not _CUSTOM_ID.fullmatch(item.custom_id):
            raise bad(path, "String should match pattern '^[a-zA-Z0-9_-]{1,64}$'")
        if item.custom_id in seen:
            raise bad(path, "a batch has each custom_id once")
        seen.add(item.custom_id)
    return tuple(BatchItem(item.custom_id, bytes(item.params)) for item in items)


def parse_page(query: Mapping[str, str]) -> Page:
    """Raises BadRequest."""
    text = query.get("limit", str(LISTED))
    limit = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
    if not 1 <= limit <= MOST_LISTED:
        raise bad("limit", f"Input should be a whole number from 1 to {MOST_LISTED}")
    return Page(limit, query.get("after_id", ""), query.get("before_id", ""))


def render_batch(batch: BatchView, results_url: str) -> bytes:
    return msgspec.json.encode(_batch(batch, results_url))


def render_batches(batches: Sequence[tuple[BatchView, str]], *, has_more: bool) -> bytes:
    """A page of a list; each batch with the URL of its results."""
    return msgspec.json.encode(
        {
            "data": [_batch(batch, url) for batch, url in batches],
            "has_more": has_more,
            "first_id": batches[0][0].id if batches else None,
            "last_id": batches[-1][0].id if batches else None,
        }
    )


def render_deleted(batch: str) -> bytes:
    return msgspec.json.encode({"id": batch, "type": "message_batch_deleted"})


def render_result(custom_id: str, outcome: Outcome, message: bytes | None = None) -> bytes:
    """A line of the results; ``message`` is the answer of what has succeeded."""
    result: dict[str, Any] = {"type": outcome}
    if message is not None:
        result["message"] = msgspec.Raw(message.strip())
    return _line(custom_id, result)


def render_errored(custom_id: str, error: CodriverError) -> bytes:
    """A line for a request that was refused."""
    inside = {"type": error.kind, "message": str(error)}
    envelope = {"type": "error", "error": inside, "request_id": None}
    return _line(custom_id, {"type": "errored", "error": envelope})


def _line(custom_id: str, result: Mapping[str, Any]) -> bytes:
    # JSON has no line break but between its tokens, where one would end the line of a result.
    line = msgspec.json.format(
        msgspec.json.encode({"custom_id": custom_id, "result": result}), indent=-1
    )
    return line + b"\n"


def _batch(batch: BatchView, results_url: str) -> dict[str, Any]:
    has_ended = batch.ended is not None
    counts = {name: batch.outcomes.get(name, 0) if has_ended else 0 for name in get_args(Outcome)}
    status = "ended" if has_ended else "canceling" if batch.cancelled else "in_progress"
    return {
        "id": batch.id,
        "type": "message_batch",
        "processing_status": status,
        "request_counts": {"processing": 0 if has_ended else batch.total, **counts},
        "created_at": _time(batch.created),
        "expires_at": _time(batch.expires),
        "ended_at": _time(batch.ended),
        "cancel_initiated_at": _time(batch.cancelled),
        "archived_at": None,
        "results_url": results_url if has_ended else None,
    }


def _time(seconds: float | None) -> str | None:
    """RFC 3339."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
