"""A conversation as the coach reads it: the task, the calls, their results. Pure.

Knows Claude Code's tool names and the reminders it puts around a person's words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edge.chat import ChatRequest, Message, Part, Text, ToolResult, ToolUse

READ, EDIT, WRITE, BASH = "Read", "Edit", "Write", "Bash"

_REMINDER = re.compile(r"<system-reminder>.*?</system-reminder>", re.DOTALL)

_WORKING_DIRECTORY = re.compile(
    r"^(?:CWD|[ -]*(?:Primary w|W)orking directory): (/.*?)/?$", re.MULTILINE
)
"""How Claude Code says it: bare in one line, in full among its environment's facts."""

_LISTS = re.compile(r"(?:ls|find|tree|pwd)\b[^|;&]*$")
"""Commands that show names."""

_SEARCHES = re.compile(r"(?:grep|egrep|rg|ag|find|git grep)\b")
_UNCHANGED = "unchanged since"
_NO_OUTPUT = "completed with no output"
"""What Claude Code says for a command that printed nothing."""


@dataclass(frozen=True, slots=True)
class Step:
    """A call and what came back of it."""

    call: ToolUse
    result: ToolResult

    @property
    def name(self) -> str:
        return self.call.name

    @property
    def text(self) -> str:
        """The result's text."""
        return plain(self.result.content)

    @property
    def failed(self) -> bool:
        return self.result.is_error

    @property
    def path(self) -> str | None:
        """The file it is about, if it names one."""
        path = self.call.input.get("file_path")
        return path if isinstance(path, str) else None

    def argument(self, name: str) -> str:
        """An argument as text, empty where there is none."""
        value = self.call.input.get(name)
        return value if isinstance(value, str) else ""


def steps(messages: Sequence[Message]) -> list[Step]:
    """Every call that has its result, in the order of the results."""
    calls = {part.id: part for part in parts(messages) if isinstance(part, ToolUse)}
    return [
        Step(calls[part.tool_use_id], part)
        for part in parts(messages)
        if isinstance(part, ToolResult) and part.tool_use_id in calls
    ]


def parts(messages: Sequence[Message]) -> Iterator[Part]:
    for message in messages:
        yield from message.parts


def task(request: ChatRequest) -> str:
    """The person's last words."""
    return next((words for m in reversed(request.messages) if (words := task_of(m))), "")


def task_of(message: Message) -> str:
    """What a person says in this message, empty where it carries results only."""
    if message.role != "user":
        return ""
    words = [without_reminders(p.text).strip() for p in message.parts if isinstance(p, Text)]
    return "\n".join(word for word in words if word)


def since_task(request: ChatRequest) -> tuple[Message, ...]:
    """From the message with the person's last words on."""
    last = max((i for i, m in enumerate(request.messages) if task_of(m)), default=0)
    return request.messages[last:]


def without_reminders(text: str) -> str:
    """What is left when the client's own reminders are taken out."""
    return _REMINDER.sub("", text)


def is_reminder(text: str) -> bool:
    """Whether the text is the client's own reminders and nothing else."""
    return bool(text.strip()) and not without_reminders(text).strip()


def plain(content: Sequence[Part]) -> str:
    return "\n".join(part.text for part in content if isinstance(part, Text))


def arguments_of(call: ToolUse) -> str:
    """Every argument as one line of text, to look for names in."""
    return " ".join(str(value) for value in call.input.values())


def is_listing(step: Step) -> bool:
    """Whether a command shows names of files and nothing of what they hold."""
    command = step.argument("command").strip()
    return step.name == BASH and bool(_LISTS.match(command)) and "-exec" not in command


def is_unchanged(step: Step) -> bool:
    """Whether the client says that this file was shown before and is still the same."""
    return step.name == READ and _UNCHANGED in step.text


def found_nothing(step: Step) -> bool:
    """Whether a command searched and came back with nothing."""
    said = step.text.strip()
    is_search = step.name == BASH and bool(_SEARCHES.match(step.argument("command").strip()))
    return is_search and (not said or _NO_OUTPUT in said)


def working_directory(request: ChatRequest) -> str:
    """As the client tells it, in the system text or in its first reminder."""
    texts = [block.text for block in request.system]
    texts += [part.text for part in parts(request.messages[:2]) if isinstance(part, Text)]
    found = (_WORKING_DIRECTORY.search(text) for text in texts)
    return next((match[1] for match in found if match), ".")
