"""The answer's JSON shapes, written and read.

Written as the API documents them; read leniently, because servers of this dialect leave
out and add what they like. For this package only.
"""

from __future__ import annotations

from typing import Any

import msgspec

from edge.chat import StopReason, Usage
from edge.units import Tokens

# --- written ------------------------------------------------------------------------

_FINISH: dict[StopReason, str] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
}


def finish_json(reason: StopReason, stop_sequence: str | None) -> dict[str, Any]:
    """How a choice ends. Which stop sequence it was goes where vLLM puts it."""
    said = {"stop_reason": stop_sequence} if reason == "stop_sequence" and stop_sequence else {}
    return {"finish_reason": _FINISH[reason], **said}


def usage_json(usage: Usage) -> dict[str, Any]:
    """Counts as this API has them: the prompt with what was cached of it."""
    prompt = usage.input + usage.cache_read + usage.cache_creation
    written = {"cache_write_tokens": usage.cache_creation} if usage.cache_creation else {}
    return {
        "prompt_tokens": prompt,
        "completion_tokens": usage.output,
        "total_tokens": prompt + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read, **written},
    }


# --- read ---------------------------------------------------------------------------


class Function(msgspec.Struct):
    """A call's name and a piece of its arguments: text, or an object from some servers."""

    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class CallPiece(msgspec.Struct):
    """One entry of ``tool_calls``."""

    index: int | None = None
    id: str | None = None
    function: Function | None = None


class Said(msgspec.Struct):
    """A delta, or a whole message. Reasoning has two names."""

    content: str | list[Any] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: list[CallPiece] | None = None


class Choice(msgspec.Struct):
    delta: Said | None = None
    message: Said | None = None
    finish_reason: str | None = None
    stop_reason: str | int | None = None


class PromptDetails(msgspec.Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class Counts(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: PromptDetails | None = None


class Chunk(msgspec.Struct):
    """A chunk of a stream or a whole answer; an error may stand in its place."""

    model: str | None = None
    choices: list[Choice] | None = None
    usage: Counts | None = None
    object: str | None = None
    error: Any = None


def usage_of(counts: Counts) -> Usage:
    """Counts of ours; what is not told is 0, and parts are never more than the whole."""
    details = counts.prompt_tokens_details or PromptDetails()
    prompt = max(0, counts.prompt_tokens or 0)
    read = min(prompt, max(0, details.cached_tokens or 0))
    written = min(prompt - read, max(0, details.cache_write_tokens or 0))
    return Usage(
        input=Tokens(prompt - read - written),
        cache_read=Tokens(read),
        cache_creation=Tokens(written),
        output=Tokens(max(0, counts.completion_tokens or 0)),
    )


def text_of(content: str | list[Any] | None) -> str:
    """What was said; some servers send a list of parts."""
    if not isinstance(content, list):
        return content or ""
    texts = (part.get("text") for part in content if isinstance(part, dict))
    return "".join(text for text in texts if isinstance(text, str))
