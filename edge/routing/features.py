"""What a request is, as far as routing looks: size, tools, images, thinking, project. Pure.

Knows no engine and no rule; everything else that decides reads these instead of the request.
Called by the policy, by privacy and by the command that explains.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from edge.chat import ChatRequest, Image, Message, Text, ToolResult
from edge.routing.tag import find_tag
from edge.units import Tokens

SERVER_SEARCH = "web_search"
"""How the type of the server tool for web search begins; a date follows."""

_DIRECTORY = re.compile(
    r"(?:CWD|[ \t]*-?[ \t]*(?:Primary working directory|Working directory)): (.+?)[ \t]*"
)
"""A line of Claude Code's environment section, full, of subagents and bare (tests/recordings)."""
_SAYS_DIRECTORY = ("CWD: ", "orking directory: ")
"""One of these is in every such line, and is found much faster."""
_OPEN, _CLOSE = "<system-reminder>", "</system-reminder>"
_USER_ID_SESSION = "_session_"
"""Stands before the session's id in the metadata.user_id of clients without the header."""


MOST_SAID = 3
"""Texts of the person that are looked at, the newest ones."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What comparing the person's last words with sentences gave, each from -1 to 1; empty where
    it could not be told in time.

    ``most`` is that of the most alike of a route's sentences; ``leaning``: how much more alike
    sentences of heavy work are than those of light work.
    """

    most: Mapping[tuple[str, ...], float] = field(default_factory=dict)
    leaning: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model of this box said when it was asked what kind of work it is. ``heavy``: how
    likely it is heavy work by that, from 0 to 1; None where it could not be told in time."""

    model: str = ""
    heavy: float | None = None


@dataclass(frozen=True, slots=True)
class Features:
    """One request. None means unknown."""

    model: str
    tokens: Tokens | None = None
    """The prompt's length, exact or estimated, as the caller says."""
    tools: tuple[str, ...] = ()
    """Names of what is offered, server tools among them."""
    server_tools: tuple[str, ...] = ()
    """Types of the tools that the server is to run itself."""
    web_search: bool = False
    images: int = 0
    """In the last user turn, tool results included."""
    thinking: bool = False
    effort: str | None = None
    background: bool = False
    """A model of the small class, which clients name for work beside the session."""
    subagent: bool = False
    tag: str | None = None
    """What a subagent's tag names, see edge.routing.tag."""
    session: str | None = None
    directories: tuple[str, ...] = ()
    """Where the client works, the project first; paths of the laptop."""
    last_user_text: str = ""
    """Without the client's reminders."""
    said: tuple[str, ...] = ()
    """The person's last texts, reminders left out, the newest last; results of tools may have
    come since."""
    turns: int = 0
    """How often the person has spoken."""
    failures: int = 0
    """Tool results since then that are errors."""
    likeness: Likeness | None = None
    """None where nothing has been compared yet."""
    answer: Answer | None = None
    """None where no model has been asked."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Names in lower case."""

    @property
    def project(self) -> str | None:
        return self.directories[0] if self.directories else None

    def header(self, name: str) -> str | None:
        """The last value of a header, whatever the case of its name."""
        values = [value for known, value in self.headers if known == name.lower()]
        return values[-1] if values else None


def features_of(request: ChatRequest, tokens: Tokens | None = None) -> Features:
    """``tokens``: the prompt's length if the caller knows or has estimated it."""
    server_tools = tuple(tool.kind for tool in request.tools if tool.kind != "custom")
    last = _last_user(request)
    tag = find_tag(request)
    said, turns, failures = _talk(request)
    return Features(
        model=request.model,
        tokens=tokens,
        tools=tuple(tool.name for tool in request.tools),
        server_tools=server_tools,
        web_search=any(kind.startswith(SERVER_SEARCH) for kind in server_tools),
        images=0 if last is None else _images(last),
        thinking=request.thinking.mode != "disabled",
        effort=_effort(request),
        background=is_background(request.model),
        subagent=request.agent is not None or tag is not None,
        tag=tag,
        session=session_of(request),
        directories=directories_of(request),
        last_user_text="" if last is None else _said(last),
        said=said,
        turns=turns,
        failures=failures,
        headers=_headers(request),
    )


