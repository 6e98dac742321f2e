"""The counts of an answer of the Messages API. For this package and whoever reads only them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from edge.chat import Usage
from edge.units import Tokens


class _Counted(msgspec.Struct):
    """A whole answer, or an event: message_start has the counts inside its message."""

    usage: dict[str, Any] | None = None
    message: _Counted | None = None


def usage_in(data: bytes, before: Usage | None = None) -> Usage | None:
    """What an event's JSON or a whole answer counts; None where it is neither, or counts nothing.
    What it does not say is as ``before``."""
    try:
        found = msgspec.json.decode(data, type=_Counted)
        inner = found if found.message is None else found.message
        return usage_of(inner.usage, before or Usage()) if inner.usage else None
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None


def usage_of(counts: Mapping[str, Any], before: Usage) -> Usage:
    """Cumulative counts; a field that is missing or null keeps its last value."""

    def latest(field: str, last: Tokens) -> Tokens:
        count = counts.get(field)
        return last if count is None else Tokens(int(count))

    return Usage(
        input=latest("input_tokens", before.input),
        cache_read=latest("cache_read_input_tokens", before.cache_read),
        cache_creation=latest("cache_creation_input_tokens", before.cache_creation),
        output=latest("output_tokens", before.output),
    )
