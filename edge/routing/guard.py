"""Puts safeguard verdicts on a local answer's tool calls. Pure over the event stream.

Knows what a call looks like in events; the judging itself is edge.safeguards.
"""

from __future__ import annotations

import json
from dataclasses import replace

from edge.chat import (
    ChatRequest,
    Event,
    Finished,
    JsonObject,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    ToolUse,
)
from edge.safeguards import Policy, results


class Guard:
    """Collects the calls of one answer and judges them when it is finished."""

    def __init__(self, request: ChatRequest, policy: Policy) -> None:
        self._request = request
        self._policy: Policy = policy
        self._calls: list[ToolUse] = []
        self._open: ToolCallStarted | None = None
        self._json: list[str] = []

    def watch(self, event: Event) -> Event:
        """The event to pass on: a Finished one carries the verdicts."""
        match event:
            case ToolCallStarted():
                self._open, self._json = event, []
            case ToolCallDelta(piece):
                self._json.append(piece)
            case ToolCallEnded():
                self._close()
            case Finished():
                return self._judged(event)
            case _:
                pass
        return event

    def _close(self) -> None:
        if self._open is not None:
            self._calls.append(ToolUse(self._open.id, self._open.name, self._arguments()))
        self._open = None

    def _arguments(self) -> JsonObject:
        """Nothing where they are no JSON object: then there is nothing to find harmless."""
        try:
            value = json.loads("".join(self._json) or "{}")
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    def _judged(self, event: Finished) -> Finished:
        if self._policy == "off" or not self._request.safeguards:
            return event
        return replace(event, safeguards=results(self._request, self._calls, self._policy))
