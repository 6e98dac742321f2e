"""Events -> one whole message, for requests that do not stream.

Knows the message's JSON; the order of blocks is BlockSequence's. Called by the api.
"""

from __future__ import annotations

from typing import Any

import msgspec

from edge.chat import Event, Failed, Finished, Started, ThinkingOption
from edge.dialects.anthropic.sequence import BlockSequence, Closed, Grew, Kind, Opened, Step
from edge.dialects.anthropic.wire import SIGNATURE, message_json, safeguards_json, usage_json
from edge.errors import EngineError


class MessageBuilder:
    """One answer, collected. ``body`` is ready once Finished was added."""

    def __init__(self, message_id: str, thinking: ThinkingOption | None = None) -> None:
        self._message_id = message_id
        self._blocks = BlockSequence(thinking or ThinkingOption())
        self._message: dict[str, Any] = {}
        self._content: list[dict[str, Any]] = []
        self._pieces: list[str] = []
        self._finished = False

    def add(self, event: Event) -> None:
        """Take the next event. Failed raises the error it carries."""
        for step in self._blocks.feed(event):
            self._apply(step)
        match event:
            case Started(model, usage):
                self._message = message_json(self._message_id, model, usage)
            case Finished():
                self._finish(event)
            case Failed(error):
                raise error
            case _:
                pass

    def body(self) -> bytes:
        """The message. Raises EngineError where the answer has not finished."""
        if not self._finished:
            raise EngineError("the answer broke off before its end")
        return msgspec.json.encode(self._message | {"content": self._content})

    def _finish(self, event: Finished) -> None:
        self._message |= {
            "stop_reason": event.reason,
            "stop_sequence": event.stop_sequence,
            "usage": usage_json(event.usage),
            **safeguards_json(event.safeguards),
        }
        self._finished = True

    def _apply(self, step: Step) -> None:
        match step:
            case Opened(_, kind, call, name):
                identity = {"id": call, "name": name} if kind == "tool_use" else {}
                self._content.append({"type": kind, **identity})
                self._pieces = []
            case Grew(_, _, piece):
                self._pieces.append(piece)
            case Closed(_, _, complete=False):
                # Half of a call's arguments is nothing a client could use.
                self._content.pop()
            case Closed(_, kind):
                self._content[-1] |= _closing(kind, "".join(self._pieces))


def _closing(kind: Kind, text: str) -> dict[str, Any]:
    match kind:
        case "text":
            return {"text": text}
        case "thinking":
            return {"thinking": text, "signature": SIGNATURE}
        case "tool_use":
            return {"input": _arguments(text)}


def _arguments(text: str) -> dict[str, Any]:
    """A call's arguments. Raises EngineError where they are no JSON object."""
    try:
        value = msgspec.json.decode(text)
    except (ValueError, RecursionError) as error:
        raise EngineError(f"a tool call's arguments are not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise EngineError("a tool call's arguments are not a JSON object")
    return value
