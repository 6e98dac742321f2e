"""What differs between projects, days and machines, moved out of the system text. Pure.

Chat templates put the tools behind the system text: a date or a directory in it makes
20,000 tokens of tools new for every project and every morning. The facts move to the
beginning of the first user turn, word for word, as one of the client's own reminders.
"""

from __future__ import annotations

import re
from dataclasses import replace

from edge.chat import ChatRequest, Message, Text

_LINE = re.compile(
    r"^(?:"
    r"(?:CWD|Date): .*"
    r"|[ \t]*-?[ \t]*(?:Primary working directory|Working directory|Additional working directories|"
    r"Is (?:a git repository|directory a git repo)|Platform|Shell|OS Version|Today's date|"
    r"Current date): .*"
    r"|[ \t]*-?[ \t]*(?:You are powered by the model|Assistant knowledge cutoff is) .*"
    r")\n?",
    re.MULTILINE,
)
"""Lines of Claude Code's environment sections, full and bare."""

_GIT_STATUS = re.compile(r"^gitStatus: .*", re.MULTILINE | re.DOTALL)
"""The client's snapshot of the repository: the rest of its block."""

_MEMORY = re.compile(r"(?<![\w/])/[^\s`'\"<>]*/projects/[^\s`'\"<>]+/memory/?")
_MEMORY_NAME = "<memory directory>"

_OPEN, _CLOSE = "<system-reminder>", "</system-reminder>"


def settle_environment(request: ChatRequest) -> ChatRequest:
    """The request with its changing facts behind the tools. A conversation without a user
    turn keeps them where they are."""
    first = next((i for i, m in enumerate(request.messages) if m.role == "user"), None)
    if first is None:
        return request
    facts: list[str] = []
    system = tuple(replace(block, text=_without(block.text, facts)) for block in request.system)
    if not facts:
        return request
    reminder = Text("\n".join([_OPEN, "# Environment", *dict.fromkeys(facts), _CLOSE]))
    messages = list(request.messages)
    messages[first] = _led(messages[first], reminder)
    return replace(
        request,
        system=tuple(block for block in system if block.text.strip()),
        messages=tuple(messages),
    )


def _without(text: str, facts: list[str]) -> str:
    """``text`` without its changing facts, which are added to ``facts``."""

    def take(match: re.Match[str]) -> str:
        facts.append(match[0].strip("\n"))
        return ""

    def name(match: re.Match[str]) -> str:
        facts.append(f"{_MEMORY_NAME} is {match[0]}")
        return _MEMORY_NAME

    return _MEMORY.sub(name, _LINE.sub(take, _GIT_STATUS.sub(take, text)))


def _led(message: Message, reminder: Text) -> Message:
    return replace(message, parts=(reminder, *message.parts))
