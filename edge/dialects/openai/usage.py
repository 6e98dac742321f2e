"""The counts of an answer of Chat Completions. For whoever reads only them."""

from __future__ import annotations

import msgspec

from edge.chat import Usage
from edge.dialects.openai.wire import Counts, usage_of


class _Counted(msgspec.Struct):
    usage: Counts | None = None


def usage_in(data: bytes) -> Usage | None:
    """What a chunk's JSON or a whole answer counts; None where it is neither, or counts nothing."""
    try:
        counts = msgspec.json.decode(data, type=_Counted).usage
    except (ValueError, RecursionError):
        return None
    return None if counts is None else usage_of(counts)
