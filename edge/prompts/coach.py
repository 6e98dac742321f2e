"""Help that a small model needs to act as an agent: how to work, and what to do after a failure.

Pure functions of the conversation, so that a repeated prefix stays the same text. Knows
Claude Code's own tools by name and leaves conversations without them alone. Called by the
llama engine, before the conversation is rendered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge.chat import ChatRequest, Message, Part, Sampling, Text, ToolResult, ToolUse
from edge.prompts.intent import named_files, only_asks, wants_change, wants_new_file

READ, EDIT, WRITE, BASH = "Read", "Edit", "Write", "Bash"

SHOWN_LIMIT = 60_000
"""Characters of shown text that may be quoted in an edit; the newest come first."""

AGENT_TEMPERATURE = 0.2
"""Where the client asks for none; the families' chat defaults of 0.7 and more miss edits."""

_LINE_NUMBER = re.compile(r"^ *\d+(?:\t|→)", re.MULTILINE)

_REMINDER = re.compile(r"<system-reminder>.*?</system-reminder>", re.DOTALL)

_WORKING_DIRECTORY = re.compile(
    r"^(?:CWD|[ -]*(?:Primary w|W)orking directory): (/.*?)/?$", re.MULTILINE
)
"""How Claude Code says it: bare in one line, in full among its environment's facts."""

_INTRODUCTION = """\
# How to work
You act through the tools. A task is done by calls, never by describing or showing what could \
be done: make one call, wait for its result, then make the next.
- To look at a file, call Read. To run a program, to see which files there are (find . -type f) \
or to search in them (grep -rn WORD .), call Bash.
- Do not count or calculate in your head: run a command for it (wc -l, grep -c, python3 -c).
- To change a file, Read it first; then call Edit: old_string is copied from the file \
exactly, new_string is what stands there afterwards.
- {create}
- Do not send a call again that failed; change it.
- A greeting, or a question about general knowledge, is answered in words at once.
- When everything is done, answer with one or two plain sentences and no call. Facts you \
were asked for belong in that answer.

Example. The user asks: The limit in limits.py should be 20.
You answer:
{{"name": "Read", "arguments": {{"file_path": "{cwd}/limits.py"}}}}
The result is: LIMIT = 10
You answer:
{{"name": "Edit", "arguments": {{"file_path": "{cwd}/limits.py", "old_string": "LIMIT = 10", \
"new_string": "LIMIT = 20"}}}}
The result is: The file has been updated.
You answer:
The limit in limits.py is now 20."""

_CREATE_BY_WRITE = "To create a file, call Write with its whole content."
_CREATE_BY_EDIT = (
    'To create a new file, call Edit with old_string "" (empty) and the whole content of the '
    "file as new_string."
)


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

_STILL = "The user also named {files}: go on with that file now, if it is part of the task."
_DONE = "If nothing else of the task is left, give the final answer in words."
_LINES = "({count} lines)"

_ANSWER_NOW = (
    "You have all you need. Answer in one or two plain sentences, with the facts from the "
    "results above, no call: {task}"
)

_REPEATED = (
    "You have made this same call before and it failed in the same way. Do not make it again: "
    "change it, or take another step."
)


def coach(request: ChatRequest) -> ChatRequest:
    """The request with an introduction to its tools and hints behind failed results."""
    names = {tool.name for tool in request.tools}
    if not {READ, EDIT, BASH} <= names:
        return request
    introduction = _INTRODUCTION.format(
        create=_CREATE_BY_WRITE if WRITE in names else _CREATE_BY_EDIT,
        cwd=_working_directory(request),
    )
    return replace(
        request,
        system=(*request.system, Text(introduction)),
        messages=(*_hinted(request), *_summons(request)),
        sampling=_steady(request.sampling),
    )


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file of the session: ``text`` is what was seen of it, None if only that it exists."""

    path: str
    text: str | None


def known_files(request: ChatRequest) -> tuple[KnownFile, ...]:
    """The files that the session has read, written or met, newest first, SHOWN_LIMIT in all.

    Text that an edit wrote stands in the file now and counts as seen.
    """
    calls = _calls(request.messages)
    files: dict[str, str | None] = {}
    for result in _results(request.messages):
        call = calls.get(result.tool_use_id)
        path = call.input.get("file_path") if call is not None else None
        if call is None or not isinstance(path, str):
            continue
        seen = files.pop(path, None)
        if (text := _seen(call, result, seen)) is not None or _exists(result):
            files[path] = text
        elif seen is not None:
            files[path] = seen
    return tuple(_newest([KnownFile(path, text) for path, text in files.items()]))


def _seen(call: ToolUse, result: ToolResult, before: str | None) -> str | None:
    """What is known of a file's text after one result."""
    if result.is_error:
        return before
    match call.name:
        case "Read":
            return _LINE_NUMBER.sub("", _text(result.content))
        case "Edit":
            written = str(call.input.get("new_string") or "")
            return written if before is None else f"{before}\n{written}"
        case "Write":
            return str(call.input.get("content") or "")
        case _:
            return before


