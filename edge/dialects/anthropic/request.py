"""ChatRequest -> a Messages API request, for a server of this dialect.

The inverse of ``parse`` for all that the inside holds; what only the Wire holds is not
written. Knows no HTTP client; called by the upstream engine.
"""

from __future__ import annotations

from binascii import b2a_base64
from typing import Any, assert_never

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
    ThinkingOption,
    ToolChange,
    ToolReference,
    ToolResult,
    ToolUse,
)
from edge.dialects.anthropic.tools import render_cache, render_choice, render_tool
from edge.dialects.deadline import DEADLINE
from edge.units import Tokens

API_VERSION = "2023-06-01"
DEFAULT_MAX_TOKENS = Tokens(8192)
"""For a request that came through a dialect where the limit is optional."""


def render_request(request: ChatRequest) -> bytes:
    """The body for ``POST /v1/messages``."""
    limit = DEFAULT_MAX_TOKENS if request.max_tokens is None else request.max_tokens
    answer = {"max_tokens": limit, "stream": request.stream, **_options(request)}
    return msgspec.json.encode(_prompt(request) | answer)


def render_count_request(request: ChatRequest) -> bytes:
    """The body for ``POST /v1/messages/count_tokens``, which takes only what makes the prompt."""
    return msgspec.json.encode(_prompt(request))


def render_headers(request: ChatRequest) -> dict[str, str]:
    """The headers that carry a part of the request. Credentials are the caller's."""
    values = {
        "anthropic-version": API_VERSION,
        "anthropic-beta": ",".join(request.betas) or None,
        "x-claude-code-session-id": request.session,
        "x-claude-code-agent-id": request.agent,
        "x-claude-code-parent-agent-id": request.parent_agent,
        DEADLINE: None if request.deadline is None else repr(request.deadline),
    }
    return {name: value for name, value in values.items() if value is not None}


def _prompt(request: ChatRequest) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [_message(message) for message in request.messages],
    }
    if request.system:
        body["system"] = [_block(text) for text in request.system]
    if request.tools:
        body["tools"] = [render_tool(tool) for tool in request.tools]
    config = _output_config(request)
    return (
        body
        | render_choice(request.tool_choice)
        | _thinking(request.thinking)
        | ({"output_config": config} if config else {})
    )


def _output_config(request: ChatRequest) -> dict[str, Any]:
    config: dict[str, Any] = {}
    if request.effort is not None:
        config["effort"] = request.effort
    if request.output_schema is not None:
        config["format"] = {"type": "json_schema", "schema": request.output_schema}
    return config


def _thinking(option: ThinkingOption) -> dict[str, Any]:
    if option.mode == "disabled":
        return {}
    value: dict[str, Any] = {"type": option.mode}
    if option.budget is not None:
        value["budget_tokens"] = option.budget
    if option.display in ("summarized", "omitted"):
        value["display"] = option.display
    return {"thinking": value}


def _options(request: ChatRequest) -> dict[str, Any]:
    sampling = request.sampling
    options: dict[str, Any] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "stop_sequences": list(request.stop) or None,
        "metadata": None if request.user_id is None else {"user_id": request.user_id},
        "safeguards": [
            {"type": guard.kind, "classifier_context": guard.context}
            for guard in request.safeguards
        ]
        or None,
    }
    return {name: value for name, value in options.items() if value is not None}


def _message(message: Message) -> dict[str, Any]:
    value: dict[str, Any] = {
        "role": message.role,
        "content": [_block(part) for part in message.parts],
    }
    if message.effort is not None:
        value["output_config"] = {"effort": message.effort}
    return value


def _block(part: Part) -> dict[str, Any]:
    match part:
        case Text(text, cache):
            return {"type": "text", "text": text, **render_cache(cache)}
        case Thinking(text, signature):
            return {"type": "thinking", "thinking": text, "signature": signature}
        case RedactedThinking(data):
            return {"type": "redacted_thinking", "data": data}
        case ToolReference(name):
            return {"type": "tool_reference", "tool_name": name}
        case Opaque(kind, value):
            return {**value, "type": kind}
        case _:
            return _compound_block(part)


def _compound_block(
    part: Image | Document | ToolUse | ToolResult | ToolChange,
) -> dict[str, Any]:
    match part:
        case Image():
            return {"type": "image", "source": _source(part), **render_cache(part.cache)}
        case Document():
            return _document(part)
        case ToolUse(call, name, arguments, cache):
            block = {"type": "tool_use", "id": call, "name": name, "input": arguments}
            return block | render_cache(cache)
        case ToolResult():
            return _tool_result(part)
        case ToolChange():
            return _tool_change(part)
        case _:
            assert_never(part)


def _tool_result(part: ToolResult) -> dict[str, Any]:
    block: dict[str, Any] = {
        "type": "tool_result",
        "tool_use_id": part.tool_use_id,
        "content": [_block(item) for item in part.content],
    }
    if part.is_error:
        block["is_error"] = True
    return block | render_cache(part.cache)


def _tool_change(part: ToolChange) -> dict[str, Any]:
    tool: dict[str, Any] = {"type": "tool_reference", "name": part.name}
    if part.definition is not None:
        tool = {"type": "tool_definition", "definition": render_tool(part.definition)}
    return {"type": f"tool_{part.kind}", "tool": tool}


def _document(part: Document) -> dict[str, Any]:
    named = {"title": part.title, "context": part.context}
    return {
        "type": "document",
        "source": _document_source(part),
        **{name: value for name, value in named.items() if value is not None},
        **render_cache(part.cache),
    }


def _document_source(part: Document) -> dict[str, Any]:
    if part.text is not None:
        return {"type": "text", "media_type": part.media_type or "text/plain", "data": part.text}
    if part.data is None and part.url is None and part.file_id is None:
        return {"type": "content", "content": [_block(item) for item in part.parts]}
    return _source(part)


def _source(part: Image | Document) -> dict[str, Any]:
    """Where the bytes are: here, at an address, or in a file the server holds."""
    if part.data is not None:
        encoded = b2a_base64(part.data, newline=False).decode("ascii")
        return {"type": "base64", "media_type": part.media_type, "data": encoded}
    if part.url is not None:
        return {"type": "url", "url": part.url}
    return {"type": "file", "file_id": part.file_id}
