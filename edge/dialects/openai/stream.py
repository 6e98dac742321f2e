"""Events -> the stream of ``chat.completion.chunk`` objects, and what keeps a client waiting.

Knows the stream's frames. The api writes the bytes, keeps the clock and brings id and time.
Not for relayed answers: those bytes pass untouched.
"""

from __future__ import annotations

from typing import Any

from edge.chat import (
    Continued,
    Event,
    Failed,
    Finished,
    Started,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
)
from edge.dialects.framing import comment, encode_data
from edge.dialects.openai.errors import render_error_event
from edge.dialects.openai.order import Order
from edge.dialects.openai.wire import finish_json, usage_json
from edge.units import Seconds

DONE = b"data: [DONE]\n\n"
_KEEP_ALIVE = b": keep-alive\n\n"


class StreamRenderer:
    """One streamed answer. Feed it every event of the engine, in order.

    ``created`` is in seconds since the epoch; ``usage`` whether the client asked for counts.
    """

    def __init__(self, completion_id: str, created: int, *, usage: bool = False) -> None:
        self._order = Order()
        self._argued = False
        self._usage = usage
        self._head: dict[str, Any] = {
            "id": completion_id,
            "object": "chat.completion.chunk",
            "created": created,
        }

    def render(self, event: Event) -> bytes:
        """The bytes for ``event``, empty where the wire has none for it.

        Failed before Started raises the error it carries, for ``render_error``; an event
        out of order raises EngineError.
        """
        self._order.check(event)
        match event:
            case Started(model):
                self._head["model"] = model
                return self._delta({"role": "assistant", "content": ""})
            case TextDelta(text):
                return self._delta({"content": text}) if text else b""
            case ThinkingDelta(text):
                return self._delta({"reasoning_content": text}) if text else b""
            case Finished():
                return self._ending(event)
            case Continued(engine):
                return comment(f"{engine} goes on with this answer")
            case Failed(error):
                return render_error_event(error)
            case _:
                return self._call(event)

    def keepalive(self, silent_for: Seconds) -> bytes:
        """A comment, which every reader of such streams skips; nothing before the first
        chunk and after the end."""
        return _KEEP_ALIVE if self._order.phase == "running" else b""

    def _call(self, event: Event) -> bytes:
        match event:
            case ToolCallStarted(call, name):
                self._argued = False
                function = {"name": name, "arguments": ""}
                return self._piece({"id": call, "type": "function", "function": function})
            case ToolCallDelta(json):
                return self._arguments(json) if json else b""
            case ToolCallEnded():
                # A call without arguments still has to be a JSON object.
                return b"" if self._argued else self._arguments("{}")
            case _:
                return b""

    def _arguments(self, piece: str) -> bytes:
        self._argued = True
        return self._piece({"function": {"arguments": piece}})

    def _piece(self, fields: dict[str, Any]) -> bytes:
        return self._delta({"tool_calls": [{"index": self._order.calls - 1, **fields}]})

    def _delta(self, delta: dict[str, Any]) -> bytes:
        return self._chunk([{"index": 0, "delta": delta, "finish_reason": None}])

    def _ending(self, event: Finished) -> bytes:
        ending = finish_json(event.reason, event.stop_sequence)
        last = self._chunk([{"index": 0, "delta": {}, **ending}])
        counts = self._chunk([], usage_json(event.usage)) if self._usage else b""
        return last + counts + DONE

    def _chunk(self, choices: list[dict[str, Any]], usage: dict[str, Any] | None = None) -> bytes:
        counts = {"usage": usage} if self._usage else {}
        return encode_data({**self._head, "choices": choices, **counts})
