"""Pieces of several tool calls and of text -> events with one call open at a time.

A stream of this dialect may name its calls by index and mix their pieces; inside, a call
lasts until it is whole. The first call flows through as it comes, what follows waits until
its arguments have ended. Knows the ways in which servers leave out or repeat an index, an
id or a name. For this package only.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from edge.chat import (
    Event,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
)
from edge.dialects.openai.wire import CallPiece

MOST_CALLS = 256
MOST_ARGUMENTS = 8_388_608
"""Characters of all arguments of one answer; they are kept until their call is checked."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What every dialect takes as a call's id; others are replaced."""
_MARKS = re.compile(r'\\.?|["{}\[\]]', re.DOTALL)


class JsonEnd:
    """Finds where a JSON object or list that comes in pieces ends, without parsing it."""

    def __init__(self) -> None:
        self.complete = False
        self._depth = 0
        self._in_string = False
        self._escaped = False

    def feed(self, text: str) -> str:
        """``text`` without what follows the end. Raises ValueError if that is not blank."""
        if self.complete:
            return self._ended(text, 0)
        start = 1 if self._escaped and text else 0
        self._escaped = self._escaped and not text
        for mark in _MARKS.finditer(text, start):
            if self._is_last(mark[0]):
                self.complete = True
                return self._ended(text, mark.end())
        return text

    def _is_last(self, mark: str) -> bool:
        if mark[0] == "\\":
            self._escaped = len(mark) == 1
        elif mark == '"':
            self._in_string = not self._in_string
        elif not self._in_string:
            self._depth += 1 if mark in "{[" else -1
            return self._depth <= 0
        return False

    def _ended(self, text: str, end: int) -> str:
        if text[end:].strip():
            raise ValueError("a tool call goes on behind its arguments")
        return text[:end]


@dataclass(slots=True)
class _Call:
    id: str
    given_id: str | None
    name: str
    end: JsonEnd = field(default_factory=JsonEnd)
    arguments: list[str] = field(default_factory=list)


class Serial:
    """One answer's content. ``new_id`` makes an id where the server gave none of use.

    Every method raises ValueError for what makes no sense.
    """

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._by_index: dict[int, _Call] = {}
        self._calls: list[_Call] = []
        self._ids: set[str] = set()
        self._size = 0
        self._open: _Call | None = None
        self._waiting: deque[_Call | TextDelta | ThinkingDelta] = deque()

    @property
    def has_calls(self) -> bool:
        return bool(self._calls)

    def say(self, event: TextDelta | ThinkingDelta) -> list[Event]:
        """Text or thinking."""
        self._waiting.append(event)
        return self._advance()

    def piece(self, piece: CallPiece) -> list[Event]:
        """A call, or a part of one."""
        text = _arguments(piece)
        self._size += len(text)
        if self._size > MOST_ARGUMENTS:
            raise ValueError(f"tool calls with more than {MOST_ARGUMENTS} characters of arguments")
        call = self._known(piece, text) or self._begin(piece)
        text = call.end.feed(text)
        if not text:
            return self._advance()
        call.arguments.append(text)
        if call is self._open:
            return [ToolCallDelta(text), *self._advance()]
        return self._advance()

    def finish(self, *, cut: bool) -> list[Event]:
        """What was waiting. Where the answer's length ``cut`` it, a last call may be half."""
        events: list[Event] = self._advance()
        while self._open is not None:
            if cut and not self._open.end.complete:
                return events
            events += [*self._end(self._open), *self._advance()]
        return events

    def _known(self, piece: CallPiece, text: str) -> _Call | None:
        """The call that ``piece`` goes on with; None if it begins one."""
        name = piece.function.name if piece.function is not None else None
        if piece.index is None:
            if not name:
                return self._calls[-1] if self._calls else None
            same = [call for call in self._calls if piece.id and call.given_id == piece.id]
            return same[0] if same else None
        call = self._by_index.get(piece.index)
        if call is None or not name:
            return call
        # Some servers number every call 0, and some repeat the name in every piece.
        if piece.id and call.given_id and piece.id != call.given_id:
            return None
        if not piece.id and call.end.complete and text.strip():
            return None
        return call

    def _begin(self, piece: CallPiece) -> _Call:
        name = piece.function.name if piece.function is not None else None
        if not name:
            raise ValueError("a tool call without a name")
        if len(self._calls) >= MOST_CALLS:
            raise ValueError(f"more than {MOST_CALLS} tool calls")
        fit = bool(piece.id and _ID.fullmatch(piece.id) and piece.id not in self._ids)
        call = _Call(piece.id if fit and piece.id else self._new_id(), piece.id, name)
        self._ids.add(call.id)
        self._calls.append(call)
        if piece.index is not None:
            self._by_index[piece.index] = call
        self._waiting.append(call)
        return call

    def _advance(self) -> list[Event]:
        """Everything that nothing stands before any more."""
        events: list[Event] = []
        while self._waiting:
            if self._open is not None:
                if not self._open.end.complete:
                    break
                events += self._end(self._open)
            following = self._waiting.popleft()
            if not isinstance(following, _Call):
                events.append(following)
                continue
            self._open = following
            events.append(ToolCallStarted(following.id, following.name))
            if following.arguments:
                events.append(ToolCallDelta("".join(following.arguments)))
        return events

    def _end(self, call: _Call) -> list[Event]:
        self._open = None
        text = "".join(call.arguments)
        if not text:
            return [ToolCallDelta("{}"), ToolCallEnded()]
        if not isinstance(msgspec.json.decode(text), dict):
            raise ValueError("a tool call's arguments are not a JSON object")
        call.arguments = []
        return [ToolCallEnded()]


def _arguments(piece: CallPiece) -> str:
    """As text; blanks alone are no arguments."""
    given = piece.function.arguments if piece.function is not None else None
    if isinstance(given, dict):
        return msgspec.json.encode(given).decode()
    return given or ""
