"""Content blocks of the Messages API -> parts of the inside.

Knows one block at a time. A kind it does not know becomes Opaque, never an error;
a known kind with a wrong field is an error with the field's path. For this package.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable

from edge.chat import (
    Document,
    Image,
    Opaque,
    Part,
    RedactedThinking,
    Text,
    Thinking,
    ToolChange,
    ToolReference,
    ToolResult,
    ToolUse,
)
from edge.dialects.anthropic.tools import parse_cache, parse_tool
from edge.dialects.fields import Fields, Raw, bad, join


def parse_content(value: Raw, path: str) -> tuple[Part, ...]:
    """A string or a list of blocks. Null, an empty string and an empty text block are no
    part at all: clients send back the empty block that kept a stream alive."""
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        return (Text(value),)
    if not isinstance(value, list):
        raise bad(path, "Input should be a valid string or a valid list")
    parts = (parse_block(item, join(path, index)) for index, item in enumerate(value))
    return tuple(part for part in parts if not (isinstance(part, Text) and not part.text))


def parse_block(value: Raw, path: str) -> Part:
    """One block. Raises BadRequest."""
    fields = Fields.of(value, path)
    kind = fields.text("type")
    parser = _PARSERS.get(kind)
    part = None if parser is None else parser(fields.tagged(kind))
    return Opaque(kind, fields.value) if part is None else part


def parse_text(fields: Fields) -> Text:
    """A text block."""
    return Text(fields.text("text"), parse_cache(fields))


def _image(fields: Fields) -> Image | None:
    source = fields.object("source")
    cache = parse_cache(fields)
    match source.text("type"):
        case "base64":
            media_type, data = _base64(source.tagged("base64"))
            return Image(media_type, data=data, cache=cache)
        case "url":
            return Image(None, url=source.tagged("url").text("url"), cache=cache)
        case "file":
            return Image(None, file_id=source.tagged("file").text("file_id"), cache=cache)
        case _:
            return None


def _base64(source: Fields) -> tuple[str, bytes]:
    media_type, encoded = source.text("media_type"), source.text("data")
    try:
        return media_type, binascii.a2b_base64(encoded.encode("ascii"), strict_mode=True)
    except ValueError:
        raise bad(source.path, "invalid base64 data") from None


def _document(fields: Fields) -> Document | None:
    body = _document_body(fields.object("source"))
    if body is None:
        return None
    return Document(
        media_type=body.media_type,
        data=body.data,
        text=body.text,
        parts=body.parts,
        url=body.url,
        file_id=body.file_id,
        title=fields.maybe_text("title"),
        context=fields.maybe_text("context"),
        cache=parse_cache(fields),
    )


def _document_body(source: Fields) -> Document | None:
    match source.text("type"):
        case "base64":
            media_type, data = _base64(source.tagged("base64"))
            return Document(media_type, data=data)
        case "text":
            plain = source.tagged("text")
            return Document(plain.maybe_text("media_type") or "text/plain", text=plain.text("data"))
        case "content":
            nested = source.tagged("content")
            return Document(
                None, parts=parse_content(nested.required("content"), nested.at("content"))
            )
        case "url":
            return Document(None, url=source.tagged("url").text("url"))
        case "file":
            return Document(None, file_id=source.tagged("file").text("file_id"))
        case _:
            return None


def _thinking(fields: Fields) -> Thinking:
    return Thinking(fields.text("thinking"), fields.maybe_text("signature") or "")


def _redacted(fields: Fields) -> RedactedThinking:
    return RedactedThinking(fields.text("data"))


def _tool_use(fields: Fields) -> ToolUse:
    return ToolUse(
        id=fields.text("id"),
        name=fields.text("name"),
        input=fields.object("input").value,
        cache=parse_cache(fields),
    )


def _tool_result(fields: Fields) -> ToolResult:
    return ToolResult(
        tool_use_id=fields.text("tool_use_id"),
        content=parse_content(fields.value.get("content"), fields.at("content")),
        is_error=fields.flag("is_error"),
        cache=parse_cache(fields),
    )


def _tool_reference(fields: Fields) -> ToolReference:
    return ToolReference(fields.text("tool_name"))


def _tool_addition(fields: Fields) -> ToolChange | None:
    tool = fields.object("tool")
    match tool.text("type"):
        case "tool_reference":
            return ToolChange("addition", tool.tagged("tool_reference").text("name"))
        case "tool_definition":
            inline = tool.tagged("tool_definition")
            spec = parse_tool(inline.required("definition"), inline.at("definition"))
            return ToolChange("addition", spec.name, spec)
        case _:
            return None


def _tool_removal(fields: Fields) -> ToolChange | None:
    tool = fields.object("tool")
    if tool.text("type") != "tool_reference":
        return None
    return ToolChange("removal", tool.tagged("tool_reference").text("name"))


# A parser answers None for a variant this version does not know.
_PARSERS: dict[str, Callable[[Fields], Part | None]] = {
    "text": parse_text,
    "image": _image,
    "document": _document,
    "thinking": _thinking,
    "redacted_thinking": _redacted,
    "tool_use": _tool_use,
    "tool_result": _tool_result,
    "tool_reference": _tool_reference,
    "tool_addition": _tool_addition,
    "tool_removal": _tool_removal,
}
