"""An Anthropic server's event stream -> Events.

Knows the stream's JSON, tolerates what it does not know, and turns a stream that is
broken or cut into a last Failed. Knows no HTTP client; called by the upstream engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

import msgspec

from edge.chat import (
    Event,
    Finished,
    SafeguardResult,
    Started,
    StopReason,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    Usage,
    Verdict,
)
from edge.dialects.anthropic.errors import parse_error
from edge.dialects.anthropic.usage import usage_of
from edge.dialects.framing import ServerSentEvent
from edge.dialects.reading import Reading, broken

Json = Mapping[str, Any]
_REASONS: dict[str, StopReason] = {reason: reason for reason in get_args(StopReason)}
_BEFORE_START = ("message_start", "ping", "error")


class EventParser:
    """One answer. After Finished or Failed nothing more comes."""

    def __init__(self) -> None:
        self._reading = Reading("the Messages API", self._read, _cut)
        self._usage = Usage()
        self._started = False
        self._in_call = False
        self._argued = False
        self._last = Finished("end_turn", Usage())
        self._ended = False

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that ``chunk`` completes."""
        return self._reading.feed(chunk)

    def close(self) -> list[Event]:
        """The stream ended: what was left, and Failed where the answer was not whole."""
        return self._reading.close()

    def _read(self, frame: ServerSentEvent) -> list[Event]:
        data: Json = msgspec.json.decode(frame.data)
        if not self._started and data["type"] not in _BEFORE_START:
            raise ValueError(f"{data['type']} before message_start")
        match data["type"]:
            case "message_start":
                return self._start(data["message"])
            case "content_block_start":
                return self._block(data["content_block"])
            case "content_block_delta":
                return self._delta(data["delta"])
            case "content_block_stop":
                return self._block_end()
            case "message_delta":
                return self._message_delta(data)
            case "message_stop":
                return self._stop()
            case "error":
                raise parse_error(frame.data)
            case _:
                return []

    def _start(self, message: Json) -> list[Event]:
        if self._started:
            raise ValueError("a second message_start")
        self._started = True
        self._usage = usage_of(message.get("usage") or {}, self._usage)
        return [Started(message["model"], self._usage)]

    def _block(self, block: Json) -> list[Event]:
        if self._in_call:
            raise ValueError("a block inside a tool call")
        match block["type"]:
            case "text":
                return _text(block.get("text") or "")
            case "thinking":
                return _thought(block.get("thinking") or "")
            case "tool_use":
                self._in_call = True
                self._argued = False
                given = block.get("input")
                whole = self._arguments(_encoded(given)) if given else []
                return [ToolCallStarted(block["id"], block["name"]), *whole]
            case _:
                return []

    def _delta(self, delta: Json) -> list[Event]:
        """One delta; signatures, citations and kinds not known here have no event."""
        if self._in_call and delta["type"] in ("text_delta", "thinking_delta"):
            raise ValueError(f"{delta['type']} inside a tool call")
        match delta["type"]:
            case "text_delta":
                return _text(delta["text"])
            case "thinking_delta":
                return _thought(delta["thinking"])
            case "input_json_delta":
                return self._arguments(delta["partial_json"])
            case _:
                return []

    def _arguments(self, piece: str) -> list[Event]:
        """A piece of a call's JSON; the server's own calls have no event."""
        if not piece or not self._in_call:
            return []
        self._argued = True
        return [ToolCallDelta(piece)]

    def _block_end(self) -> list[Event]:
        if not self._in_call:
            return []
        empty = [] if self._argued else self._arguments("{}")
        self._in_call = False
        return [*empty, ToolCallEnded()]

    def _stop(self) -> list[Event]:
        if not self._ended:
            raise ValueError("message_stop before message_delta")
        if self._in_call:
            raise ValueError("message_stop inside a tool call")
        return [replace(self._last, usage=self._usage)]

    def _message_delta(self, data: Json) -> list[Event]:
        delta: Json = data["delta"]
        self._usage = usage_of(data.get("usage") or {}, self._usage)
        self._ended = self._ended or delta.get("stop_reason") is not None
        self._last = replace(
            self._last,
            reason=_reason(delta.get("stop_reason")),
            stop_sequence=delta.get("stop_sequence"),
            safeguards=tuple(_result(item) for item in delta.get("safeguard_results") or ()),
        )
        return []


def _cut() -> list[Event]:
    raise broken("the other server's stream ended before its answer did")


def _text(text: str) -> list[Event]:
    return [TextDelta(text)] if text else []


def _thought(text: str) -> list[Event]:
    return [ThinkingDelta(text)] if text else []


def _encoded(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _reason(given: object) -> StopReason:
    return _REASONS.get(str(given), "end_turn")


def _result(item: Json) -> SafeguardResult:
    verdicts: Json = item.get("status", {}).get("tool_uses") or {}
    return SafeguardResult(
        item["type"],
        tuple(
            (call, Verdict(verdict["outcome"], verdict.get("explanation") or ""))
            for call, verdict in verdicts.items()
            if verdict.get("outcome") in ("flagged", "not_flagged")
        ),
    )
