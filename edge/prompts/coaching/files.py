"""What a session knows of the project's files: their text as read, edited and written. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from edge.chat import ChatRequest
from edge.prompts.coaching.transcript import (
    EDIT,
    READ,
    WRITE,
    Step,
    is_unchanged,
    steps,
    without_reminders,
)

SHOWN_LIMIT = 60_000
"""Characters of shown text that may be quoted in an edit; the newest come first."""

READ_LIMIT_LINES = 1_900
"""Claude Code's Read shows 2,000 lines unless asked for more: what is as long may go on."""

_LINE_NUMBER = re.compile(r"^ *\d+(?:\t|→)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file of the session: ``text`` is what was seen of it, None if only that it exists;
    ``whole`` when that is all of it."""

    path: str
    text: str | None
    whole: bool = False


class Files:
    """The files as they stand after the steps that were added."""

    def __init__(self) -> None:
        self._files: dict[str, KnownFile] = {}

    def add(self, step: Step) -> KnownFile | None:
        """One step; the file it is about as it stands now, if anything is known of it."""
        if step.path is None:
            return None
        before = self._files.pop(step.path, None)
        after = _after(step, step.path, before)
        if after is not None:
            self._files[step.path] = after
        return after

    def newest_first(self) -> list[KnownFile]:
        return list(reversed(self._files.values()))


def known_files(request: ChatRequest) -> tuple[KnownFile, ...]:
    """The files that the session has read, written or met, newest first, SHOWN_LIMIT in all."""
    files = Files()
    for step in steps(request.messages):
        files.add(step)
    return tuple(_within_limit(files.newest_first()))


def _after(step: Step, path: str, before: KnownFile | None) -> KnownFile | None:
    if step.failed:
        met = before is None and "already exists" in step.text
        return KnownFile(path, None) if met else before
    match step.name:
        case "Read":
            return before if is_unchanged(step) else _read(step, path)
        case "Edit":
            return _edited(step, path, before)
        case "Write":
            return KnownFile(path, step.argument("content"), whole=True)
        case _:
            return before


def _read(step: Step, path: str) -> KnownFile:
    text = without_line_numbers(without_reminders(step.text))
    part = "offset" in step.call.input or "limit" in step.call.input
    return KnownFile(path, text, not part and text.count("\n") < READ_LIMIT_LINES)


def _edited(step: Step, path: str, before: KnownFile | None) -> KnownFile:
    old, new = step.argument("old_string"), step.argument("new_string")
    if not old:
        return KnownFile(path, new, whole=True)
    if before is None or before.text is None:
        return KnownFile(path, new)
    if old not in before.text:
        return KnownFile(path, f"{before.text}\n{new}")
    count = -1 if step.call.input.get("replace_all") is True else 1
    return KnownFile(path, before.text.replace(old, new, count), before.whole)


def without_line_numbers(text: str) -> str:
    """A file's text out of the numbered lines that Claude Code's Read shows."""
    return _LINE_NUMBER.sub("", text)


def changes_files(step: Step) -> bool:
    return step.name in (EDIT, WRITE) and not step.failed


def shows_file(step: Step) -> bool:
    return step.name == READ and not step.failed


def _within_limit(files: Sequence[KnownFile]) -> list[KnownFile]:
    room = SHOWN_LIMIT
    kept: list[KnownFile] = []
    for file in files:
        room -= len(file.text or "")
        if room < 0:
            break
        kept.append(file)
    return kept
