"""Restricts one string argument of one tool to text that the session has shown.

A small model that edits a file tends to invent the text it wants replaced. With a
narrowing the grammar offers nothing but contiguous pieces of the given texts. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

MAX_LINES = 3000
"""Lines of all texts together; beyond them the grammar costs too much, and the rest is cut."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """``property`` of ``tool`` may only be a contiguous piece of what ``chunks`` show.

    A chunk is a whole text, or one line of it with its line break: lines that follow
    one another are read as one text. A piece starts at a line's start or after its
    indentation, and ends after a line's text or after its line break. The most
    important text comes first: see MAX_LINES. ``or_empty`` allows the empty string too,
    alone where there is no chunk.

    ``where`` makes it a case: it holds in calls whose argument of that name has that
    value. ``unless`` is the other case: that argument is a string that begins with none of
    the values, so that no value is evaded by a letter behind it. Calls of a tool with
    cases must be one of them. Cases hold in JSON arguments only.
    """

    tool: str
    property: str
    chunks: Sequence[str]
    or_empty: bool = False
    where: tuple[str, str] | None = None
    unless: tuple[str, tuple[str, ...]] | None = None


def cuts(text: str) -> list[str]:
    """``text`` cut where a piece may start or end: around indentation and line breaks."""
    result: list[str] = []
    for line in text.split("\n"):
        body = line.lstrip(" \t")
        result += [line[: len(line) - len(body)], body, "\n"]
    return [chunk for chunk in result[:-1] if chunk]


def terminals(narrowing: Narrowing, prefix: str, *, escaped: bool) -> str:
    """Lark text that defines the terminal ``prefix``: every piece that is more than white space.

    ``escaped``: as it stands inside a JSON string.
    """
    lines: list[str] = []
    names: list[str] = []
    for text in _bounded(texts_of(narrowing.chunks)):
        parts = cuts(text)
        if escaped:
            parts = [json.dumps(part, ensure_ascii=False)[1:-1] for part in parts]
        names.append(f"{prefix}_{len(names)}")
        lines.append(f"{names[-1]}: %regex {json.dumps({'substring_chunks': parts})}")
    blank = r"(\\n|\\t|\\r| )*" if escaped else r"[\n\t\r ]*"
    lines.append(f"{prefix}: ({' | '.join(names)}) & ~/{blank}/")
    return "\n".join(lines)


def texts_of(chunks: Sequence[str]) -> list[str]:
    """The texts that ``chunks`` make: single lines joined, longer chunks as they are."""
    texts: list[str] = []
    lines: list[str] = []
    for chunk in chunks:
        if "\n" in chunk[:-1]:
            texts += ["".join(lines), chunk]
            lines = []
            continue
        lines.append(chunk)
        if not chunk.endswith("\n"):
            texts.append("".join(lines))
            lines = []
    return [text for text in [*texts, "".join(lines)] if text]


def _bounded(texts: Sequence[str]) -> list[str]:
    room = MAX_LINES
    result: list[str] = []
    for text in texts:
        lines = text.split("\n")[:room]
        room -= len(lines)
        if any(lines):
            result.append("\n".join(lines))
        if room <= 0:
            break
    return result


def is_useful(narrowing: Narrowing) -> bool:
    """Whether there is anything to choose from."""
    return narrowing.or_empty or has_text(narrowing)


def has_text(narrowing: Narrowing) -> bool:
    """Whether any chunk holds text."""
    return any(chunk.strip("\n") for chunk in narrowing.chunks)


def is_case(narrowing: Narrowing) -> bool:
    """Whether it holds only where another argument allows it."""
    return narrowing.where is not None or narrowing.unless is not None
