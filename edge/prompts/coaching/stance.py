"""What the next step of a session should be: a call, words, and which tools rest. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from edge.chat import ChatRequest, Message
from edge.prompts.coaching.files import KnownFile, changes_files, known_files
from edge.prompts.coaching.findings import parse_problem
from edge.prompts.coaching.intent import (
    named_files,
    names_a_path,
    names_folder,
    only_asks,
    spared_files,
    wants_change,
    wants_count,
    wants_names,
    wants_new_file,
    wants_output_of,
    wants_run,
)
from edge.prompts.coaching.spots import spots
from edge.prompts.coaching.transcript import (
    BASH,
    EDIT,
    READ,
    WRITE,
    Step,
    arguments_of,
    found_nothing,
    is_listing,
    is_unchanged,
    since_task,
    steps,
    task,
    working_directory,
)

_CHANGES = re.compile(r">|\bsed\b.*-i|\b(?:mv|cp|rm|mkdir|touch|tee|ln|chmod|git|patch|python3?)\b")
"""Commands that may have changed a file; a mere "ls" has not."""


@dataclass(frozen=True, slots=True)
class Circle:
    """A call with an outcome that was there before, and nothing was changed since;
    ``barren`` when another try makes sense but not this one."""

    tool: str
    barren: bool


def circled(request: ChatRequest) -> Circle | None:
    """A command that fails twice alike is barren for a change, a finding for a question; where
    a change was asked for and none was made, nothing is a finding."""
    since = since_task(request)
    made = steps(since)
    if not made or not _is_again(made[-1], made[:-1]):
        return None
    last, words = made[-1], task(request)
    finding = last.name == BASH and only_asks(words)
    undone = wants_change(words) and not _has_changed(since)
    return Circle(last.name, undone or (last.failed and not finding))


def _is_again(step: Step, before: Sequence[Step]) -> bool:
    """Whether the same was called with the same outcome since the last change."""
    for earlier in reversed(before):
        same = (earlier.name, earlier.call.input) == (step.name, step.call.input)
        if same and (earlier.text == step.text or is_unchanged(step)):
            return True
        if changes_files(earlier):
            return False
    return False


def time_for_words(request: ChatRequest) -> bool:
    """Whether another call can bring nothing new."""
    circle = circled(request)
    return (circle is not None and not circle.barren) or wanted_output(request) is not None


def wanted_output(request: ChatRequest) -> str | None:
    """What the last step printed, where it was the very command whose output the person wants
    to know."""
    for step in steps(since_task(request))[-1:]:
        command = step.argument("command").strip()
        if step.name == BASH and not step.failed and wants_output_of(task(request), command):
            return step.text.strip()
    return None


def resting_tools(request: ChatRequest) -> frozenset[str]:
    """Tools that make no sense in the next step: edits where nothing is to be changed, an
    edit where nothing was seen that it could change, commands before a file that is to be
    changed was looked at, reading where no file is known by name or the missing one is to be
    made, all but commands while something is to be run, the tool of a barren circle, and all of
    them when it is time for words."""
    names = {tool.name for tool in request.tools}
    if time_for_words(request):
        return frozenset(names)
    circle = circled(request)
    tired = set() if circle is None else {circle.tool}
    if only_asks(task(request)):
        tired |= {EDIT, WRITE}
    if _must_look_first(request):
        tired.add(BASH)
    if _has_nothing_to_read(request) or _missed_what_is_to_be_made(request):
        tired.add(READ)
    if _must_run_first(request):
        tired |= {READ, EDIT, WRITE}
    by_edit = WRITE not in names and may_create(request)
    if not by_edit and not any(file.text for file in known_files(request)):
        tired.add(EDIT)
    return frozenset(tired)


def _must_look_first(request: ChatRequest) -> bool:
    """Whether files are to be changed that the task names, and none of them was touched yet:
    small models write blind commands over them."""
    words = task(request)
    if not wants_change(words) or wants_run(words) or wants_count(words):
        return False
    named = named_files(words)
    return bool(named) and len(left_files(words, since_task(request))) == len(set(named))


def _has_nothing_to_read(request: ChatRequest) -> bool:
    """Whether a path to read could only be guessed."""
    return not names_a_path(task(request)) and not steps(request.messages)


def _missed_what_is_to_be_made(request: ChatRequest) -> bool:
    """Whether the last step showed that a file is missing which the person wants made."""
    last = steps(since_task(request))[-1:]
    missed = [step.path for step in last if step.failed and step.name == READ]
    return bool(missed) and missed[0] in new_files(request)


def _must_run_first(request: ChatRequest) -> bool:
    """Whether something is to be run, nothing to be changed, and nothing was run yet."""
    words = task(request)
    return wants_run(words) and not wants_change(words) and not has_run(since_task(request))


def is_owed_a_call(request: ChatRequest) -> bool:
    """Whether words would come too early: a file that the person named was not touched, a
    change was asked for and nothing has been done, something is to be run and was not, a
    file that was changed no longer parses, the last step missed, or only names of files were
    seen."""
    words, since = task(request), since_task(request)
    if left_files(words, since) or _is_broken(request) or _found_nothing(since):
        return True
    if saw_names_only(words, since):
        return True
    if wants_run(words) and not has_run(since):
        return True
    return wants_change(words) and not _has_changed(since)


def saw_names_only(words: str, messages: Sequence[Message]) -> bool:
    """Whether a question wants more than the names that a listing has shown."""
    made = steps(messages)
    if not only_asks(words) or wants_count(words) or wants_names(words):
        return False
    rest = [step for step in made if not is_listing(step)]
    return len(rest) < len(made) and all(step.failed and step.name != BASH for step in rest)


def left_files(words: str, messages: Sequence[Message]) -> list[str]:
    """Files that ``words`` name, not to be left alone, and no call has touched."""
    return _untouched(words, steps(messages))


def _untouched(words: str, made: Sequence[Step]) -> list[str]:
    touched = " ".join(arguments_of(step.call) for step in made)
    spared = spared_files(words)
    return [name for name in named_files(words) if name not in touched and name not in spared]


def spared(request: ChatRequest, path: str) -> bool:
    """Whether the person said that this file is to be left alone."""
    return any(PurePosixPath(path).match(name) for name in spared_files(task(request)))


def editable(request: ChatRequest, file: KnownFile) -> list[str]:
    """The stretches of a file that an edit may replace text of: for the first one, where the
    task points."""
    edited = any(s.name == EDIT and s.path == file.path for s in steps(since_task(request)))
    text = file.text or ""
    return (spots(text, task(request)) if not edited else []) or [text]


def _is_broken(request: ChatRequest) -> bool:
    changed = {step.path for step in steps(since_task(request)) if changes_files(step)}
    return any(file.path in changed and parse_problem(file) for file in known_files(request))


def has_run(messages: Sequence[Message]) -> bool:
    """Whether a command was run; one that failed was run as well."""
    return any(step.name == BASH for step in steps(messages))


def _has_changed(messages: Sequence[Message]) -> bool:
    """Whether an edit, a new file or a command that may change files has succeeded."""
    return any(
        changes_files(step)
        or (step.name == BASH and not step.failed and _CHANGES.search(step.argument("command")))
        for step in steps(messages)
    )


def _found_nothing(messages: Sequence[Message]) -> bool:
    """Whether the last step missed: a file that is not there, an edit that does not fit, a
    search without a find."""
    last = steps(messages)[-1:]
    return any((step.failed and step.name != BASH) or found_nothing(step) for step in last)


def may_create(request: ChatRequest) -> bool:
    """Whether a new file may be part of the task: it says so, names no file at all, or
    names one that turned out not to be there."""
    words = task(request)
    return (
        wants_new_file(words)
        or not named_files(words)
        or any(s.failed and "does not exist" in s.text for s in steps(since_task(request)))
    )


def new_files(request: ChatRequest) -> tuple[str, ...]:
    """Paths of the files that the person wants made and names, empty where it is not plain
    in which folder. One that was looked for and missed is still to be made."""
    words = task(request)
    if not wants_new_file(words) or names_folder(words):
        return ()
    directory = PurePosixPath(working_directory(request))
    done = [step for step in steps(since_task(request)) if not step.failed]
    return tuple(str(directory / name) for name in _untouched(words, done))