def _exists(result: ToolResult) -> bool:
    return "already exists" in _text(result.content)


def resting_tools(request: ChatRequest) -> frozenset[str]:
    """Tools that make no sense in the next step: edits where nothing is to be changed, an
    edit where nothing was seen that it could change, and after the same call twice in a
    row its tool if it failed, all tools if it did not: then it is time for words."""
    names = {tool.name for tool in request.tools}
    circled = _circled(request)
    if circled is not None and not circled.failed:
        return frozenset(names)
    tired = set() if circled is None else {circled.tool}
    if only_asks(task(request)):
        tired |= {EDIT, WRITE}
    by_edit = WRITE not in names and may_create(request)
    if not by_edit and not any(file.text for file in known_files(request)):
        tired.add(EDIT)
    return frozenset(tired)


def is_owed_a_call(request: ChatRequest) -> bool:
    """Whether words would come too early: a file that the person named was not touched, or
    a change was asked for and nothing has been done yet."""
    words = task(request)
    if _left(words, _since_task(request)):
        return True
    return wants_change(words) and not has_changed_something(request)


def _left(words: str, messages: Sequence[Message]) -> list[str]:
    """Files that ``words`` name and no call has touched."""
    touched = " ".join(
        str(value) for call in _calls(messages).values() for value in call.input.values()
    )
    return [name for name in named_files(words) if name not in touched]


@dataclass(frozen=True, slots=True)
class _Circle:
    """The same call twice in a row."""

    tool: str
    failed: bool


def _circled(request: ChatRequest) -> _Circle | None:
    calls = _calls(request.messages)
    made = [
        (call.name, dict(call.input), result.is_error)
        for result in _results(request.messages)
        if (call := calls.get(result.tool_use_id)) is not None
    ]
    if len(made) < 2 or made[-1][:2] != made[-2][:2]:
        return None
    return _Circle(made[-1][0], made[-1][2])


def _summons(request: ChatRequest) -> tuple[Message, ...]:
    """When it is time for words, the task once more: it is far away by now."""
    circled = _circled(request)
    if circled is None or circled.failed:
        return ()
    return (Message("user", (Text(_ANSWER_NOW.format(task=task(request))),)),)


def _steady(asked: Sampling) -> Sampling:
    """Little chance and no penalty on repeats: an edit copies paths and lines exactly."""
    return replace(
        asked,
        temperature=AGENT_TEMPERATURE if asked.temperature is None else asked.temperature,
        repeat_penalty=1.0 if asked.repeat_penalty is None else asked.repeat_penalty,
    )


# --- hints ------------------------------------------------------------------------------


def _hinted(request: ChatRequest) -> tuple[Message, ...]:
    """The messages, each result with what a small model should know about it.

    What a hint says depends on the messages before it only, so that it never changes.
    """
    calls = _calls(request.messages)
    past = _Past()
    hinted: list[Message] = []
    for message in request.messages:
        parts: list[Part] = []
        for part in message.parts:
            call = calls.get(part.tool_use_id) if isinstance(part, ToolResult) else None
            if isinstance(part, ToolResult) and call is not None:
                hints = past.hints(call, part)
                text = Text("\n" + "\n".join(hints))
                part = replace(part, content=(*part.content, text)) if hints else part
            elif isinstance(part, Text) and message.role == "user":
                past.named += named_files(_words(part))
            parts.append(part)
        hinted.append(replace(message, parts=tuple(parts)))
    return tuple(hinted)