def is_background(model: str) -> bool:
    """A Claude of the haiku class, as claude-code-router tells it."""
    lowered = model.lower()
    return "claude" in lowered and "haiku" in lowered


def session_of(request: ChatRequest) -> str | None:
    """The session's id, from its header or from the end of the user's id."""
    if request.session:
        return request.session
    _, found, session = (request.user_id or "").rpartition(_USER_ID_SESSION)
    return session if found and session else None


def directories_of(request: ChatRequest) -> tuple[str, ...]:
    """Every directory that the client says it works in, the first one said first."""
    told = [path for text in _instructions(request) for path in _directories(text)]
    for wanted in request.safeguards:
        live = wanted.context.get("live_cwd")
        if isinstance(live, str) and live:
            told.append(live)
    return tuple(dict.fromkeys(told))


def _directories(text: str) -> Iterator[str]:
    for line in _lines_with(_SAYS_DIRECTORY, text):
        if (found := _DIRECTORY.fullmatch(line)) is not None:
            yield found[1]


def _lines_with(words: tuple[str, ...], text: str) -> Iterator[str]:
    """In their order; a few of thousands, so that most of the text is only searched."""
    begin = 0
    while (at := min((p for word in words if (p := text.find(word, begin)) >= 0), default=-1)) >= 0:
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        yield text[text.rfind("\n", 0, at) + 1 : end]
        begin = end


def _instructions(request: ChatRequest) -> Iterator[str]:
    """What the client says, and not the person, a file or a tool: system text, system turns,
    and the reminders before the first words of the conversation."""
    yield from (block.text for block in request.system)
    for message in request.messages:
        if message.role == "system":
            yield from _texts(message)
    first = next((message for message in request.messages if message.role == "user"), None)
    if first is not None:
        for text in _texts(first):
            yield _split(text)[1]


def _split(text: str) -> tuple[str, str]:
    """What a person wrote, and the client's reminders in it (one that never ends is none)."""
    said: list[str] = []
    reminders: list[str] = []
    rest = text
    while True:
        before, opened, after = rest.partition(_OPEN)
        inside, closed, behind = after.partition(_CLOSE)
        if not opened or not closed:
            return "".join((*said, rest)).strip(), "\n".join(reminders)
        said.append(before)
        reminders.append(inside)
        rest = behind


def _texts(message: Message) -> Iterator[str]:
    return (part.text for part in message.parts if isinstance(part, Text))


def _last_user(request: ChatRequest) -> Message | None:
    turns = (message for message in reversed(request.messages) if message.role == "user")
    return next(turns, None)


def _images(message: Message) -> int:
    inside = [
        part
        for one in message.parts
        for part in (one.content if isinstance(one, ToolResult) else (one,))
    ]
    return sum(isinstance(part, Image) for part in inside)


def _said(message: Message) -> str:
    return "\n".join(kept for text in _texts(message) if (kept := _split(text)[0]))


def _talk(request: ChatRequest) -> tuple[tuple[str, ...], int, int]:
    """What the person said last, how often they spoke, and what has failed since."""
    users = [message for message in request.messages if message.role == "user"]
    spoken = [(at, text) for at, message in enumerate(users) if (text := _said(message))]
    since = users[spoken[-1][0] + 1 :] if spoken else users
    failures = sum(
        isinstance(part, ToolResult) and part.is_error for one in since for part in one.parts
    )
    return tuple(text for _, text in spoken[-MOST_SAID:]), len(spoken), failures


def _effort(request: ChatRequest) -> str | None:
    """The last one that a turn set, else the request's own."""
    turns = (message.effort for message in reversed(request.messages) if message.effort)
    return next(turns, request.effort)


def _headers(request: ChatRequest) -> tuple[tuple[str, str], ...]:
    if request.wire is None:
        return ()
    return tuple((name.lower(), value) for name, value in request.wire.headers)
