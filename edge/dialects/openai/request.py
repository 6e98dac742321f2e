"""ChatRequest -> a Chat Completions request, for any server of this dialect.

Writes what OpenRouter, vLLM, llama-server, LM Studio and Ollama all take. What this dialect
cannot carry is told in words (a reference, an unknown block) or refused (a file on another
server); thoughts of earlier turns are left out. Knows no HTTP client; called by the
upstream engine.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from edge.chat import (
    ChatRequest,
    Document,
    Image,
    Message,
    Opaque,
    Part,
    RedactedThinking,
    Text,
    Thinking,
    ToolReference,
    ToolResult,
    ToolUse,
)
from edge.dialects.openai.limit import LimitName
from edge.dialects.openai.parse import ANY_OBJECT
from edge.dialects.openai.tools import render_choice, render_tool
from edge.errors import UnsupportedInput

_EFFORTS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high"}
_HIGHEST = "high"
"""Servers of open models know three levels; every other one is above them."""

IMAGES_FOLLOW = "[The images of these results follow.]"
"""A tool's message holds text only; its images come in a user's message behind it."""


def render_request(
    request: ChatRequest, *, reasoning: bool = False, limit: LimitName = "max_tokens"
) -> bytes:
    """The body for ``POST /v1/chat/completions``. Raises UnsupportedInput.

    ``reasoning``: whether to say how much to think, which some servers refuse for models
    that cannot. ``limit``: what it calls the most tokens of an answer.
    """
    body: dict[str, Any] = {"model": request.model, "messages": _messages(request)}
    tools = [render_tool(tool) for tool in request.tools if tool.kind == "custom"]
    if tools:
        body |= {"tools": tools, **render_choice(request.tool_choice)}
    body["stream"] = request.stream
    if request.stream:
        body["stream_options"] = {"include_usage": True}
    options = _options(request, limit) | (_reasoning(request) if reasoning else {})
    return msgspec.json.encode(body | options)


def _options(request: ChatRequest, limit: LimitName) -> dict[str, Any]:
    sampling = request.sampling
    options: dict[str, Any] = {
        limit: request.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        "seed": sampling.seed,
        "stop": list(request.stop) or None,
        "response_format": _format(request),
    }
    return {name: value for name, value in options.items() if value is not None}


def _format(request: ChatRequest) -> dict[str, Any] | None:
    schema = request.output_schema
    if schema is None:
        return None
    if schema == ANY_OBJECT:
        return {"type": "json_object"}
    wanted = {"name": "answer", "schema": schema, "strict": True}
    return {"type": "json_schema", "json_schema": wanted}


def _reasoning(request: ChatRequest) -> dict[str, Any]:
    """Nothing where the request leaves it to the model."""
    asked = request.effort or ("medium" if request.thinking.mode == "enabled" else None)
    return {} if asked is None else {"reasoning_effort": _EFFORTS.get(asked, _HIGHEST)}


# --- messages -----------------------------------------------------------------------


def _messages(request: ChatRequest) -> list[dict[str, Any]]:
    """The system text is one message at the front: strict templates take no second one."""
    system = "\n\n".join(block.text for block in request.system)
    front: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
    return [*front, *(made for message in request.messages for made in _message(message))]


def _message(message: Message) -> Iterator[dict[str, Any]]:
    match message.role:
        case "assistant":
            yield _assistant(message)
        case "system":
            yield {"role": "system", "content": _joined(message.parts)}
        case "user":
            yield from _user(message)


def _assistant(message: Message) -> dict[str, Any]:
    calls = [part for part in message.parts if isinstance(part, ToolUse)]
    said = _joined(part for part in message.parts if not isinstance(part, ToolUse))
    made: dict[str, Any] = {"role": "assistant", "content": said or (None if calls else "")}
    if calls:
        made["tool_calls"] = [_call(call) for call in calls]
    return made


def _call(call: ToolUse) -> dict[str, Any]:
    function = {"name": call.name, "arguments": msgspec.json.encode(call.input).decode()}
    return {"id": call.id, "type": "function", "function": function}


def _user(message: Message) -> Iterator[dict[str, Any]]:
    """The results first, as a call's answer must follow it at once."""
    images: list[Part] = []
    for result in (part for part in message.parts if isinstance(part, ToolResult)):
        pictured = [part for part in result.content if isinstance(part, Image)]
        images += pictured
        yield _result(result, has_images=bool(pictured))
    said: list[Part] = [part for part in message.parts if not isinstance(part, ToolResult)]
    if images:
        said = [Text(IMAGES_FOLLOW), *images, *said]
    if said or not message.parts:
        yield {"role": "user", "content": _content(said)}


def _result(result: ToolResult, *, has_images: bool) -> dict[str, Any]:
    text = _joined(part for part in result.content if not isinstance(part, Image))
    if has_images and not text:
        text = IMAGES_FOLLOW
    said = f"Error: {text}" if result.is_error else text
    return {"role": "tool", "tool_call_id": result.tool_use_id, "content": said}


def _content(parts: Sequence[Part]) -> str | list[dict[str, Any]]:
    """Text alone as a string, which every server takes."""
    entries = [entry for part in parts for entry in _entries(part)]
    if all(entry["type"] == "text" for entry in entries):
        return "\n".join(entry["text"] for entry in entries)
    return entries


def _joined(parts: Iterable[Part]) -> str:
    return "\n".join(entry["text"] for part in parts for entry in _entries(part) if "text" in entry)


def _entries(part: Part) -> Iterator[dict[str, Any]]:
    match part:
        case Thinking() | RedactedThinking():
            return
        case Image():
            yield {"type": "image_url", "image_url": {"url": _image_url(part)}}
        case Document():
            yield from _document(part)
        case _:
            yield {"type": "text", "text": _words(part)}


def _words(part: Part) -> str:
    match part:
        case Text(text):
            return text
        case ToolReference(name):
            return f"[tool {name}]"
        case Opaque(kind):
            return f"[{kind}]"
        case ToolUse():
            return f"[call of {part.name}]"
        case ToolResult():
            return _joined(part.content)
        case _:
            return f"[{type(part).__name__}]"


def _image_url(image: Image) -> str:
    if image.data is not None:
        return _data_url(image.media_type or "image/png", image.data)
    if image.url is not None:
        return image.url
    raise UnsupportedInput("an image that lies on another server cannot be sent to this one")


def _document(part: Document) -> Iterator[dict[str, Any]]:
    """Text as text, a PDF as a file with its data."""
    if part.text is not None:
        yield {"type": "text", "text": part.text}
    elif part.data is not None:
        data = _data_url(part.media_type or "application/pdf", part.data)
        file = {"filename": part.title or "document.pdf", "file_data": data}
        yield {"type": "file", "file": file}
    elif part.url is None and part.file_id is None:
        for inner in part.parts:
            yield from _entries(inner)
    else:
        raise UnsupportedInput("a document that lies on another server cannot be sent to this one")


def _data_url(media_type: str, data: bytes) -> str:
    return f"data:{media_type};base64,{b2a_base64(data, newline=False).decode('ascii')}"
