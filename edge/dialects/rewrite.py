"""The changes that are made to a request's bytes on their way to an upstream. Pure.

Every other value keeps the bytes that it came with, in the order in which it came. Knows
what the dialects have in common (``model``, ``messages``, ``system``, ``stream``). Called by
routing, and by the api for what is sent later.
"""

from __future__ import annotations

from re import Pattern
from typing import Any

import msgspec

from edge.errors import BadRequest

_Raws = dict[str, msgspec.Raw]
_SYSTEM = ("system", "developer")
_STREAMING = ("stream", "stream_options")


def with_model(body: bytes, model: str) -> bytes:
    """The same request for another model. Raises BadRequest."""
    fields = _fields(body)
    fields["model"] = _raw(model)
    return msgspec.json.encode(fields)


def as_whole(body: bytes) -> bytes:
    """The same request for an answer in one piece. Raises BadRequest."""
    fields = _fields(body)
    wanted = {name: value for name, value in fields.items() if name not in _STREAMING}
    return body if len(wanted) == len(fields) else msgspec.json.encode(wanted)


def without_beginning(body: bytes, pattern: Pattern[str]) -> bytes:
    """Without what ``pattern`` matches at the beginning of system texts, wherever the dialect
    has them, and of the first user message's texts. Raises BadRequest."""
    fields = _fields(body)
    if "system" in fields:
        system = msgspec.json.decode(fields["system"])
        fields["system"] = _raw(_cut(system, pattern))
    messages = _items(fields)
    for at, message in enumerate(messages):
        decoded = msgspec.json.decode(message)
        role = decoded.get("role") if isinstance(decoded, dict) else None
        if role in _SYSTEM or role == "user":
            decoded["content"] = _cut(decoded.get("content"), pattern)
            messages[at] = _raw(decoded)
        if role == "user":
            break
    fields["messages"] = _raw(messages)
    return msgspec.json.encode(fields)


def _fields(body: bytes) -> _Raws:
    try:
        return msgspec.json.decode(body, type=_Raws)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the request body is not a JSON object: {error}") from None


def _items(fields: _Raws) -> list[msgspec.Raw]:
    try:
        return msgspec.json.decode(fields["messages"], type=list[msgspec.Raw])
    except (KeyError, ValueError):
        raise BadRequest("messages: Input should be a valid list") from None


def _cut(content: Any, pattern: Pattern[str]) -> Any:
    """A text or a list of blocks; a block whose text is used up goes, unless it is the last."""
    if isinstance(content, str):
        return _after(content, pattern)
    if not isinstance(content, list):
        return content
    cut = [_cut_block(block, pattern) for block in content]
    kept = [block for block in cut if not (isinstance(block, dict) and block.get("text") == "")]
    return kept or cut


def _cut_block(block: Any, pattern: Pattern[str]) -> Any:
    if isinstance(block, dict) and isinstance(block.get("text"), str):
        return {**block, "text": _after(block["text"], pattern)}
    return block


def _after(text: str, pattern: Pattern[str]) -> str:
    found = pattern.match(text)
    return text if found is None else text[found.end() :]


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
