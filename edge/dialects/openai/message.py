"""Events -> one whole ``chat.completion``, for requests that do not stream.

Knows the message's JSON. Called by the api, which brings id and time.
"""

from __future__ import annotations

from typing import Any

import msgspec

from edge.chat import (
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
from edge.dialects.openai.order import Order
from edge.dialects.openai.wire import finish_json, usage_json
from edge.errors import EngineError


class MessageBuilder:
    """One answer, collected. ``body`` is ready once Finished was added.

    ``created`` is in seconds since the epoch.
    """

    def __init__(self, completion_id: str, created: int) -> None:
        self._order = Order()
        self._answer: dict[str, Any] = {
            "id": completion_id,
            "object": "chat.completion",
            "created": created,
        }
        self._text: list[str] = []
        self._thoughts: list[str] = []
        self._calls: list[dict[str, Any]] = []
        self._open = ToolCallStarted("", "")
        self._arguments: list[str] = []
        self._finished = False

    def add(self, event: Event) -> None:
        """Take the next event. Failed raises the error it carries."""
        self._order.check(event)
        match event:
            case Started(model):
                self._answer["model"] = model
            case TextDelta(text):
                self._text.append(text)
            case ThinkingDelta(text):
                self._thoughts.append(text)
            case Finished():
                self._finish(event)
            case Failed(error):
                raise error
            case _:
                self._call(event)

    def body(self) -> bytes:
        """The answer. Raises EngineError where it has not finished."""
        if not self._finished:
            raise EngineError("the answer broke off before its end")
        return msgspec.json.encode(self._answer)

    def _call(self, event: Event) -> None:
        """Half of a call's arguments is nothing a client could use: only whole ones stay."""
        match event:
            case ToolCallStarted():
                self._open, self._arguments = event, []
            case ToolCallDelta(json):
                self._arguments.append(json)
            case ToolCallEnded():
                arguments = "".join(self._arguments) or "{}"
                function = {"name": self._open.name, "arguments": arguments}
                self._calls.append({"id": self._open.id, "type": "function", "function": function})
            case _:
                pass

    def _finish(self, event: Finished) -> None:
        text, thoughts = "".join(self._text), "".join(self._thoughts)
        message: dict[str, Any] = {
            "role": "assistant",
            "content": text or (None if self._calls else ""),
            "refusal": None,
        }
        if thoughts:
            message["reasoning_content"] = thoughts
        if self._calls:
            message["tool_calls"] = self._calls
        ending = finish_json(event.reason, event.stop_sequence)
        self._answer |= {
            "choices": [{"index": 0, "message": message, "logprobs": None, **ending}],
            "usage": usage_json(event.usage),
        }
        self._finished = True
