"""Every text of a request that would leave the box, one for each part. Pure.

Images and PDFs are not text and are not read. Called by the scan and for a session's key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from edge.chat import (
    ChatRequest,
    Document,
    Json,
    Message,
    Opaque,
    Part,
    RedactedThinking,
    SafeguardRequest,
    Text,
    Thinking,
    ToolChange,
    ToolResult,
    ToolSpec,
    ToolUse,
)

Whole: TypeAlias = Message | Text | ToolSpec | SafeguardRequest


def wholes_of(request: ChatRequest) -> Iterator[Whole]:
    """What holds them; the newest turns first: what is new stands at the end, and may be all there
    is to read."""
    yield from reversed(request.messages)
    yield from request.system
    yield from request.tools
    yield from request.safeguards


def texts_of(whole: Whole) -> Iterator[str]:
    """Its texts in order."""
    match whole:
        case Message(parts=parts):
            for part in parts:
                yield from _part(part)
        case Text(text):
            yield text
        case ToolSpec():
            yield _tool(whole)
        case SafeguardRequest(context=context):
            yield "\n".join(strings(context))


def _part(part: Part) -> Iterator[str]:
    match part:
        case Text(text) | Thinking(text):
            yield text
        case ToolUse(input=value) | Opaque(value=value):
            yield "\n".join(strings(value))
        case ToolResult(content=content):
            for inside in content:
                yield from _part(inside)
        case Document():
            yield from (text for text in (part.title, part.context, part.text) if text)
            for inside in part.parts:
                yield from _part(inside)
        case ToolChange(definition=ToolSpec() as tool):
            yield _tool(tool)
        case RedactedThinking():
            return  # another server's own, encrypted
        case _:
            return


def _tool(tool: ToolSpec) -> str:
    return "\n".join((tool.name, tool.description, *strings(tool.schema)))


def strings(value: Json) -> list[str]:
    """The texts in a JSON value; one in an object as ``key=text``, as it would be assigned.

    The value's depth is bounded where requests are parsed.
    """
    found: list[str] = []
    _collect(value, found)
    return found


def _collect(value: Json, found: list[str]) -> None:
    """Into one list, the common types first: there are thousands of values in a request."""
    if isinstance(value, str):
        found.append(value)
    elif value is None or isinstance(value, int | float):
        return
    elif isinstance(value, dict | Mapping):
        for key, inside in value.items():
            if isinstance(inside, str):
                found.append(f"{key}={inside}")
            else:
                _collect(inside, found)
    else:
        for inside in value:
            _collect(inside, found)
