"""A Messages API request (bytes and headers) -> ChatRequest.

Knows the request's fields; the blocks and tools inside are read by their own modules.
Fields nobody here knows are tolerated: they stay in the Wire, untouched. A tool_result
without its tool_use is let through, because a client that shortens its history may cut
between the two; an engine's template has to cope.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from edge.chat import (
    ChatRequest,
    JsonObject,
    Message,
    Role,
    SafeguardRequest,
    Sampling,
    Text,
    ThinkingOption,
    ToolChange,
    ToolChoice,
    ToolSpec,
    Wire,
)
from edge.dialects.anthropic.blocks import parse_content, parse_text
from edge.dialects.anthropic.models import bare_model
from edge.dialects.anthropic.tools import parse_choice, parse_tool
from edge.dialects.deadline import DEADLINE, parse_deadline
from edge.dialects.fields import Fields, Raw, bad, join
from edge.dialects.pieces import Pieces, decoded, items, required_items, split
from edge.errors import BadRequest
from edge.units import Tokens

DIALECT = "anthropic"
_REPEATED = frozenset(("messages", "system", "tools"))
MIN_BUDGET = 1024
"""The API's least thinking budget."""


def parse(
    body: bytes,
    headers: Mapping[str, str],
    path: str = "/v1/messages",
    pieces: Pieces | None = None,
) -> ChatRequest:
    """The request inside ``body``. Raises BadRequest, worded as the API words it.

    ``path`` may carry a query. Of a count_tokens request no max_tokens is wanted. ``pieces``:
    what was read of requests before.
    """
    pieces = pieces or Pieces()
    fields = Fields(split(body, _REPEATED), "")
    counting = path.partition("?")[0].rstrip("/").endswith("/count_tokens")
    model = fields.text("model")
    if not model:
        raise bad("model", "String should have at least 1 character")
    if not counting:
        fields.required("max_tokens")
    tools = _tools(fields, pieces)
    messages = _messages(fields, pieces)
    known = {name.lower(): value for name, value in headers.items()}
    return ChatRequest(
        model=bare_model(model),
        messages=messages,
        max_tokens=_tokens(fields.maybe_whole("max_tokens", at_least=0)),
        system=_system(fields, pieces),
        tools=tools,
        tool_choice=_choice(fields, tools, messages),
        sampling=_sampling(fields),
        stop=_stop(fields),
        thinking=_thinking(fields.maybe_object("thinking")),
        effort=_effort(fields),
        output_schema=_output_schema(fields),
        stream=fields.flag("stream"),
        user_id=_user_id(fields),
        session=known.get("x-claude-code-session-id"),
        agent=known.get("x-claude-code-agent-id"),
        parent_agent=known.get("x-claude-code-parent-agent-id"),
        betas=_betas(known.get("anthropic-beta", "")),
        safeguards=_safeguards(fields),
        deadline=parse_deadline(known.get(DEADLINE)),
        wire=Wire(DIALECT, path, tuple(headers.items()), body),
    )


def _tokens(count: int | None) -> Tokens | None:
    return None if count is None else Tokens(count)


# --- messages -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Turn:
    message: Message
    passes: bool
    """Whether it is meant only until the next user message."""


def _messages(fields: Fields, pieces: Pieces) -> tuple[Message, ...]:
    listed = required_items(fields, "messages")
    if not listed:
        raise bad("messages", "at least one message is required")
    turns = [
        pieces.read("message", raw, partial(_turn, path=join("messages", index)))
        for index, raw in enumerate(listed)
    ]
    return _without_cleared(turns)


def _turn(value: Raw, path: str) -> _Turn:
    fields = Fields.of(value, path)
    role = _role(fields)
    if role != "system":
        fields.required("content")
    parts = parse_content(fields.value.get("content"), fields.at("content"))
    passes = role == "system" and value.get("clear_at") == "next_user_message"
    return _Turn(Message(role, parts, _effort(fields)), passes)


def _role(fields: Fields) -> Role:
    match fields.text("role"):
        case "user":
            return "user"
        case "assistant":
            return "assistant"
        case "system":
            return "system"
        case _:
            raise bad(fields.at("role"), "Input should be 'user', 'assistant' or 'system'")


def _without_cleared(turns: Sequence[_Turn]) -> tuple[Message, ...]:
    """Empty the system turns that were meant only until the next user message."""
    last_user = max(
        (index for index, turn in enumerate(turns) if turn.message.role == "user"), default=-1
    )
    return tuple(
        replace(turn.message, parts=()) if turn.passes and index < last_user else turn.message
        for index, turn in enumerate(turns)
    )


