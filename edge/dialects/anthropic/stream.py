"""Events -> the Messages API's event stream, and the frames that keep a client waiting.

Knows the stream's frames; the order of blocks is BlockSequence's. The api writes the
bytes and keeps the clock. Not for relayed answers: those bytes pass untouched.
"""

from __future__ import annotations

from typing import Any, assert_never

from edge.chat import Continued, Event, Failed, Finished, Started, ThinkingOption
from edge.dialects.anthropic.errors import render_error_event
from edge.dialects.anthropic.sequence import BlockSequence, Closed, Grew, Kind, Opened, Step
from edge.dialects.anthropic.wire import SIGNATURE, message_json, safeguards_json, usage_json
from edge.dialects.framing import comment, encode_sse
from edge.units import Seconds

PING_ONLY = Seconds(60.0)
"""How long pings alone are sent. Clients do not count a ping as an event and give up
without one after minutes; an empty delta in an open block counts."""

_PING = encode_sse("ping", {"type": "ping"})
_DELTA: dict[Kind, tuple[str, str]] = {
    "text": ("text_delta", "text"),
    "thinking": ("thinking_delta", "thinking"),
    "tool_use": ("input_json_delta", "partial_json"),
}


class StreamRenderer:
    """One streamed answer. Feed it every event of the engine, in order."""

    def __init__(self, message_id: str, thinking: ThinkingOption | None = None) -> None:
        self._message_id = message_id
        self._blocks = BlockSequence(thinking or ThinkingOption())

    def resume(self, count: int, open_: Kind | None) -> None:
        """Go on with an answer of somebody else's of which the client has ``count`` blocks, the
        last one not ended if it is ``open_``."""
        self._blocks.resume(count, open_)

    @property
    def started(self) -> bool:
        """Whether message_start is out; until then a failure is an HTTP status."""
        return self._blocks.started

    @property
    def blocks_completed(self) -> int:
        """How many blocks the client has whole. While none, a cut connection makes it
        send the request again, unseen."""
        return self._blocks.completed

    def render(self, event: Event) -> bytes:
        """The bytes for ``event``, empty where the wire has none for it.

        Failed before Started raises the error it carries, for ``render_error``; an
        event out of order raises EngineError.
        """
        steps = b"".join(_frame(step) for step in self._blocks.feed(event))
        match event:
            case Started(model, usage):
                message = message_json(self._message_id, model, usage)
                return encode_sse("message_start", {"type": "message_start", "message": message})
            case Finished():
                return steps + _ending(event)
            case Continued(engine):
                return comment(f"{engine} goes on with this answer")
            case Failed(error):
                return render_error_event(error)
            case _:
                return steps

    def keepalive(self, silent_for: Seconds) -> bytes:
        """Bytes to send now, ``silent_for`` after the last event that had bytes.

        Nothing before message_start and after the end. An open block gets an empty
        delta; without one it is a ping, and after PING_ONLY a block is opened (thinking
        where the request enabled it, else text), which real content continues or closes.
        """
        if not self._blocks.started or self._blocks.over:
            return b""
        if self._blocks.open is None and silent_for < PING_ONLY:
            return _PING
        return b"".join(_frame(step) for step in self._blocks.keep_alive())


def _frame(step: Step) -> bytes:
    match step:
        case Opened(index):
            return _indexed("content_block_start", index, content_block=_empty_block(step))
        case Grew(index, kind, piece):
            delta, field = _DELTA[kind]
            return _indexed("content_block_delta", index, delta={"type": delta, field: piece})
        case Closed(index, kind):
            signature = {"type": "signature_delta", "signature": SIGNATURE}
            signed = _indexed("content_block_delta", index, delta=signature)
            return (signed if kind == "thinking" else b"") + _indexed("content_block_stop", index)
        case _:
            assert_never(step)


def _indexed(event: str, index: int, **fields: Any) -> bytes:
    return encode_sse(event, {"type": event, "index": index, **fields})


def _empty_block(step: Opened) -> dict[str, Any]:
    match step.kind:
        case "text":
            return {"type": "text", "text": ""}
        case "thinking":
            return {"type": "thinking", "thinking": "", "signature": ""}
        case "tool_use":
            return {"type": "tool_use", "id": step.id, "name": step.name, "input": {}}


def _ending(event: Finished) -> bytes:
    delta = {
        "stop_reason": event.reason,
        "stop_sequence": event.stop_sequence,
        **safeguards_json(event.safeguards),
    }
    last = {"type": "message_delta", "delta": delta, "usage": usage_json(event.usage)}
    return encode_sse("message_delta", last) + encode_sse("message_stop", {"type": "message_stop"})
