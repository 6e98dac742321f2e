"""Where in a file a task points: the lines that an edit should begin at. Pure.

A small model begins an edit at the top of a file, or at the first of several lines that look
alike. The lines that share words with the task, and of these the ones whose section does
too, are better places. Knows text only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

WINDOW_LINES = 12
"""An edit may go on so far below the line it begins at."""

MOST_SPOTS = 8
"""More places than this point nowhere."""

_SECTION_WEIGHT = 0.5
"""A word in the line itself says more than one in the line it is indented below."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|\d+(?:\.\d+)*")
_HUMP = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")

_REMARK = re.compile(r"\s*(?:;|//|/\*|\*|<!--)")
"""Lines that only speak of others. A # may begin a heading."""

_LEAST_CHARACTERS = 3

_COMMON_WORDS = """
the and for that this with from into when then than are was has have not all any its it should
must can could would will there where which what who how why please file files line lines code
make add change set fix edit update replace rename remove delete write create move new old one
two now also only but you your our still run use used uses using value function method class
variable def return import self true false none null const let var public private static void
int string bool
"""
"""Words of orders and of languages: they stand everywhere."""

_COMMON = frozenset(_COMMON_WORDS.split())


def spots(text: str, words: str) -> list[str]:
    """Stretches of whole lines of ``text`` that begin where ``words`` point, empty where they
    point nowhere or everywhere."""
    wanted = _names(words)
    lines = text.split("\n")
    scores = _scores(lines, wanted)
    best = max(scores, default=0.0)
    found = [number for number, score in enumerate(scores) if score == best]
    if best < 1 or len(found) > MOST_SPOTS:
        return []
    return ["\n".join(_stretch(lines, number)) for number in found]


def _stretch(lines: Sequence[str], start: int) -> Sequence[str]:
    """The line and what belongs to it: up to the end of its section."""
    indent, end = _indent(lines[start]), start + 1
    for number in range(start + 1, min(len(lines), start + WINDOW_LINES)):
        if not lines[number].strip():
            continue
        behind_gap = not lines[number - 1].strip()
        if _indent(lines[number]) < indent or (behind_gap and _indent(lines[number]) <= indent):
            break
        end = number + 1
    return lines[start:end]


def _scores(lines: Sequence[str], wanted: frozenset[str]) -> list[float]:
    own = [0 if _REMARK.match(line) else len(_names(line) & wanted) for line in lines]
    return [
        own[number] + _SECTION_WEIGHT * _above(lines, number, wanted) if own[number] else 0.0
        for number in range(len(lines))
    ]


def _above(lines: Sequence[str], number: int, wanted: frozenset[str]) -> int:
    """How many wanted words the sections around a line name: lines it is indented below, or
    the heading in brackets before it."""
    found: set[str] = set()
    indent = _indent(lines[number])
    for line in reversed(lines[:number]):
        if not line.strip():
            continue
        is_heading = line.lstrip().startswith(("[", "#"))
        if _indent(line) < indent or (is_heading and _indent(line) <= indent):
            found |= _names(line) & wanted
            indent = _indent(line)
            if is_heading or not indent:
                break
    return len(found - (_names(lines[number]) & wanted))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _names(text: str) -> frozenset[str]:
    """The telling words of a text, alike in singular and plural; of compound names the whole."""
    return frozenset(
        _plain(word)
        for word in _WORD.findall(text)
        if len(word) >= _LEAST_CHARACTERS and word.lower() not in _COMMON
    )


@cache
def _plain(word: str) -> str:
    """``max_items``, ``maxItems`` and ``MAX_ITEM`` are one name."""
    humps = [hump.lower() for hump in _HUMP.findall(word)]
    joined = "".join(humps) or word.lower()
    return joined[:-1] if joined.endswith("s") and len(joined) > _LEAST_CHARACTERS else joined
