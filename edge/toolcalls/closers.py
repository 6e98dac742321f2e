"""What closes the wrappers of calls that were read, to be swallowed when it comes.

Used by the parser only; knows nothing of what it says in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto

from edge.toolcalls.shapes import STRAY_CLOSERS

_FENCE = "```"


class Match(Enum):
    NONE = auto()
    PART = auto()
    """The text may still become it."""
    WHOLE = auto()


class Closers:
    """The closings that may come; brackets only directly after a call, tags also later."""

    def __init__(self, always: Sequence[str] = ()) -> None:
        """``always``: marks that are swallowed wherever they stand."""
        self._always = tuple(always)
        self._open: list[str] = []
        self.after_call = False

    def enter_call(self, closers: Sequence[str]) -> None:
        """A call was read whose wrapping and braces close with ``closers``."""
        self.after_call = True
        brackets = [mark for mark in closers if len(mark) == 1]
        tags = [mark for mark in (*closers, *STRAY_CLOSERS) if len(mark) > 1]
        self._open += brackets + [mark for mark in dict.fromkeys(tags) if mark not in self._open]

    def leave_call(self) -> None:
        """Prose was said: a bracket that comes now is its own."""
        if self.after_call:
            self.after_call = False
            self._open = [mark for mark in self._open if len(mark) > 1]

    def may_begin(self, ch: str) -> bool:
        """Whether a closing, or a separator between two calls, begins with ``ch``."""
        if self.after_call and ch in ",;":
            return True
        return any(mark.startswith(ch) for mark in (*self._open, *self._always))

    def match(self, text: str, *, fresh_line: bool, over: bool) -> tuple[Match, str]:
        """Whether ``text`` is a closing, which is then done with, and the text after it."""
        best = Match.NONE
        for mark in (*self._open, *self._always):
            if mark == _FENCE and text.startswith(_FENCE):
                after = text[len(_FENCE) :]
                # A fence with a word after it opens another block.
                if fresh_line and (after.isspace() or (over and not after)):
                    self._open.remove(mark)
                    return Match.WHOLE, after
            elif mark == text:
                if mark in self._open:
                    self._open.remove(mark)
                return Match.WHOLE, ""
            if mark.startswith(text):
                best = Match.PART
        return best, ""

    def is_cut(self, text: str) -> bool:
        """Whether ``text``, the last of an answer, is the beginning of a closing."""
        return self.after_call and any(mark.startswith(text) for mark in self._open)