class _Past:
    """What has happened up to a result."""

    def __init__(self) -> None:
        self.named: tuple[str, ...] = ()
        self._made: list[tuple[str, object, str]] = []
        self._touched = ""

    def hints(self, call: ToolUse, result: ToolResult) -> list[str]:
        """What to say about this result; it is part of the past from now on."""
        text = _text(result.content)
        found = [
            hint.text
            for hint in _HINTS
            if result.is_error and hint.tool == call.name and hint.pattern.search(text)
        ]
        repeated = (call.name, call.input, text) in self._made
        self._made.append((call.name, call.input, text))
        self._touched += f" {' '.join(str(value) for value in call.input.values())}"
        if result.is_error:
            return [*found, _REPEATED] if repeated else found
        # A success that repeats is followed by words in any case: a hint would be their text.
        if repeated:
            return []
        return [*found, *self._progress(call, text)]

    def _progress(self, call: ToolUse, text: str) -> list[str]:
        if call.name == READ:
            count = len([line for line in text.split("\n") if line]) - text.endswith("\t")
            return [_LINES.format(count=count)]
        if call.name not in (EDIT, WRITE):
            return []
        left = [name for name in dict.fromkeys(self.named) if name not in self._touched]
        return [_STILL.format(files=" and ".join(left)) if left else _DONE]


# --- reading the conversation -----------------------------------------------------------


def task(request: ChatRequest) -> str:
    """The person's last words."""
    for message in reversed(request.messages):
        words = [_words(part) for part in message.parts if isinstance(part, Text)]
        text = "\n".join(word for word in words if word.strip())
        if message.role == "user" and text:
            return text
    return ""


def has_changed_something(request: ChatRequest) -> bool:
    """Whether an edit, a new file or a command has succeeded since the task was given."""
    calls = _calls(request.messages)
    done = {
        calls[r.tool_use_id].name
        for r in _results(_since_task(request))
        if r.tool_use_id in calls and not r.is_error
    }
    return bool(done & {EDIT, WRITE, BASH})


def may_create(request: ChatRequest) -> bool:
    """Whether a new file may be part of the task: it says so, names no file at all, or
    names one that turned out not to be there."""
    words = task(request)
    names = named_files(words)
    return (
        wants_new_file(words)
        or not names
        or any(
            part.is_error and "does not exist" in _text(part.content)
            for part in _results(_since_task(request))
        )
    )


def _since_task(request: ChatRequest) -> tuple[Message, ...]:
    last = 0
    for index, message in enumerate(request.messages):
        if message.role == "user" and any(isinstance(p, Text) and _words(p) for p in message.parts):
            last = index
    return request.messages[last:]


def _words(part: Text) -> str:
    """A text without the client's reminders."""
    return _REMINDER.sub("", part.text).strip()


def _working_directory(request: ChatRequest) -> str:
    """As the client tells it, in the system text or in its first reminder."""
    texts = [block.text for block in request.system]
    texts += [
        part.text
        for message in request.messages[:2]
        for part in message.parts
        if isinstance(part, Text)
    ]
    found = (_WORKING_DIRECTORY.search(text) for text in texts)
    return next((match[1] for match in found if match), ".")


def _calls(messages: Sequence[Message]) -> dict[str, ToolUse]:
    return {
        part.id: part for message in messages for part in message.parts if isinstance(part, ToolUse)
    }


def _results(messages: Sequence[Message]) -> list[ToolResult]:
    return [part for message in messages for part in message.parts if isinstance(part, ToolResult)]


def _text(parts: Sequence[Part]) -> str:
    return "\n".join(part.text for part in parts if isinstance(part, Text))


def _newest(files: Sequence[KnownFile]) -> list[KnownFile]:
    room = SHOWN_LIMIT
    kept: list[KnownFile] = []
    for file in reversed(files):
        room -= len(file.text or "")
        if room < 0:
            break
        kept.append(file)
    return kept
