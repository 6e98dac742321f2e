"""A normalised chat request as the messages and tools that chat templates expect.

Knows both shapes, and that Hugging Face templates follow OpenAI's. Called after
normalise; the result goes to ChatTemplate.render.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from edge.chat import (
    ChatRequest,
    Document,
    Image,
    Json,
    JsonObject,
    Message,
    Opaque,
    Part,
    RedactedThinking,
    Text,
    Thinking,
    ToolChange,
    ToolReference,
    ToolResult,
    ToolSpec,
    ToolUse,
)
from edge.prompts.adapt import tool_line
from edge.prompts.sandbox import ChatMessage, ChatTool

NO_RESULT = "Error: this call gave no result."
"""Stands for the result of a call that was interrupted."""

IMAGE_MARK = "<image>"
"""Where a seeing model's image belongs in the text."""


def to_messages(request: ChatRequest) -> tuple[list[ChatMessage], list[ChatTool]]:
    """The conversation and the tools that stand at its front."""
    messages: list[ChatMessage] = []
    system = _system(request)
    if system:
        messages.append({"role": "system", "content": system})
    pending: list[ToolUse] = []
    for message in request.messages:
        match message.role:
            case "assistant":
                messages += _unanswered(pending)
                pending = [part for part in message.parts if isinstance(part, ToolUse)]
                messages.append(_assistant(message, pending))
            case "user":
                messages += _user(message, pending)
                pending = []
            case "system":
                messages.append({"role": "system", "content": _text(message.parts)})
    tools = [_tool(tool) for tool in request.tools if not tool.deferred]
    return messages, tools


def _system(request: ChatRequest) -> str:
    blocks = [block.text for block in request.system]
    if request.output_schema is not None:
        schema = json.dumps(plain(request.output_schema), ensure_ascii=False)
        blocks.append(f"Answer with one JSON object that follows this schema:\n{schema}")
    return "\n\n".join(blocks)


def _tool(tool: ToolSpec) -> ChatTool:
    """Templates walk the schema: it always has a type and properties, and no $schema."""
    schema = {key: value for key, value in _object(tool.schema).items() if key != "$schema"}
    schema.setdefault("type", "object")
    schema.setdefault("properties", {})
    function = {"name": tool.name, "description": tool.description, "parameters": schema}
    return {"type": "function", "function": function}


def _assistant(message: Message, calls: Sequence[ToolUse]) -> ChatMessage:
    said = _text(part for part in message.parts if not isinstance(part, ToolUse))
    made: ChatMessage = {"role": "assistant", "content": said}
    if calls:
        made["tool_calls"] = [
            {
                "type": "function",
                "id": call.id,
                "function": {"name": call.name, "arguments": _object(call.input)},
            }
            for call in calls
        ]
    return made


def _user(message: Message, pending: Sequence[ToolUse]) -> Iterator[ChatMessage]:
    """Tool results in the order of their calls, then what else the turn says."""
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    wanted = {call.id for call in pending}
    for call in pending:
        own = [result for result in results if result.tool_use_id == call.id]
        content = "\n".join(map(_result_text, own)) if own else NO_RESULT
        yield _tool_message(call, content)
    strays = [result for result in results if result.tool_use_id not in wanted]
    rest = [part for part in message.parts if not isinstance(part, ToolResult)]
    said = "\n".join(filter(None, [*map(_stray_text, strays), _text(rest)]))
    if said or not results:
        yield {"role": "user", "content": said}


def _unanswered(pending: Sequence[ToolUse]) -> Iterator[ChatMessage]:
    return (_tool_message(call, NO_RESULT) for call in pending)


def _tool_message(call: ToolUse, content: str) -> ChatMessage:
    return {"role": "tool", "content": content, "name": call.name, "tool_call_id": call.id}


def _result_text(result: ToolResult) -> str:
    text = _text(result.content)
    return f"Error: {text}" if result.is_error else text


def _stray_text(result: ToolResult) -> str:
    """A result whose call is no longer in the conversation."""
    return f"<tool_response>\n{_result_text(result)}\n</tool_response>"


def _text(parts: Iterable[Part]) -> str:
    return "\n".join(filter(None, map(_part_text, parts)))


def _part_text(part: Part) -> str:
    match part:
        case Text():
            return part.text
        case ToolChange():
            return _change_text(part)
        case ToolReference():
            return f"[tool {part.name}]"
        case Image():
            return IMAGE_MARK
        case Document():
            return part.text or ""
        case Opaque():
            return f"[{part.kind}]"
        case ToolUse():
            call = {"name": part.name, "arguments": _object(part.input)}
            return f"<tool_call>\n{json.dumps(call, ensure_ascii=False)}\n</tool_call>"
        case ToolResult():
            return _stray_text(part)
        case Thinking() | RedactedThinking():
            return ""


def _change_text(change: ToolChange) -> str:
    if change.kind == "removal" or change.definition is None:
        said = f"The tool {change.name} is no longer available."
    else:
        line = tool_line(_tool(change.definition))
        said = f"This tool is available from now on:\n<tools>\n{line}\n</tools>"
    return f"<system-reminder>\n{said}\n</system-reminder>"


def plain(value: Json) -> Json:
    """The same JSON in dicts and lists, as templates and json.dumps know them."""
    if isinstance(value, (str, int, float)) or value is None:
        return value
    if isinstance(value, Sequence):
        return [plain(inner) for inner in value]
    return _object(value)


def _object(value: JsonObject) -> dict[str, Json]:
    return {key: plain(inner) for key, inner in value.items()}
