"""Which arguments a small model may give: the needless ones only lead it astray. Pure.

Knows JSON schemas as plain dicts, and which of Claude Code's optional arguments are tuning or
remarks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from edge.chat import ChatRequest
from edge.prompts.coaching.transcript import BASH, READ, steps

_TUNING_TYPES = ("number", "integer", "boolean")

_REMARKS = ("description", "pages")
"""Of a command, for the person who watches: a second of a small board's time. Of a PDF; a long
one's result asks for them."""

_ASKED_FOR = {
    READ: re.compile(r"\b(?:offset|limit|pages)\b"),
    BASH: re.compile(r"\btim(?:ed out|eout)\b|\bbackground\b", re.IGNORECASE),
}
"""Tools whose optional numbers, switches and remarks are left out until a result speaks of them: a
small model reads one line of a file, or waits a minute, only because it may."""


def trimmed(request: ChatRequest, tool: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema that the arguments of ``tool`` should follow now."""
    asked_for = _ASKED_FOR.get(tool)
    if asked_for is None or any(asked_for.search(step.text) for step in steps(request.messages)):
        return dict(schema)
    required = schema.get("required", ())
    kept = {
        name: each
        for name, each in schema.get("properties", {}).items()
        if name in required or not (_is_tuning(each) or name in _REMARKS)
    }
    return {**schema, "properties": kept} if kept else dict(schema)


def _is_tuning(schema: Any) -> bool:
    return isinstance(schema, Mapping) and schema.get("type") in _TUNING_TYPES
