"""Recognises the beginning of a tool call in held-back text.

Pure: text in, one of three answers out. Called by the parser whenever the text that it
holds grows; that text is short, since whatever cannot become a call is let go at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

from edge.toolcalls.shapes import (
    CHANNEL,
    GLM,
    MESSAGE,
    MISTRAL_ARGUMENTS,
    MISTRAL_ID,
    MISTRAL_OPENER,
    NAMED_TAGS,
    RECIPIENT,
    START,
    WRAPPERS,
    Family,
    TagShape,
)
from edge.toolcalls.toolbox import Tool, Toolbox

STARTS = frozenset("{[<`")
"""A call, and every wrapper of one, begins with one of these."""

_FENCE = "```"
_FENCE_LINE = re.compile(r"```[A-Za-z0-9_+.-]{0,20}[ \t]*\n")
_FENCE_START = re.compile(r"`{1,3}|```[A-Za-z0-9_+.-]{0,20}[ \t]{0,4}")
_NAME = re.compile(r"[\w.:-]{0,128}")
_HEADER_LIMIT = 200
_MAX_PIECES = 6


class Undecided(Enum):
    """The two answers that are not an opening."""

    MORE = auto()
    """The text may still become one."""
    NO = auto()


@dataclass(frozen=True, slots=True)
class Opening:
    """The wrapping is read. ``at`` is where the call's own text begins.

    kind "object": a JSON object that names the tool; "named": ``tool`` is known and its
    arguments follow, as JSON where ``shape`` is None; "thought", "speech": a channel.
    """

    at: int
    kind: Literal["object", "named", "thought", "speech"]
    closers: tuple[str, ...] = ()
    tool: Tool | None = None
    shape: TagShape | None = None


class Openers:
    """Reads openings for one set of tools."""

    def __init__(self, toolbox: Toolbox, family: Family) -> None:
        self._toolbox = toolbox
        self._channels = family is Family.HARMONY

    def read(self, text: str, *, after_call: bool) -> Opening | Undecided:
        """What ``text`` begins; ``after_call`` allows a separator before the next call."""
        at = _skip_blank(text, 1) if after_call and text[:1] in (",", ";") else 0
        closers: list[str] = []
        last = ""
        for _ in range(_MAX_PIECES):
            if at >= len(text):
                return Undecided.MORE
            found = self._named(text, at, last)
            if isinstance(found, Opening):
                return Opening(
                    found.at, found.kind, (*found.closers, *closers[::-1]), found.tool, found.shape
                )
            if found is Undecided.MORE:
                return found
            if text[at] == "{":
                return Opening(at, "object", tuple(closers[::-1]))
            piece = _piece(text, at)
            if piece is None:
                return Undecided.NO
            last, end, closer = piece
            if end < 0:
                return Undecided.MORE
            closers.append(closer)
            at = _skip_blank(text, end)
        return Undecided.NO

    # --- openings that carry the tool's name -------------------------------------------

    def _named(self, text: str, at: int, last: str) -> Opening | Undecided:
        for attempt in self._attempts(text, at, last):
            if attempt is not Undecided.NO:
                return attempt
        return Undecided.NO

    def _attempts(self, text: str, at: int, last: str) -> Iterator[Opening | Undecided]:
        for opener, (end, shape) in NAMED_TAGS.items():
            yield self._tagged(text, at, opener, end, shape)
        if last == "<tool_call>":
            yield self._glm(text, at)
        if last == MISTRAL_OPENER:
            yield self._mistral(text, at)
        yield self._channel(text, at)

    def _tagged(
        self, text: str, at: int, opener: str, end: str, shape: TagShape
    ) -> Opening | Undecided:
        if not text.startswith(opener, at):
            return _begins(text, at, opener)
        start = at + len(opener)
        stop = text.find(end, start)
        if stop < 0:
            name = text[start:].removesuffix(end[:1])
            return Undecided.MORE if self._toolbox.may_become(name) else Undecided.NO
        tool = self._toolbox.find(text[start:stop])
        if tool is None:
            return Undecided.NO
        return Opening(stop + len(end), "named", (), tool, shape)

    def _glm(self, text: str, at: int) -> Opening | Undecided:
        found = self._name(text, at)
        if isinstance(found, Undecided):
            return found
        tool, end = found
        return Opening(end, "named", (), tool, GLM) if text[end] in "\n<" else Undecided.NO

    def _mistral(self, text: str, at: int) -> Opening | Undecided:
        found = self._name(text, at)
        if isinstance(found, Undecided):
            return found
        tool, end = found
        if text.startswith(MISTRAL_ID, end):
            end = _skip_id(text, end + len(MISTRAL_ID))
        if end == len(text):
            return Undecided.MORE
        if text[end] == "{":
            return Opening(end, "named", (), tool)
        if text.startswith(MISTRAL_ARGUMENTS, end):
            return Opening(end + len(MISTRAL_ARGUMENTS), "named", (), tool)
        more = any(_begins(text, end, m) is Undecided.MORE for m in (MISTRAL_ARGUMENTS, MISTRAL_ID))
        return Undecided.MORE if more else Undecided.NO

    def _name(self, text: str, at: int) -> tuple[Tool, int] | Undecided:
        """The offered tool whose name stands at ``at``, and where the name ends."""
        match = _NAME.match(text, at)
        end = match.end() if match else at
        if end == len(text):
            known = self._toolbox.may_become(text[at:end])
            return Undecided.MORE if known else Undecided.NO
        tool = self._toolbox.find(text[at:end]) if end > at else None
        return Undecided.NO if tool is None else (tool, end)

    def _channel(self, text: str, at: int) -> Opening | Undecided:
        """A header of the harmony format: ``<|channel|>commentary to=functions.X ...``."""
        if not text.startswith((CHANNEL, START), at):
            return max((_begins(text, at, mark) for mark in (CHANNEL, START)), key=_openness)
        end = text.find(MESSAGE, at)
        if end < 0:
            return Undecided.MORE if len(text) - at < _HEADER_LIMIT else Undecided.NO
        header = text[at:end]
        after = end + len(MESSAGE)
        if RECIPIENT in header:
            name = _NAME.match(header, header.index(RECIPIENT) + len(RECIPIENT))
            tool = self._toolbox.find(name.group()) if name else None
            if tool is not None:
                return Opening(after, "named", ("<|call|>",), tool)
        if not self._channels:
            return Undecided.NO
        return Opening(after, "thought" if "analysis" in header else "speech")


def _openness(answer: Undecided) -> int:
    return int(answer is Undecided.MORE)


def _begins(text: str, at: int, mark: str) -> Undecided:
    """MORE where the text ends in a beginning of ``mark``."""
    rest = text[at : at + len(mark)]
    return Undecided.MORE if len(rest) < len(mark) and mark.startswith(rest) else Undecided.NO


def _piece(text: str, at: int) -> tuple[str, int, str] | None:
    """The wrapper at ``at``: itself, where it ends (-1: not yet known), what closes it."""
    if text[at] == "`":
        return _quote(text, at)
    for opener, closer in WRAPPERS.items():
        if text.startswith(opener, at):
            return opener, at + len(opener), closer
    if any(_begins(text, at, opener) is Undecided.MORE for opener in WRAPPERS):
        return "", -1, ""
    return ("[", at + 1, "]") if text[at] == "[" else None


def _quote(text: str, at: int) -> tuple[str, int, str] | None:
    line = _FENCE_LINE.match(text, at)
    if line is not None:
        return _FENCE, line.end(), _FENCE
    if _FENCE_START.fullmatch(text, at):
        return "", -1, ""
    inline = text.startswith(_FENCE, at)
    mark = _FENCE if inline else "`"
    after = text[at + len(mark) : at + len(mark) + 1]
    return (mark, at + len(mark), mark) if after in ("{", "[", "<") else None


def _skip_id(text: str, at: int) -> int:
    while at < len(text) and (text[at].isalnum() or text[at] in "-_"):
        at += 1
    return at


def _skip_blank(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
