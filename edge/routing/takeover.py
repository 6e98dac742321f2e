"""What becomes of an answer that breaks off in the middle. Pure.

Some clients ask again when their connection is dropped (Claude Code: within a second, and it runs
no tool twice); the others have to be given the rest of the answer by somebody else, from where it
stands. A tool call that is half there is never guessed at. Called by the router.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from edge.chat import (
    ChatRequest,
    Event,
    Message,
    Text,
    TextDelta,
    ThinkingDelta,
    ThinkingOption,
    ToolCallEnded,
    ToolCallStarted,
)

RESENDING = ("claude-cli/",)
"""How the User-Agent of clients begins that ask again."""


def resends(request: ChatRequest) -> bool:
    """Whether the client asks again when its connection is dropped, or it is told to wait."""
    headers = () if request.wire is None else request.wire.headers
    agents = (value for name, value in headers if name.lower() == "user-agent")
    return any(agent.startswith(RESENDING) for agent in agents)


@dataclass(slots=True)
class Said:
    """What an answer has come to."""

    text: str = ""
    calls: int = 0
    in_call: bool = False
    completed: bool = False
    """Whether the client has a whole block: its text has ended, or what was thought, or a call."""
    _open: type[Event] | None = None

    def hear(self, event: Event) -> None:
        match event:
            case TextDelta(text):
                self._opened(TextDelta)
                self.text += text
            case ThinkingDelta():
                self._opened(ThinkingDelta)
            case ToolCallStarted():
                self._opened(ToolCallStarted)
                self.in_call = True
            case ToolCallEnded():
                self.in_call, self.calls = False, self.calls + 1
                self.completed = True
            case _:
                pass

    def _opened(self, kind: type[Event]) -> None:
        self.completed = self.completed or self._open not in (None, kind)
        self._open = kind

    @property
    def can_be_asked_anew(self) -> bool:
        """Whether a client that asks again when it is dropped does so from the beginning, or acts
        on the calls it has. Behind another whole block an old one gives up instead."""
        return not self.completed or self.calls > 0 or self.in_call

    @property
    def is_whole(self) -> bool:
        """Whether only its end is missing: its calls are there, and they are what the client
        acts on."""
        return self.calls > 0 and not self.in_call


def continued(request: ChatRequest, said: Said) -> ChatRequest | None:
    """The request for the rest of an answer; None where there can be none."""
    if said.in_call or said.calls or request.output_schema is not None:
        return None
    begun = replace(request, wire=None, thinking=ThinkingOption())
    if not said.text:
        return begun
    turn = Message("assistant", (Text(said.text),))
    return replace(begun, messages=(*request.messages, turn))
