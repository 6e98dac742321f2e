"""What a small model should be told behind a tool's result. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from edge.prompts.coaching.files import Files, KnownFile, changes_files, shows_file
from edge.prompts.coaching.findings import doubled, leftovers, parse_problem
from edge.prompts.coaching.intent import (
    named_files,
    only_asks,
    wants_change,
    wants_count,
    wants_names,
    wants_new_file,
    wants_run,
)
from edge.prompts.coaching.transcript import (
    BASH,
    EDIT,
    READ,
    Step,
    arguments_of,
    found_nothing,
    is_listing,
)

TASK_LIMIT = 600
"""Characters of a task that are said again behind a result."""

TWICE_SHOWN = 4
"""Lines that are named at most."""


@dataclass(frozen=True, slots=True)
class _Hint:
    """What to add to a failed result of ``tool`` that matches ``pattern``."""

    tool: str
    pattern: re.Pattern[str]
    text: str


_HINTS = (
    _Hint(
        EDIT,
        re.compile("File does not exist"),
        'To create this file, call Edit with old_string "" and the whole content as new_string. '
        "If you meant another file, call Bash with find . -type f",
    ),
    _Hint(EDIT, re.compile("has not been read"), "Call Read on this file now, then Edit it."),
    _Hint(EDIT, re.compile("file already exists"), "Call Read on this file now, then Edit it."),
    _Hint(
        EDIT,
        re.compile("String to replace not found|not found in file"),
        "Copy old_string from the file exactly. Call Read on the file if you have not seen it.",
    ),
    _Hint(
        EDIT,
        re.compile("exactly the same"),
        "new_string must differ from old_string: write what should stand there afterwards.",
    ),
    _Hint(
        EDIT,
        re.compile(r"Found \d+ matches"),
        "Copy more of the lines around it into old_string, or set replace_all to true.",
    ),
    _Hint(
        READ,
        re.compile("does not exist"),
        "See which files there are: call Bash with find . -type f",
    ),
)

_STILL = "The user also named {files}. Next: call Read on {path}"
_MAKE_IT = "It is not there yet. Create it now, with its whole content."
_NAMES_ONLY = (
    "These are only names of files. The user asked: {task}\n"
    "Look inside: call Bash with grep -rn WORD . or Read the file that it may be in."
)
_NOTHING_FOUND = (
    "Nothing was found. The words may differ: search for one short word and ignore its case "
    "(grep -rin WORD .), or see which files there are (find . -type f) and Read one."
)
_TWICE = (
    "In {path} these lines stand twice now: {lines}\n"
    "If that is not meant, call Edit to take one of them out."
)
_BROKEN = (
    "{path} is broken now: {problem}\n"
    "Mend it: call Edit with all of these lines as old_string and the right lines as new_string."
)
_LEFT_OVER = "Not changed yet: {places}. Edit it, too, if the task needs it."
_CHANGED = (
    "The task was: {task}\n"
    "If something of it is left, make the next call. Otherwise say in one sentence what you did."
)
_ASKED = (
    "The user asked: {task}\n"
    "If the results answer every part of it, answer all parts now in words, with the names "
    "and numbers. Otherwise make the next call."
)
_ELSEWHERE = "{name} is at {path}: use this path."
_RUN_IT = "The user said: {task}\nThat wants something run: call Bash for it now."
_COUNT_IT = "Count or calculate with a command in Bash, not in your head."
_LINES = "({count} lines)"
_REPEATED = (
    "You have made this same call before and it failed in the same way. Do not make it again: "
    "change it, or take another step."
)


class Past:
    """What has happened up to a result, in a project at ``directory``."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._missed: list[str] = []
        self._listed = ""
        self._task = ""
        self._named: tuple[str, ...] = ()
        self._has_run = False
        self._made: list[tuple[str, object, str]] = []
        self._touched = ""
        self._files = Files()
        self._changes: list[Step] = []

    def begin(self, words: str) -> None:
        """A person says what to do."""
        self._task = words
        self._named += named_files(words)
        self._has_run = False

    def hints(self, step: Step) -> list[str]:
        """What to say about this result; it is part of the past from now on."""
        repeated = self._remember(step)
        file = self._files.add(step)
        found = [
            hint.text
            for hint in _HINTS
            if step.failed and hint.tool == step.name and hint.pattern.search(step.text)
        ]
        self._look_around(step)
        if step.failed:
            found += [_REPEATED] if repeated else []
            return [*self._missing(step, found), *self._elsewhere(step), *self._findings(step)]
        # A success that repeats is followed by words in any case: a hint would be their text.
        return [] if repeated else [*found, *self._progress(step, file)]

    def _remember(self, step: Step) -> bool:
        """Whether the same was called before with the same outcome."""
        made = (step.name, step.call.input, step.text)
        repeated = made in self._made
        self._made.append(made)
        self._touched += f" {arguments_of(step.call)}"
        self._has_run = self._has_run or step.name == BASH
        return repeated

    def _missing(self, step: Step, found: list[str]) -> list[str]:
        """What to do about a missing file that is to be made, in place of ``found``."""
        missed = step.name == READ and step.path is not None and "does not exist" in step.text
        if not missed or not wants_new_file(self._task):
            return found
        names = named_files(self._task)
        is_meant = any(PurePosixPath(step.path or "").match(name) for name in names)
        return [_MAKE_IT] if is_meant else found

    def _look_around(self, step: Step) -> None:
        """Which files were missed so far, and what commands have listed."""
        if step.failed and step.path is not None and "does not exist" in step.text:
            self._missed.append(step.path)
        if step.name == BASH and not step.failed:
            self._listed += f"{step.text}\n"

    def _elsewhere(self, step: Step) -> list[str]:
        """Where a file is that was missed, once both is known."""
        missed = [step.path] if step.failed and step.path in self._missed else []
        if step.name == BASH:
            missed = self._missed[-1:]
        return [
            _ELSEWHERE.format(name=PurePosixPath(path).name, path=place)
            for path in missed
            if path is not None and (place := self._place(path)) is not None
        ]

    def _place(self, missed: str) -> str | None:
        """The listed path with the same file name, if there is exactly one."""
        name = re.escape(PurePosixPath(missed).name)
        found = set(re.findall(rf"^(?:\./)?((?:[^\s:]*/)?{name})$", self._listed, re.MULTILINE))
        if len(found) != 1:
            return None
        place = str(PurePosixPath(self._directory, found.pop()))
        return place if place != missed else None

    def _progress(self, step: Step, file: KnownFile | None) -> list[str]:
        if shows_file(step):
            count = len([line for line in step.text.split("\n") if line]) - step.text.endswith("\t")
            return [_LINES.format(count=count), *self._left_over(file), *self._findings(step)]
        if changes_files(step):
            self._changes.append(step)
            return [self._after_change(step, file)]
        return [*self._elsewhere(step), *self._findings(step)]

    def _left_over(self, file: KnownFile | None) -> list[str]:
        """What earlier changes have left in a file that is read only now."""
        seen = [file] if file is not None else []
        places = dict.fromkeys(p for c in self._changes for p in leftovers(c, self._task, seen))
        return [_LEFT_OVER.format(places="; ".join(places))] if places else []

    def _findings(self, step: Step) -> list[str]:
        """Behind something that was read or run."""
        if found_nothing(step):
            return [_NOTHING_FOUND]
        if not step.failed and is_listing(step) and self._wants_more_than_names:
            return [_NAMES_ONLY.format(task=_short(self._task))]
        if self._is_to_run and not wants_change(self._task):
            return [_RUN_IT.format(task=_short(self._task))]
        if step.name not in (READ, BASH) or not only_asks(self._task):
            return []
        if wants_count(self._task) and not self._has_run:
            return [_COUNT_IT]
        return [_ASKED.format(task=_short(self._task))]

    @property
    def _wants_more_than_names(self) -> bool:
        words = self._task
        return only_asks(words) and not wants_count(words) and not wants_names(words)

    @property
    def _is_to_run(self) -> bool:
        return wants_run(self._task) and not self._has_run

    def _after_change(self, step: Step, file: KnownFile | None) -> str:
        """The first thing that is to be done now."""
        if file is not None and (problem := parse_problem(file)):
            return _BROKEN.format(path=file.path, problem=problem)
        if places := leftovers(step, self._task, self._files.newest_first()):
            return _LEFT_OVER.format(places="; ".join(places))
        if file is not None and (twice := doubled(step, file)):
            return _TWICE.format(path=file.path, lines="; ".join(twice[:TWICE_SHOWN]))
        if left := [name for name in dict.fromkeys(self._named) if name not in self._touched]:
            path = PurePosixPath(self._directory, left[0])
            return _STILL.format(files=" and ".join(left), path=path)
        if self._is_to_run:
            return _RUN_IT.format(task=_short(self._task))
        return _CHANGED.format(task=_short(self._task))


def _short(words: str) -> str:
    return words if len(words) <= TASK_LIMIT else words[:TASK_LIMIT] + " ..."
