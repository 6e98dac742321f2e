"""One answer being written: from sampled tokens to the pieces a client sees.

Puts the parser, the stop sequences and the grammar together; knows neither threads
nor sockets nor llama.cpp's context. One object an answer.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from edge.engines.frames import EndReason, Piece
from edge.engines.worker.constraint import Constraint
from edge.engines.worker.stops import StopFilter
from edge.errors import UnsatisfiableSchema
from edge.toolcalls import (
    CallAborted,
    CallArguments,
    CallClosed,
    CallOpened,
    ParseEvent,
    Parser,
    Prose,
    Thought,
)


@dataclass(frozen=True, slots=True)
class Grip:
    """How an answer is held: a grammar from the first token, or none until a call opens."""

    constraint: Constraint | None
    whole: bool
    """Whether ``constraint`` spans the whole answer (then calls need no grammar of their own)."""


class Writer:
    """Feed tokens' bytes, get pieces; ``ended`` tells when and why to stop."""

    def __init__(
        self,
        request: int,
        parser: Parser | None,
        stops: StopFilter,
        grip: Grip,
        *,
        compile_grammar: Callable[[str], Constraint],
        parallel: bool,
    ) -> None:
        self._request = request
        self._parser = parser
        self._stops = stops
        self._grip = grip
        self._compile = compile_grammar
        self._parallel = parallel
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.constraint = grip.constraint
        self.calls = 0
        self.aborted = False
        self.ended: EndReason | None = None

    def hold(self, constraint: Constraint) -> None:
        """From the first token on, the whole answer stands under ``constraint``."""
        self._grip = Grip(constraint, whole=True)
        self.constraint = constraint

    def take(self, token: int, data: bytes) -> list[Piece]:
        """One sampled token. The constraint, if any, has masked it already."""
        if self.constraint is not None:
            self.constraint.consume(token)
        pieces = list(self._read(self._decoder.decode(data)))
        if self._grip.whole:
            if self.constraint is not None and self.constraint.finished and self.ended is None:
                self.ended = "tool_use" if self.calls else "end_turn"
        elif self._parser is not None and not self._parser.guarding:
            self.constraint = None
        return pieces

    def finish(self) -> list[Piece]:
        """The model is done or was cut: what was held back comes out."""
        if self.ended == "stop_sequence":
            return []
        pieces = list(self._read(self._decoder.decode(b"", final=True)))
        if self._parser is not None:
            pieces += self._pieces(self._parser.finish())
        rest = self._stops.flush()
        return [*pieces, Piece(self._request, "text", rest)] if rest else pieces

    def _read(self, text: str) -> Iterator[Piece]:
        if self._parser is None:
            yield from self._prose(text)
            return
        yield from self._pieces(self._parser.feed(text))
        while (trigger := self._parser.pending) is not None:
            accepted = self._grip_call(trigger.grammar, trigger.tail)
            yield from self._pieces(self._parser.guard(accepted))

    def _grip_call(self, grammar: str, tail: str) -> bool:
        """Constrain the rest of a call; False when what is there already breaks its grammar."""
        if self._grip.whole and self.constraint is not None:
            return True
        try:
            constraint = self._compile(grammar)
        except UnsatisfiableSchema:
            return False
        if not constraint.consume_text(tail):
            return False
        self.constraint = constraint
        return True

    def _pieces(self, events: list[ParseEvent]) -> Iterator[Piece]:
        for event in events:
            if self.ended is None:
                yield from self._piece(event)

    def _piece(self, event: ParseEvent) -> Iterator[Piece]:
        match event:
            case Prose(text):
                yield from self._prose(text)
            case Thought(text):
                yield Piece(self._request, "thought", text)
            case CallOpened(name):
                yield from self._flushed()
                yield Piece(self._request, "open", name)
            case CallArguments(json):
                yield Piece(self._request, "arguments", json)
            case CallClosed():
                yield Piece(self._request, "close")
                self.calls += 1
                if not self._parallel:
                    self.ended = "tool_use"
            case CallAborted():
                self.aborted = True

    def _flushed(self) -> Iterator[Piece]:
        rest = self._stops.flush()
        if rest:
            yield Piece(self._request, "text", rest)

    def _prose(self, text: str) -> Iterator[Piece]:
        passed = self._stops.feed(text)
        if passed:
            yield Piece(self._request, "text", passed)
        if self._stops.met is not None:
            self.ended = "stop_sequence"
