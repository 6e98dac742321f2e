"""How long a prompt is, about, without a tokenizer. Pure.

For routing only, where a tenth more or less decides nothing; what clients are told of a
prompt's length comes from an engine. Called by the router and the command that explains.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from edge.chat import ChatRequest, Document, Image, Json, Part, Text, Thinking, ToolResult, ToolUse
from edge.units import Tokens

BYTES_PER_TOKEN = 3.6
"""Of UTF-8: English and code have near four, Chinese and Japanese near three."""
IMAGE_TOKENS = 1_600
"""The Messages API's most for one image."""
PAGE_BYTES = 50_000
"""Of a PDF, for what counts as one page; a page is counted like an image."""


def estimate_tokens(request: ChatRequest) -> Tokens:
    """System text, tools and every turn."""
    size = sum(_size(block.text) for block in request.system)
    for tool in request.tools:
        size += _size(tool.name) + _size(tool.description) + _json_size(tool.schema)
    parts = [part for message in request.messages for part in message.parts]
    return Tokens(round(size / BYTES_PER_TOKEN + _parts(parts)))


def _parts(parts: Iterable[Part]) -> float:
    return sum(_part(part) for part in parts)


def _part(part: Part) -> float:
    match part:
        case Text(text) | Thinking(text):
            return _size(text) / BYTES_PER_TOKEN
        case ToolUse():
            return (_size(part.name) + _json_size(part.input)) / BYTES_PER_TOKEN
        case ToolResult():
            return _parts(part.content)
        case Image():
            return IMAGE_TOKENS
        case Document():
            said = _size(part.text or "") / BYTES_PER_TOKEN
            pages = -(-len(part.data or b"") // PAGE_BYTES)
            return said + _parts(part.parts) + pages * IMAGE_TOKENS
        case _:
            return 0


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _json_size(value: Json) -> int:
    return _size(json.dumps(value, ensure_ascii=False))
