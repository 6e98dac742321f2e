"""What can be told of a changed file without running it: that it no longer parses, that a
name the change took away still stands elsewhere, or that lines were written twice. Pure.

Knows files as text. Never imports or runs what it looks at.
"""

from __future__ import annotations

import ast
import json
import re
import tomllib
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath

from edge.prompts.coaching.files import KnownFile
from edge.prompts.coaching.transcript import Step

LOOKED_AT_LIMIT = 40_000
"""Longer files are not parsed: it is done between a request and its answer."""

LISTED_LIMIT = 4
"""Places that are named at most."""

LINES_BEFORE = 3
"""Lines shown before a broken one: what an edit has to replace begins there."""

SHOWN_LINE_LIMIT = 120
"""Characters of a line that are shown."""

TWICE_LINES = 2
"""So many lines together that stand twice are no chance."""

TELLING_CHARACTERS = 6
"""Of a line, without the blanks around it."""

_WORD = re.compile(r"[A-Za-z_][\w.-]*\w|\d+(?:\.\d+)+")


def parse_problem(file: KnownFile) -> str | None:
    """Why the file cannot be read by its language, None if it can or nothing is known."""
    check = _PARSERS.get(PurePosixPath(file.path).suffix)
    if check is None or file.text is None or not file.whole or len(file.text) > LOOKED_AT_LIMIT:
        return None
    return check(file.text)


def _python(text: str) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        return f"line {error.lineno}: {error.msg}\n{_around(text, error.lineno or 1)}"
    except (ValueError, RecursionError, MemoryError):
        return None
    return None


def _around(text: str, line: int) -> str:
    """The line and those before it that it hangs on."""
    return "\n".join(text.splitlines()[max(0, line - 1 - LINES_BEFORE) : line])


def _json(text: str) -> str | None:
    twice: list[str] = []
    try:
        json.loads(text, object_pairs_hook=lambda pairs: twice.extend(_repeated(pairs)))
    except json.JSONDecodeError as error:
        return f"line {error.lineno}: {error.msg}"
    except RecursionError:
        return None
    return f'"{twice[0]}" stands twice in the same object' if twice else None


def _repeated(pairs: Sequence[tuple[str, object]]) -> list[str]:
    return [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]


def _toml(text: str) -> str | None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return str(error)
    except RecursionError:
        return None
    return None


_PARSERS: Mapping[str, Callable[[str], str | None]] = {
    ".py": _python,
    ".json": _json,
    ".toml": _toml,
}


def leftovers(edit: Step, words: str, files: Sequence[KnownFile]) -> list[str]:
    """Where a word of the task that this edit took away still stands: "FILE, line N: TEXT"."""
    taken = _words(edit.argument("old_string")) - _words(edit.argument("new_string"))
    named = taken & _words(words)
    return [place for word in sorted(named) for place in _places(word, files)][:LISTED_LIMIT]


def doubled(edit: Step, file: KnownFile) -> list[str]:
    """Lines that this edit wrote though they stand elsewhere in the file, next to one another,
    as when more was written than was replaced; empty where that is not plain."""
    if file.text is None or not file.whole:
        return []
    old, new = edit.argument("old_string"), edit.argument("new_string")
    if not new or not old:
        return []
    before, _, after = file.text.partition(new)
    elsewhere = _telling(before) + _telling(after)
    written = _telling(new)
    kept = _telling(old)
    twice = [line for line in written if line in elsewhere and line not in kept]
    return twice if len(twice) >= TWICE_LINES and _stand_together(twice, written) else []


def _telling(text: str) -> list[str]:
    """Lines that say something: a bracket or an "else:" stands in many places."""
    return [line.strip() for line in text.splitlines() if len(line.strip()) >= TELLING_CHARACTERS]


def _stand_together(lines: Sequence[str], written: Sequence[str]) -> bool:
    start = written.index(lines[0])
    return list(written[start : start + len(lines)]) == list(lines)


def _words(text: str) -> frozenset[str]:
    """Names and numbers with points; of dotted names their parts, too."""
    found = _WORD.findall(text)
    return frozenset(found) | {part for word in found for part in re.findall(r"[A-Za-z_]\w+", word)}


def _places(word: str, files: Sequence[KnownFile]) -> list[str]:
    standing = re.compile(rf"(?<![\w.-]){re.escape(word)}(?![\w-])")
    return [
        f"{file.path}, line {number}: {line.strip()[:SHOWN_LINE_LIMIT]}"
        for file in files
        if file.text and file.whole
        for number, line in enumerate(file.text.splitlines(), 1)
        if standing.search(line)
    ]
