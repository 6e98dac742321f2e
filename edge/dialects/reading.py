"""Another server's streamed answer on its way in: bounded, guarded, and over once. Pure.

Knows frames and events; what a frame says is its dialect's. Whatever the bytes are, what comes
out ends with Finished or Failed, and nothing is raised.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from edge.chat import Event, Failed, Finished
from edge.dialects.framing import (
    LONGEST_EVENT,
    MOST_BYTES,
    EventTooLong,
    ServerSentEvent,
    SseDecoder,
)
from edge.errors import CodriverError, EngineError

UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What reading JSON of an unexpected shape raises."""


class Reading:
    """One answer. ``read`` makes events of a frame, ``end`` those of a stream that has ended
    without a last one; both may raise CodriverError, or UNREADABLE. ``api`` names the dialect."""

    def __init__(
        self,
        api: str,
        read: Callable[[ServerSentEvent], list[Event]],
        end: Callable[[], list[Event]],
    ) -> None:
        self._api = api
        self._read = read
        self._end = end
        self._frames = SseDecoder(LONGEST_EVENT, MOST_BYTES)
        self._over = False

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that ``chunk`` completes; none once the answer is over."""
        if self._over:
            return []
        try:
            frames = self._frames.feed(chunk)
        except EventTooLong as error:
            return self._heard([Failed(broken(f"the other server's stream holds {error}"))])
        return self._all(frames)

    def close(self) -> list[Event]:
        """The stream ended: what was left, and Failed where the answer was not whole."""
        events = [] if self._over else self._all(self._frames.close())
        return events if self._over else [*events, *self._guarded(self._end)]

    def _all(self, frames: list[ServerSentEvent]) -> list[Event]:
        events: list[Event] = []
        for frame in frames:
            if not self._over:
                events += self._guarded(partial(self._read, frame))
        return events

    def _guarded(self, step: Callable[[], list[Event]]) -> list[Event]:
        try:
            return self._heard(step())
        except CodriverError as error:
            return self._heard([Failed(error)])
        except UNREADABLE as error:
            sentence = f"the other server's stream is not of {self._api}: {error!r}"
            return self._heard([Failed(broken(sentence))])

    def _heard(self, events: list[Event]) -> list[Event]:
        self._over = bool(events) and isinstance(events[-1], Finished | Failed)
        return events


def broken(sentence: str) -> EngineError:
    """The other server's fault."""
    error = EngineError(sentence)
    error.origin = "upstream"
    return error
