"""Worker frames of one answer, as events; pure but for the ids' randomness.

Used by the llama engine only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from edge.chat import (
    Event,
    Failed,
    Finished,
    Progress,
    Started,
    StopReason,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    Usage,
)
from edge.dialects.anthropic import RANDOM_BYTES, tool_use_id
from edge.engines.frames import Accepted, Done, FromWorker, Piece, Reading, Refused, Seated
from edge.errors import (
    CodriverError,
    EngineError,
    PromptTooLong,
    TemplateFailed,
    UnsatisfiableSchema,
    UnsupportedInput,
)
from edge.units import Tokens

_STOP_REASONS: dict[str, StopReason] = {
    "end_turn": "end_turn",
    "max_tokens": "max_tokens",
    "stop_sequence": "stop_sequence",
    "tool_use": "tool_use",
    "context": "model_context_window_exceeded",
}


class Answer:
    """Translates one request's frames in order. ``model`` is the id the client asked for."""

    def __init__(self, model: str, random_bytes: Callable[[int], bytes]) -> None:
        self._model = model
        self._random_bytes = random_bytes
        self._prompt = Usage()
        self.started = False
        self.ended = False

    def read(self, frame: FromWorker) -> Iterator[Event]:
        """Events for one frame. Raises the refusal if the answer had not started."""
        match frame:
            case Accepted(_, prompt_tokens, queued):
                self._prompt = Usage(input=Tokens(prompt_tokens))
                if queued:
                    yield self._start()
            case Seated(_, cached_tokens):
                fresh = Tokens(self._prompt.input - cached_tokens)
                self._prompt = Usage(input=fresh, cache_read=Tokens(cached_tokens))
                if not self.started:
                    yield self._start()
            case Reading(_, done, total):
                yield Progress(Tokens(done), Tokens(total))
            case Piece():
                yield self._piece(frame)
            case Done():
                self.ended = True
                yield self._finished(frame)
            case Refused():
                self.ended = True
                if not self.started:
                    raise refusal(frame)
                yield Failed(refusal(frame))
            case _:
                raise EngineError(f"the worker sent a {type(frame).__name__} for a chat")

    def _start(self) -> Started:
        """At once for a queued request, whose client must not wait in silence; its share
        from the cache is then told by the last usage only."""
        self.started = True
        return Started(self._model, self._prompt)

    def _piece(self, piece: Piece) -> Event:
        match piece.kind:
            case "text":
                return TextDelta(piece.text)
            case "thought":
                return ThinkingDelta(piece.text)
            case "open":
                return ToolCallStarted(tool_use_id(self._random_bytes(RANDOM_BYTES)), piece.text)
            case "arguments":
                return ToolCallDelta(piece.text)
            case "close":
                return ToolCallEnded()

    def _finished(self, frame: Done) -> Finished:
        usage = Usage(
            input=self._prompt.input,
            cache_read=self._prompt.cache_read,
            output=Tokens(frame.output_tokens),
        )
        return Finished(_STOP_REASONS[frame.reason], usage, frame.stop_sequence)


def refusal(frame: Refused) -> CodriverError:
    """The worker's refusal as an error of the tree."""
    match frame.kind:
        case "too_long":
            return PromptTooLong(Tokens(frame.tokens), Tokens(frame.maximum))
        case "schema":
            return UnsatisfiableSchema(frame.message)
        case "template":
            return TemplateFailed(frame.message)
        case "input":
            return UnsupportedInput(frame.message)
        case "internal":
            return EngineError(frame.message)
