"""A Chat Completions request (bytes and headers) -> ChatRequest.

Knows the request's fields; messages and tools are read by their own modules. Fields nobody
here knows are tolerated: they stay in the Wire, untouched. Fields that ask for another
answer than any engine here gives are refused with a sentence, not silently dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from edge.chat import (
    ChatRequest,
    JsonObject,
    Message,
    Part,
    Sampling,
    Text,
    ThinkingOption,
    ToolResult,
    ToolSpec,
    Wire,
)
from edge.dialects.deadline import DEADLINE, parse_deadline
from edge.dialects.fields import Fields, Raw, bad, join
from edge.dialects.openai.content import parse_message
from edge.dialects.openai.tools import parse_choice, parse_tool
from edge.dialects.pieces import Pieces, required_items, split
from edge.errors import UnsupportedInput
from edge.units import Tokens

DIALECT = "openai"
_REPEATED = frozenset(("messages", "tools"))

ANY_OBJECT: JsonObject = {"type": "object"}
"""The schema of ``json_object``."""

_NO_THOUGHT = frozenset(("none", "minimal"))
_REFUSED = {
    "logprobs": "log probabilities are not told here: leave 'logprobs' out",
    "top_logprobs": "log probabilities are not told here: leave 'top_logprobs' out",
    "logit_bias": "tokens cannot be weighed here: leave 'logit_bias' out",
    "functions": "is not served here: use 'tools'",
    "function_call": "is not served here: use 'tool_choice'",
    "audio": "no audio is made here: leave 'audio' out",
}
"""What would change the answer, were it honoured; null, false and empty ask for nothing."""


def parse(
    body: bytes,
    headers: Mapping[str, str],
    path: str = "/v1/chat/completions",
    pieces: Pieces | None = None,
) -> ChatRequest:
    """The request inside ``body``. Raises BadRequest. ``path`` may carry a query. ``pieces``: what
    was read of requests before.
    """
    pieces = pieces or Pieces()
    fields = Fields(split(body, _REPEATED), "")
    model = fields.text("model")
    if not model:
        raise bad("model", "String should have at least 1 character")
    _refuse(fields)
    system, messages = _messages(fields, pieces)
    tools = _tools(fields, pieces)
    effort = fields.maybe_text("reasoning_effort")
    options = fields.maybe_object("stream_options")
    known = {name.lower(): value for name, value in headers.items()}
    return ChatRequest(
        model=model,
        messages=messages,
        max_tokens=_max_tokens(fields),
        system=system,
        tools=tools,
        tool_choice=parse_choice(fields, {tool.name for tool in tools}),
        sampling=_sampling(fields),
        stop=_stop(fields),
        thinking=ThinkingOption("adaptive" if effort and effort not in _NO_THOUGHT else "disabled"),
        effort="low" if effort in _NO_THOUGHT else effort,
        output_schema=_output_schema(fields.maybe_object("response_format")),
        stream=fields.flag("stream"),
        stream_usage=options is not None and options.flag("include_usage"),
        user_id=fields.maybe_text("user"),
        deadline=parse_deadline(known.get(DEADLINE)),
        wire=Wire(DIALECT, path, tuple(headers.items()), body),
    )


def _refuse(fields: Fields) -> None:
    """Raises BadRequest for what is asked and not served."""
    for name, sentence in _REFUSED.items():
        if fields.value.get(name):
            raise bad(name, sentence)
    if fields.maybe_whole("n", at_least=1) not in (None, 1):
        raise bad("n", "one answer is given here: leave 'n' out and ask again for another")
    if any(kind != "text" for kind in fields.items("modalities")):
        raise UnsupportedInput("modalities: only 'text' is made here")


# --- messages -----------------------------------------------------------------------


def _messages(fields: Fields, pieces: Pieces) -> tuple[tuple[Text, ...], tuple[Message, ...]]:
    """The system text that stands first, and the conversation behind it."""
    listed = required_items(fields, "messages")
    if not listed:
        raise bad("messages", "at least one message is required")
    read = [
        pieces.read("message", raw, partial(parse_message, path=join("messages", index)))
        for index, raw in enumerate(listed)
    ]
    # Some clients send a system message alone: that is what they ask.
    first = next((i for i, message in enumerate(read) if message.role != "system"), len(read) - 1)
    system = tuple(_text(part) for message in read[:first] for part in message.parts)
    turns = read[first:]
    if turns[0].role == "system":
        turns[0] = Message("user", turns[0].parts)
    return system, _merged(turns)


def _text(part: Part) -> Text:
    if not isinstance(part, Text):
        raise UnsupportedInput("messages: a system message holds text only")
    return part


def _merged(turns: Sequence[Message]) -> tuple[Message, ...]:
    """The results of one turn's calls, each a message of its own here, as one turn."""
    merged: list[Message] = []
    for turn in turns:
        if merged and _is_results(turn) and _is_results(merged[-1]):
            turn = Message("user", (*merged.pop().parts, *turn.parts))
        merged.append(turn)
    return tuple(merged)


def _is_results(turn: Message) -> bool:
    return bool(turn.parts) and all(isinstance(part, ToolResult) for part in turn.parts)


# --- options ------------------------------------------------------------------------


def _tools(fields: Fields, pieces: Pieces) -> tuple[ToolSpec, ...]:
    raw = fields.value.get("tools")
    return () if raw is None else pieces.read("tools", raw, _all_tools)


def _all_tools(value: Raw) -> tuple[ToolSpec, ...]:
    listed = Fields({"tools": value}, "").items("tools")
    tools = tuple(parse_tool(item, join("tools", index)) for index, item in enumerate(listed))
    if len({tool.name for tool in tools}) < len(tools):
        raise bad("tools", "Tool names must be unique.")
    return tools


def _max_tokens(fields: Fields) -> Tokens | None:
    """Either name; the newer one wins."""
    newer = fields.maybe_whole("max_completion_tokens", at_least=1)
    older = fields.maybe_whole("max_tokens", at_least=1)
    limit = older if newer is None else newer
    return None if limit is None else Tokens(limit)


def _sampling(fields: Fields) -> Sampling:
    """The API's own options, and those that servers of open models have beside them."""
    return Sampling(
        temperature=fields.maybe_number("temperature", 0, 2),
        top_p=fields.maybe_share("top_p"),
        top_k=fields.maybe_whole("top_k", at_least=0),
        min_p=fields.maybe_share("min_p"),
        presence_penalty=fields.maybe_number("presence_penalty", -2, 2),
        frequency_penalty=fields.maybe_number("frequency_penalty", -2, 2),
        seed=fields.maybe_whole("seed"),
    )


def _stop(fields: Fields) -> tuple[str, ...]:
    """One text or a list of them."""
    given = fields.value.get("stop")
    stops = [given] if isinstance(given, str) else fields.items("stop")
    for index, stop in enumerate(stops):
        if not isinstance(stop, str) or not stop:
            raise bad(join("stop", index), "Input should be a string with at least 1 character")
    return tuple(stops)


def _output_schema(wanted: Fields | None) -> JsonObject | None:
    if wanted is None:
        return None
    match wanted.text("type"):
        case "text":
            return None
        case "json_object":
            return ANY_OBJECT
        case "json_schema":
            schema = wanted.object("json_schema").maybe_object("schema")
            return ANY_OBJECT if schema is None else schema.value
        case _:
            raise bad(wanted.at("type"), "Input should be 'text', 'json_object' or 'json_schema'")
