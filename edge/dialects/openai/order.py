"""The order of an answer's events, checked; both renderers of this package stand on it.

Knows no wire format. An event out of order is the engine's fault: EngineError.
"""

from __future__ import annotations

from typing import Literal

from edge.chat import (
    Event,
    Failed,
    Finished,
    Progress,
    RelayChunk,
    RelayStarted,
    Started,
    StopReason,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
)
from edge.errors import EngineError

CUT: frozenset[StopReason] = frozenset(("max_tokens", "model_context_window_exceeded"))
"""Ends that may leave a call incomplete, as the API's own do."""


class Order:
    """One answer's events, each shown here before it is used."""

    def __init__(self) -> None:
        self.phase: Literal["new", "running", "over"] = "new"
        self.in_call = False
        self.calls = 0
        """How many calls have begun; the open one is the last."""

    def check(self, event: Event) -> None:
        """Raises EngineError, and for Failed before Started the error it carries."""
        if isinstance(event, Progress):
            return
        if isinstance(event, Failed):
            if self.phase == "new":
                raise event.error
            self.phase = "over"
            return
        if isinstance(event, RelayStarted | RelayChunk):
            raise EngineError("a relayed answer was sent to be rendered")
        self._check_content(event)

    def _check_content(self, event: Event) -> None:
        legal = self.phase == ("new" if isinstance(event, Started) else "running")
        if not legal or self.in_call != self._wants_call(event):
            raise EngineError(f"the engine sent {type(event).__name__} out of order")
        match event:
            case Started():
                self.phase = "running"
            case ToolCallStarted():
                self.in_call = True
                self.calls += 1
            case ToolCallEnded():
                self.in_call = False
            case Finished():
                self.phase = "over"
            case _:
                pass

    def _wants_call(self, event: Event) -> bool:
        """Whether ``event`` belongs inside a call."""
        if isinstance(event, Finished) and event.reason in CUT:
            return self.in_call
        return isinstance(event, ToolCallDelta | ToolCallEnded)
