"""Messages of Chat Completions -> messages of the inside.

Knows one message at a time and their parts; which of them are the system text is the
request parser's business. A part that nothing here could carry is an error with its path.
For this package.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable

import msgspec

from edge.chat import (
    Document,
    Image,
    JsonObject,
    Message,
    Part,
    Role,
    Text,
    ToolResult,
    ToolUse,
)
from edge.dialects.fields import Fields, Raw, bad, join
from edge.errors import UnsupportedInput

_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "user",
}


def parse_message(value: Raw, path: str) -> Message:
    """One message; a tool's result is a user's turn inside."""
    fields = Fields.of(value, path)
    given = fields.text("role")
    if given not in _ROLES:
        raise bad(
            fields.at("role"),
            "Input should be 'system', 'developer', 'user', 'assistant' or 'tool'",
        )
    match given:
        case "tool":
            content = _content(fields)
            return Message("user", (ToolResult(fields.text("tool_call_id"), content),))
        case "assistant":
            return Message("assistant", _assistant(fields))
        case _:
            fields.required("content")
            return Message(_ROLES[given], _content(fields))


def _assistant(fields: Fields) -> tuple[Part, ...]:
    """What was said, then the calls. Reasoning that clients send back is left out: no model
    is shown it again."""
    if fields.value.get("function_call") is not None:
        raise bad(fields.at("function_call"), "is not served here: use 'tool_calls'")
    refusal = fields.maybe_text("refusal")
    said = (*_content(fields), *((Text(refusal),) if refusal else ()))
    path = fields.at("tool_calls")
    calls = fields.items("tool_calls")
    return (*said, *(_call(item, join(path, index)) for index, item in enumerate(calls)))


def _call(value: Raw, path: str) -> ToolUse:
    fields = Fields.of(value, path)
    function = fields.object("function")
    return ToolUse(fields.text("id"), function.text("name"), _arguments(function))


def _arguments(function: Fields) -> JsonObject:
    text = function.maybe_text("arguments") or "{}"
    try:
        value = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise bad(function.at("arguments"), "Input should be the JSON text of an object")
    return value


def _content(fields: Fields) -> tuple[Part, ...]:
    """A string or a list of parts; null and empty texts are no part at all."""
    value, path = fields.value.get("content"), fields.at("content")
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        return (Text(value),)
    if not isinstance(value, list):
        raise bad(path, "Input should be a valid string or a valid list")
    return tuple(_parts(value, path))


def _parts(items: Iterable[Raw], path: str) -> Iterable[Part]:
    for index, item in enumerate(items):
        part = _part(Fields.of(item, join(path, index)))
        if not (isinstance(part, Text) and not part.text):
            yield part


def _part(fields: Fields) -> Part:
    match fields.text("type"):
        case "text":
            return Text(fields.text("text"))
        case "refusal":
            return Text(fields.text("refusal"))
        case "image_url":
            return _image(fields)
        case "file":
            return _file(fields.object("file"))
        case kind:
            raise UnsupportedInput(
                f"{fields.at('type')}: '{kind}' is not taken here: send text, image_url or file"
            )


def _image(fields: Fields) -> Image:
    """The address may stand in an object or, from some clients, alone."""
    given = fields.required("image_url")
    inner = fields if isinstance(given, str) else fields.object("image_url")
    key = "image_url" if inner is fields else "url"
    url = inner.text(key)
    if url.startswith("data:"):
        media_type, data = _data_url(url, inner.at(key))
        return Image(media_type, data=data)
    if not url.startswith(("http://", "https://")):
        raise bad(inner.at(key), "Input should be a data:, http: or https: URL")
    return Image(None, url=url)


def _file(fields: Fields) -> Document:
    title = fields.maybe_text("filename")
    file_id = fields.maybe_text("file_id")
    if file_id is not None:
        return Document(None, file_id=file_id, title=title)
    media_type, data = _data_url(fields.text("file_data"), fields.at("file_data"))
    return Document(media_type, data=data, title=title)


def _data_url(url: str, path: str) -> tuple[str, bytes]:
    head, comma, encoded = url.partition(",")
    media_type, *options = head.removeprefix("data:").split(";")
    if not comma or "base64" not in options or not media_type:
        raise bad(path, "Input should be 'data:', a media type, ';base64,' and the data")
    try:
        return media_type, binascii.a2b_base64(encoded.encode("ascii"), strict_mode=True)
    except ValueError:
        raise bad(path, "invalid base64 data") from None
