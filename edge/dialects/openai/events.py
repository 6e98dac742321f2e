"""An OpenAI-compatible server's answer -> Events, streamed or whole.

Tolerates what the many servers of this dialect add and leave out, and turns an answer that
is broken, cut or without bounds into a last Failed. Knows no HTTP client; called by the
upstream engine.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from edge.chat import (
    Event,
    Finished,
    Started,
    StopReason,
    TextDelta,
    ThinkingDelta,
    Usage,
)
from edge.dialects.framing import ServerSentEvent
from edge.dialects.openai.errors import error_of, parse_error
from edge.dialects.openai.serial import Serial
from edge.dialects.openai.wire import Choice, Chunk, Said, text_of, usage_of
from edge.dialects.reading import Reading, broken

_DONE = "[DONE]"
_REASONS: dict[str, StopReason] = {
    "length": "max_tokens",
    "content_filter": "refusal",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
}


class EventParser:
    """One streamed answer. After Finished or Failed nothing more comes.

    ``new_id`` makes a call's id where the server gave none of use.
    """

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._content = _Content(new_id)
        self._started = False
        self._reading = Reading("Chat Completions", self._read, self._content.finish)

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that ``chunk`` completes."""
        return self._reading.feed(chunk)

    def close(self) -> list[Event]:
        """The stream ended: what was left, and Failed where the answer was not whole."""
        return self._reading.close()

    def _read(self, frame: ServerSentEvent) -> list[Event]:
        data = frame.data.strip()
        if not data:
            return []
        if data == _DONE:
            return self._content.finish()
        if frame.event == "error":
            raise parse_error(data)
        chunk = _decode(data)
        if chunk.choices is None and chunk.usage is None:
            if not self._started:
                raise ValueError("an object that is no chunk")
            return []
        return [*self._start(chunk), *self._content.take(chunk)]

    def _start(self, chunk: Chunk) -> list[Event]:
        if self._started:
            return []
        self._started = True
        return [Started(chunk.model or "", Usage())]


def parse_answer(body: bytes, new_id: Callable[[], str]) -> tuple[Event, ...]:
    """A whole answer as the stream it could have been. Raises CodriverError for any other."""
    content = _Content(new_id)
    try:
        answer = _decode(body)
        if not answer.choices:
            raise ValueError("it has no choices")
        said = content.take(answer)
        return (Started(answer.model or "", Usage()), *said, *content.finish())
    except (ValueError, RecursionError) as error:
        raise broken(f"the other server's answer is not of Chat Completions: {error}") from None


class _Content:
    """What the choices of an answer say, whether they come in one piece or in many."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._serial = Serial(new_id)
        self._usage = Usage()
        self._last: Choice | None = None

    def take(self, chunk: Chunk) -> list[Event]:
        if chunk.usage is not None:
            self._usage = usage_of(chunk.usage)
        # No more than one answer is ever asked for.
        return self._choice(chunk.choices[0]) if chunk.choices else []

    def finish(self) -> list[Event]:
        """The end. Raises EngineError where none was announced: then the answer was cut."""
        if self._last is None:
            raise broken("the other server's stream ended before its answer did")
        given = self._last.finish_reason or ""
        reason = self._reason(given, self._last)
        events = self._serial.finish(cut=reason == "max_tokens")
        sequence = self._last.stop_reason if reason == "stop_sequence" else None
        said = sequence if isinstance(sequence, str) else None
        return [*events, Finished(reason, self._usage, said)]

    def _choice(self, choice: Choice) -> list[Event]:
        said = choice.delta or choice.message
        events = [] if said is None else self._said(said)
        if events and self._last is not None:
            raise ValueError("content behind the answer's end")
        if choice.finish_reason == "error":
            raise broken("the other server broke off its answer with an error")
        if choice.finish_reason:
            self._last = choice
        return events

    def _said(self, said: Said) -> list[Event]:
        events: list[Event] = []
        thought = said.reasoning_content or said.reasoning
        if thought:
            events += self._serial.say(ThinkingDelta(thought))
        for text in (text_of(said.content), said.refusal):
            if text:
                events += self._serial.say(TextDelta(text))
        for piece in said.tool_calls or ():
            events += self._serial.piece(piece)
        return events

    def _reason(self, given: str, choice: Choice) -> StopReason:
        """Servers say "stop" behind tool calls, and "tool_calls" without one."""
        reason = _REASONS.get(given)
        if reason in ("max_tokens", "refusal"):
            return reason
        if self._serial.has_calls:
            return "tool_use"
        if isinstance(choice.stop_reason, str) and choice.stop_reason and reason is None:
            return "stop_sequence"
        return "end_turn"


def _decode(data: bytes | str) -> Chunk:
    """Raises ValueError for what is no chunk, and the error that stands in its place."""
    chunk = msgspec.json.decode(data, type=Chunk)
    if chunk.error is not None:
        raise error_of(chunk.error)
    if chunk.object == "error":
        raise parse_error(data)
    return chunk
