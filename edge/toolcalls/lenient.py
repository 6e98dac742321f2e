"""An incremental JSON reader that forgives what small models get wrong.

Takes one character at a time and builds the value as it goes. On valid JSON it agrees
with json.loads. Beyond that it takes raw line breaks and unknown escapes in strings,
trailing commas, doubled braces and Python's literals, and can close what the text left
open. Knows nothing of tools.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

MAX_DEPTH = 100

_ESCAPES = {
    '"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
    "'": "'",
}  # fmt: skip
_WORDS = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
_BLANK = " \t\r\n"
_LITERAL = frozenset("+-.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class Step(Enum):
    """What the last character brought."""

    NONE = auto()
    KEY = auto()
    COLON = auto()
    STRING = auto()
    """A string value ended; it is ``JsonReader.text``."""
    DONE = auto()
    BROKEN = auto()


class _Expect(Enum):
    KEY_OR_END = auto()
    KEY = auto()
    COLON = auto()
    VALUE = auto()
    VALUE_OR_END = auto()
    NEXT = auto()


@dataclass(slots=True)
class _Frame:
    container: dict[str, Any] | list[Any]
    expect: _Expect
    key: str = ""
    doubled: bool = False


class JsonReader:
    """Reads one object or array. After DONE or BROKEN it takes no more characters."""

    def __init__(self, *, strict: bool = False) -> None:
        """``strict``: forgives nothing."""
        self._strict = strict
        self._frames: list[_Frame] = []
        self._string: list[str] = []
        self._in_text = False
        self._escape = ""
        self._literal = ""
        self._skip_brace = False
        self.text = ""
        self.value: Any = None
        self.done = False
        self.broken = False
        self.doubled = 0
        """How many braces were opened twice at the outermost level."""

    @property
    def depth(self) -> int:
        return len(self._frames)

    @property
    def key(self) -> str:
        """The key last read in the innermost object."""
        return self._frames[-1].key if self._frames else ""

    @property
    def innermost(self) -> Any:
        """The object or array that is being read."""
        return self._frames[-1].container if self._frames else None

    @property
    def partial(self) -> str | None:
        """The string that is being read, as far as it is known."""
        return "".join(self._string) if self._in_text else None

    @property
    def in_key(self) -> bool:
        """Whether the string that is being read is an object's key."""
        return bool(self._frames) and self._frames[-1].expect in (_Expect.KEY, _Expect.KEY_OR_END)

    def push(self, ch: str) -> Step:
        if self._in_text:
            return self._in_string(ch)
        if self._literal and ch in _LITERAL:
            self._literal += ch
            return Step.NONE
        if self._literal and not self._end_literal():
            return self._break()
        skip, self._skip_brace = self._skip_brace, False
        if ch in _BLANK or (skip and ch == "}"):
            return Step.NONE
        return self._structure(ch)

    def complete(self) -> Any:
        """The value with what is still open closed, or None where more than that is missing."""
        if self.done:
            return self.value
        if self._in_text or not self._frames:
            return None
        if self._literal and not self._end_literal():
            return None
        if self._frames[-1].expect in (_Expect.COLON, _Expect.VALUE, _Expect.KEY):
            return None
        while self._frames:
            self._close()
        return self.value

    # --- strings and literals ---------------------------------------------------------

    def _begin_string(self) -> None:
        self._string, self._in_text = [], True

    def _in_string(self, ch: str) -> Step:
        if self._escape:
            return self._in_escape(ch)
        if ch == '"':
            return self._end_string()
        if ch == "\\":
            self._escape = ch
        elif self._strict and ch < " ":
            return self._break()
        else:
            self._string.append(ch)
        return Step.NONE

    def _in_escape(self, ch: str) -> Step:
        if self._escape == "\\" and ch == "u":
            self._escape += ch
        elif self._strict and not _is_escape(self._escape + ch):
            return self._break()
        elif self._escape == "\\":
            # An unknown escape is a backslash that the model forgot to double.
            self._string.append(_ESCAPES.get(ch, "\\" + ch))
            self._escape = ""
        elif ch in "0123456789abcdefABCDEF":
            self._escape += ch
            if len(self._escape) == 6:
                self._string.append(chr(int(self._escape[2:], 16)))
                self._escape = ""
        else:
            self._string.append(self._escape)
            self._escape = ""
            return self._in_string(ch)
        return Step.NONE

    def _end_string(self) -> Step:
        self.text = _paired("".join(self._string))
        in_key = self.in_key
        self._in_text = False
        frame = self._frames[-1]
        if in_key:
            frame.key, frame.expect = self.text, _Expect.COLON
            return Step.KEY
        self._store(self.text)
        return Step.STRING

    def _end_literal(self) -> bool:
        literal, self._literal = self._literal, ""
        if literal in _WORDS and not (self._strict and literal[0].isupper()):
            self._store(_WORDS[literal])
            return True
        try:
            value = json.loads(literal)
        except ValueError:
            return False
        if (isinstance(value, float) and value in (float("inf"), float("-inf"))) or value != value:
            return False
        self._store(value)
        return True

    # --- structure --------------------------------------------------------------------

    def _structure(self, ch: str) -> Step:
        if not self._frames:
            return self._open(ch) if ch in "{[" and not self.done else self._break()
        frame = self._frames[-1]
        match frame.expect:
            case _Expect.KEY | _Expect.KEY_OR_END:
                return self._at_key(frame, ch)
            case _Expect.COLON:
                if ch != ":":
                    return self._break()
                frame.expect = _Expect.VALUE
                return Step.COLON
            case _Expect.NEXT:
                return self._at_next(frame, ch)
            case _:
                return self._at_value(frame, ch)

    def _at_key(self, frame: _Frame, ch: str) -> Step:
        if ch == '"':
            self._begin_string()
            return Step.NONE
        if self._strict and (ch != "}" or frame.expect is _Expect.KEY):
            return self._break()
        if ch == "{" and frame.expect is _Expect.KEY_OR_END and not frame.doubled:
            frame.doubled = True
            self.doubled += len(self._frames) == 1
            return Step.NONE
        return self._close() if ch == "}" else self._break()

    def _at_next(self, frame: _Frame, ch: str) -> Step:
        in_object = isinstance(frame.container, dict)
        if ch == ",":
            after = _Expect.VALUE if self._strict else _Expect.VALUE_OR_END
            frame.expect = _Expect.KEY if in_object else after
            return Step.NONE
        return self._close() if ch == ("}" if in_object else "]") else self._break()

    def _at_value(self, frame: _Frame, ch: str) -> Step:
        if ch in "{[":
            return self._open(ch)
        if ch == '"':
            self._begin_string()
        elif ch in _LITERAL:
            self._literal = ch
        elif ch == "]" and frame.expect is _Expect.VALUE_OR_END:
            return self._close()
        else:
            return self._break()
        return Step.NONE

    def _open(self, ch: str) -> Step:
        if len(self._frames) >= MAX_DEPTH:
            return self._break()
        if ch == "{":
            self._frames.append(_Frame({}, _Expect.KEY_OR_END))
        else:
            self._frames.append(_Frame([], _Expect.VALUE_OR_END))
        return Step.NONE

    def _close(self) -> Step:
        frame = self._frames.pop()
        self._skip_brace = frame.doubled and bool(self._frames)
        self._store(frame.container)
        return Step.DONE if self.done else Step.NONE

    def _store(self, value: Any) -> None:
        if not self._frames:
            self.value, self.done = value, True
            return
        frame = self._frames[-1]
        if isinstance(frame.container, dict):
            frame.container[frame.key] = value
        else:
            frame.container.append(value)
        frame.expect = _Expect.NEXT

    def _break(self) -> Step:
        self.broken = True
        return Step.BROKEN


def _is_escape(text: str) -> bool:
    """Whether ``text`` is a JSON escape or the beginning of one."""
    if text.startswith("\\u"):
        return all(ch in "0123456789abcdefABCDEF" for ch in text[2:])
    return text[1:] in _ESCAPES and text != "\\'"


def _paired(text: str) -> str:
    """Surrogates joined where they pair, replaced where they do not."""
    if not any("\ud800" <= ch <= "\udfff" for ch in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def loads(text: str) -> Any:
    """The object or array in ``text``, or None where it is not one."""
    reader = JsonReader()
    for ch in text:
        if reader.done and ch in _BLANK + "}":
            continue
        if reader.push(ch) is Step.BROKEN:
            return None
    return reader.complete()
