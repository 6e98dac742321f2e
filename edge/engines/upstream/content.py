"""Where the content of a relayed answer begins: until then another engine may take its place.

Looks for events' names in the bytes and parses nothing, as those are passed on untouched. Pure;
for this package.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from edge.engines.upstream.server import Dialect

MOST_HELD = 65_536
"""Bytes without content that are held back; what comes then is no usual beginning."""

_CONTENT: Mapping[Dialect, re.Pattern[bytes]] = {
    "anthropic": re.compile(
        rb"^event: ?(?:content_block|message_delta|message_stop)", re.MULTILINE
    ),
    "openai": re.compile(
        rb'"(?:content|reasoning|reasoning_content|refusal|finish_reason)"\s*:\s*"[^"]'
        rb'|"tool_calls"\s*:\s*\[|^data: ?\[DONE\]',
        re.MULTILINE,
    ),
}
_ERROR: Mapping[Dialect, re.Pattern[bytes]] = {
    "anthropic": re.compile(rb"^event: ?error", re.MULTILINE),
    "openai": re.compile(rb'^data: ?\{\s*"error"\s*:\s*["{]', re.MULTILINE),
}


def has_content(dialect: Dialect, held: bytes) -> bool:
    """Whether the client could notice if somebody else went on from here."""
    return len(held) >= MOST_HELD or _CONTENT[dialect].search(held) is not None


def has_error(dialect: Dialect, held: bytes) -> bool:
    """Whether the stream, content or not, tells of an error."""
    return _ERROR[dialect].search(held) is not None
