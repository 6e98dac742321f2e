"""What differs between projects, days and machines, moved out of the prompt's front. Pure.

Chat templates put the tools behind the system text: a date or a directory in either makes
20,000 tokens new for every project and every morning. The facts move to the beginning of
the first user turn, word for word, as one of the client's own reminders; what stands inside
a sentence gets a name there. The recordings that show each are in tests/prompts/recordings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from edge.chat import ChatRequest, Message, Part, Text, ToolSpec

_LINE = re.compile(
    r"^(?:"
    r"(?:CWD|Date): .*"
    r"|[ \t]*-?[ \t]*(?:Primary working directory|Working directory|Scratchpad directory|"
    r"Is (?:a git repository|directory a git repo)|Version control system|"
    r"Platform|Shell|OS Version): .*"
    r"|[ \t]*-?[ \t]*(?:Today's date|Current date)(?::| is) .*"
    r"|[ \t]*-?[ \t]*Additional working directories:.*(?:\n[ \t]+-?[ \t]*[~/].*)*"
    r"|[ \t]*-?[ \t]*(?:This is a git worktree|The git stash stack) .*"
    r"|[ \t]*-?[ \t]*(?:You are powered by the model|Assistant knowledge cutoff is) .*"
    r")\n?",
    re.MULTILINE,
)
"""Lines of Claude Code's environment sections, full and bare."""

GIT_STATUS = "gitStatus: "
_GIT_STATUS = re.compile(rf"\n*^{GIT_STATUS}.*", re.MULTILINE | re.DOTALL)
"""The client's snapshot of the repository: the rest of its block."""

_NAMED = (
    ("<memory directory>", re.compile(r"(?<![\w/])/[^\s`'\"<>]*/projects/[^\s`'\"<>]+/memory/?")),
    ("<scratchpad directory>", re.compile(r"(?<![\w/])/[^\s`'\"<>]*/scratchpad\b/?")),
    ("<current month>", re.compile(r"(?<=current month is )[A-Z][a-z]+ \d{4}")),
)
"""What stands inside sentences, of the system text and of tools, and its name there."""

_OPEN, _CLOSE = "<system-reminder>", "</system-reminder>"


@dataclass(slots=True)
class _Facts:
    """Takes facts out of texts and keeps them in the order in which they stood."""

    told: list[str] = field(default_factory=list)

    def out_of(self, text: str) -> str:
        """``text`` without its changing facts."""
        return self.named(_LINE.sub(self._take, _GIT_STATUS.sub(self._take, text)))

    def named(self, text: str) -> str:
        """``text`` with names for what changes inside its sentences."""
        for name, pattern in _NAMED:
            for found in pattern.findall(text):
                self.told.append(f"{name} is {found}")
            text = pattern.sub(name, text)
        return text

    def _take(self, match: re.Match[str]) -> str:
        self.told.append(match[0].strip("\n"))
        return ""

    @property
    def reminder(self) -> Text:
        """The repository's state last: it changes most often."""
        facts = sorted(dict.fromkeys(self.told), key=lambda fact: fact.startswith(GIT_STATUS))
        return Text("\n".join([_OPEN, "# Environment", *facts, _CLOSE]))


def settle_environment(request: ChatRequest) -> ChatRequest:
    """The request with its changing facts behind the tools and behind what the client
    announces. A conversation without a user turn keeps them where they are."""
    first = next((i for i, m in enumerate(request.messages) if m.role == "user"), None)
    if first is None:
        return request
    facts = _Facts()
    system = tuple(replace(block, text=facts.out_of(block.text)) for block in request.system)
    tools = tuple(_told_once(tool, facts) for tool in request.tools)
    opening = opening_turns(request)
    messages = [
        _without(message, facts) if at < opening and message.role == "system" else message
        for at, message in enumerate(request.messages)
    ]
    if not facts.told:
        return request
    messages[first] = replace(messages[first], parts=(facts.reminder, *messages[first].parts))
    return replace(request, system=system, tools=tools, messages=tuple(messages))


def opening_turns(request: ChatRequest) -> int:
    """How many turns stand before the first answer."""
    roles = [message.role for message in request.messages]
    return roles.index("assistant") if "assistant" in roles else len(roles)


def _told_once(tool: ToolSpec, facts: _Facts) -> ToolSpec:
    """One at the front; what joins later is described where it joins, as it came."""
    if tool.deferred:
        return tool
    return replace(tool, description=facts.named(tool.description))


def _without(message: Message, facts: _Facts) -> Message:
    def taken(part: Part) -> Part:
        return replace(part, text=facts.out_of(part.text)) if isinstance(part, Text) else part

    return replace(message, parts=tuple(map(taken, message.parts)))
