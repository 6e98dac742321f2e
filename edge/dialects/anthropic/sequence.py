"""The order of an answer's content blocks, as a state machine without any wire format.

Events in, steps out: blocks numbered from 0 without gaps, at most one open, every one
closed before the answer ends. Both renderers of this package stand on it.

Thinking that comes once text has begun does not break the text up: it waits and becomes
a block of its own before the next tool call, or is dropped when the answer ends, because
an answer must not end with thinking. Thinking that was not asked for is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from edge.chat import (
    Event,
    Failed,
    Finished,
    Progress,
    RelayChunk,
    RelayStarted,
    Started,
    StopReason,
    TextDelta,
    ThinkingDelta,
    ThinkingOption,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
)
from edge.errors import EngineError

Kind = Literal["text", "thinking", "tool_use"]

CUT: frozenset[StopReason] = frozenset(("max_tokens", "model_context_window_exceeded"))
"""Ends that may leave a call incomplete, as the API's own do."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A block begins; ``id`` and ``name`` are a tool call's."""

    index: int
    kind: Kind
    id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Grew:
    """The open block gets more text, thinking or JSON; none, where it only keeps alive."""

    index: int
    kind: Kind
    piece: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The open block ends; a call that its answer's length cut is not ``complete``."""

    index: int
    kind: Kind
    complete: bool = True


Step: TypeAlias = Opened | Grew | Closed


class BlockSequence:
    """One answer's blocks. An event out of order raises EngineError: the engine is at fault."""

    def __init__(self, thinking: ThinkingOption) -> None:
        self._wanted = thinking.mode != "disabled"
        self._shown = thinking.display != "omitted"
        self._count = 0
        self._open: Kind | None = None
        self._grown = False
        self._waiting: list[str] = []
        self._phase: Literal["new", "running", "over"] = "new"

    def resume(self, count: int, open_: Kind | None) -> None:
        """So many blocks are begun already, the last one perhaps not ended; and it has started."""
        self._count, self._open, self._phase = count, open_, "running"

    @property
    def started(self) -> bool:
        """Whether Started has come."""
        return self._phase != "new"

    @property
    def over(self) -> bool:
        """Whether Finished or Failed has come."""
        return self._phase == "over"

    @property
    def open(self) -> Kind | None:
        """The kind of the open block."""
        return self._open

    @property
    def completed(self) -> int:
        """How many blocks are closed."""
        return self._count - (self._open is not None)

    def feed(self, event: Event) -> list[Step]:
        """The steps that ``event`` makes. Failed before Started raises its error."""
        self._check_phase(event)
        match event:
            case Started():
                self._phase = "running"
                return []
            case TextDelta(text):
                return self._text(text)
            case ThinkingDelta(text):
                return self._thinking(text)
            case ToolCallStarted(call, name):
                return self._tool(call, name)
            case ToolCallDelta(json):
                return self._arguments(json)
            case ToolCallEnded():
                return self._tool_end()
            case Finished(reason):
                return self._finish(reason)
            case _:
                return []

    def keep_alive(self) -> list[Step]:
        """An empty piece for the open block; opens one that may be empty where none is."""
        if self._phase != "running":
            return []
        if self._open is None:
            return self._more("thinking" if self._wanted else "text", "")
        return [Grew(self._index, self._open, "")]

    @property
    def _index(self) -> int:
        return self._count - 1

    def _check_phase(self, event: Event) -> None:
        match event:
            case RelayStarted() | RelayChunk():
                raise EngineError("a relayed answer was sent to be rendered")
            case Failed(error):
                if self._phase == "new":
                    raise error
                self._phase = "over"
                return
            case Progress():
                return
            case Started():
                legal = self._phase == "new"
            case _:
                legal = self._phase == "running"
        if not legal:
            raise EngineError(f"the engine sent {type(event).__name__} out of order")

    def _text(self, text: str) -> list[Step]:
        self._refuse_inside_call("TextDelta")
        return self._more("text", text) if text else []

    def _thinking(self, text: str) -> list[Step]:
        self._refuse_inside_call("ThinkingDelta")
        if not text or not self._wanted:
            return []
        if self._open == "text":
            self._waiting.append(text)
            return []
        return self._more("thinking", text)

    def _more(self, kind: Kind, piece: str) -> list[Step]:
        """A piece for a block of ``kind``: the open one, or a new one."""
        steps: list[Step] = []
        if self._open != kind:
            steps += self._close()
            steps.append(self._begin(kind))
        if kind == "thinking" and piece and not self._shown:
            return steps
        return [*steps, Grew(self._index, kind, piece)]

    def _tool(self, call: str, name: str) -> list[Step]:
        self._refuse_inside_call("ToolCallStarted")
        steps = self._close()
        if self._waiting:
            steps += self._more("thinking", "".join(self._waiting))
            steps += self._close()
            self._waiting = []
        return [*steps, self._begin("tool_use", call, name)]

    def _arguments(self, json: str) -> list[Step]:
        self._refuse_outside_call("ToolCallDelta")
        if not json:
            return []
        self._grown = True
        return [Grew(self._index, "tool_use", json)]

    def _tool_end(self) -> list[Step]:
        self._refuse_outside_call("ToolCallEnded")
        # A call without arguments still has to be a JSON object.
        steps = [] if self._grown else self._arguments("{}")
        return [*steps, *self._close()]

    def _finish(self, reason: StopReason) -> list[Step]:
        """A call may stay incomplete only where the answer says that it was cut."""
        if reason not in CUT:
            self._refuse_inside_call("Finished")
        self._phase = "over"
        return self._close(complete=self._open != "tool_use")

    def _begin(self, kind: Kind, call: str = "", name: str = "") -> Opened:
        self._open = kind
        self._grown = False
        self._count += 1
        return Opened(self._index, kind, call, name)

    def _close(self, *, complete: bool = True) -> list[Step]:
        if self._open is None:
            return []
        closed = Closed(self._index, self._open, complete)
        self._open = None
        return [closed]

    def _refuse_inside_call(self, event: str) -> None:
        if self._open == "tool_use":
            raise EngineError(f"the engine sent {event} inside a tool call")

    def _refuse_outside_call(self, event: str) -> None:
        if self._open != "tool_use":
            raise EngineError(f"the engine sent {event} outside a tool call")