def _system(fields: Fields, pieces: Pieces) -> tuple[Text, ...]:
    raw = fields.value.get("system")
    listed = None if raw is None else items(raw)
    if listed is None:
        text = None if raw is None else decoded(raw)
        if text is not None and not isinstance(text, str):
            raise bad("system", "Input should be a valid string or a valid list")
        return (Text(text),) if text else ()
    blocks = (
        pieces.read("system", raw, partial(_system_block, path=join("system", index)))
        for index, raw in enumerate(listed)
    )
    return tuple(block for block in blocks if block.text)


def _system_block(value: Raw, path: str) -> Text:
    fields = Fields.of(value, path)
    if fields.text("type") != "text":
        raise bad(fields.at("type"), "Input should be 'text'")
    return parse_text(fields)


# --- tools --------------------------------------------------------------------------


def _tools(fields: Fields, pieces: Pieces) -> tuple[ToolSpec, ...]:
    raw = fields.value.get("tools")
    return () if raw is None else pieces.read("tools", raw, _all_tools)


def _all_tools(value: Raw) -> tuple[ToolSpec, ...]:
    listed = Fields({"tools": value}, "").items("tools")
    tools = tuple(parse_tool(item, join("tools", index)) for index, item in enumerate(listed))
    if len({tool.name for tool in tools}) < len(tools):
        raise bad("tools", "Tool names must be unique.")
    return tools


def _choice(
    fields: Fields, tools: tuple[ToolSpec, ...], messages: tuple[Message, ...]
) -> ToolChoice:
    """The choice, checked against every tool that the request names."""
    choice = parse_choice(fields.maybe_object("tool_choice"))
    if choice.mode not in ("any", "tool"):
        return choice
    names = {tool.name for tool in tools} | {
        part.name
        for message in messages
        for part in message.parts
        if isinstance(part, ToolChange) and part.definition is not None
    }
    if not names:
        raise bad("tool_choice", "may only be specified while providing tools")
    if choice.name is not None and choice.name not in names:
        raise BadRequest(f"Tool '{choice.name}' not found in provided tools")
    return choice


# --- options ------------------------------------------------------------------------


def _sampling(fields: Fields) -> Sampling:
    return Sampling(
        temperature=fields.maybe_share("temperature"),
        top_p=fields.maybe_share("top_p"),
        top_k=fields.maybe_whole("top_k", at_least=0),
    )


def _stop(fields: Fields) -> tuple[str, ...]:
    stops = fields.items("stop_sequences")
    for index, stop in enumerate(stops):
        if not isinstance(stop, str):
            raise bad(join("stop_sequences", index), "Input should be a valid string")
        if not stop.strip():
            raise bad("stop_sequences", "each stop sequence must contain non-whitespace")
    return tuple(stops)


def _thinking(fields: Fields | None) -> ThinkingOption:
    if fields is None:
        return ThinkingOption()
    match fields.text("type"):
        case "disabled":
            return ThinkingOption()
        case "enabled":
            enabled = fields.tagged("enabled")
            enabled.required("budget_tokens")
            budget = _tokens(enabled.maybe_whole("budget_tokens", at_least=MIN_BUDGET))
            return ThinkingOption("enabled", budget, _display(enabled))
        case "adaptive" | "between_tools":
            return ThinkingOption("adaptive", None, _display(fields))
        case kind:
            raise bad(
                fields.path,
                f"Input tag '{kind}' found using 'type' does not match any of the expected "
                "tags: 'adaptive', 'between_tools', 'disabled', 'enabled'",
            )


def _display(fields: Fields) -> Literal["full", "summarized", "omitted"] | None:
    """How much of the thinking to show; values this version does not know show it all."""
    match fields.maybe_text("display"):
        case "summarized":
            return "summarized"
        case "omitted":
            return "omitted"
        case _:
            return None


def _effort(fields: Fields) -> str | None:
    config = fields.maybe_object("output_config")
    return None if config is None else config.maybe_text("effort")


def _output_schema(fields: Fields) -> JsonObject | None:
    """The schema of output_config.format, or of the older top-level output_format."""
    config = fields.maybe_object("output_config")
    wanted = config.maybe_object("format") if config is not None else None
    wanted = wanted or fields.maybe_object("output_format")
    if wanted is None:
        return None
    if wanted.text("type") != "json_schema":
        raise bad(wanted.at("type"), "Input should be 'json_schema'")
    return wanted.object("schema").value


def _user_id(fields: Fields) -> str | None:
    metadata = fields.maybe_object("metadata")
    return None if metadata is None else metadata.maybe_text("user_id")


def _betas(header: str) -> tuple[str, ...]:
    return tuple(beta for item in header.split(",") if (beta := item.strip()))


def _safeguards(fields: Fields) -> tuple[SafeguardRequest, ...]:
    return tuple(
        _safeguard(Fields.of(item, join("safeguards", index)))
        for index, item in enumerate(fields.items("safeguards"))
    )


def _safeguard(fields: Fields) -> SafeguardRequest:
    context = fields.maybe_object("classifier_context")
    return SafeguardRequest(fields.text("type"), {} if context is None else context.value)
