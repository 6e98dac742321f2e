"""What a chat template can do, found out by rendering small conversations with it.

Knows the sandbox; judges only by what text comes out, never by reading the template.
Called by template, once for each model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from edge.errors import TemplateFailed
from edge.prompts.sandbox import ChatMessage, ChatTool, Options, Program

Arguments = Literal["object", "text"]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The conversation shapes a template takes; what it lacks is adapted to."""

    system: bool = True
    """A leading system message reaches the text."""
    tools: bool = True
    """Offered tools and earlier calls are written in a format of its own."""
    results: bool = True
    """Messages of role tool reach the text."""
    arguments: Arguments = "object"
    """A call's arguments are wanted as an object, or as JSON text."""
    parallel_calls: bool = True
    """Several calls may stand in one assistant message."""
    text_beside_calls: bool = True
    """The text of an assistant message that also calls is kept."""
    alternation: bool = False
    """User and assistant must take turns, the user first."""
    user_after_result: bool = True
    """A user message may follow a tool's result."""
    short_ids: bool = False
    """Call ids must be nine letters and digits."""
    typed_content: bool = False
    """Content is wanted as a list of typed parts."""
    omit_tools: bool = False
    """An empty tool list must be left undefined."""
    thinking_switch: bool = False
    """``enable_thinking`` makes a difference."""
    effort_levels: bool = False
    """``reasoning_effort`` low, medium and high are known and make a difference."""
    append_only: bool = True
    """A further turn leaves the earlier text as it was, so that prefixes repeat."""


PLAIN = Capabilities(
    system=False,
    tools=False,
    results=False,
    parallel_calls=False,
    alternation=True,
    user_after_result=False,
)
"""The least a template can do: user and assistant text, in turn."""

_LONG_ID, _SHORT_ID = "toolu_01Probe", "probe0001"
_NOW = datetime(2024, 1, 1, tzinfo=UTC)
_TOOL: ChatTool = {
    "type": "function",
    "function": {
        "name": "probe_tool",
        "description": "probe_purpose",
        "parameters": {
            "type": "object",
            "properties": {"probe_key": {"type": "string"}},
            "required": ["probe_key"],
        },
    },
}


def _user(text: str = "probe_user") -> ChatMessage:
    return {"role": "user", "content": text}


def _answer(text: str = "probe_answer") -> ChatMessage:
    return {"role": "assistant", "content": text}


def _calls(caps: Capabilities, count: int = 1, text: str = "") -> ChatMessage:
    arguments = [{"probe_key": f"probe_value_{n}"} for n in range(count)]
    as_text = [f'{{"probe_key": "probe_value_{n}"}}' for n in range(count)]
    calls = [
        {
            "type": "function",
            "id": _id(caps, n),
            "function": {
                "name": "probe_tool",
                "arguments": arguments[n] if caps.arguments == "object" else as_text[n],
            },
        }
        for n in range(count)
    ]
    return {"role": "assistant", "content": text, "tool_calls": calls}


def _result(caps: Capabilities, n: int = 0) -> ChatMessage:
    content = f"probe_result_{n}"
    return {"role": "tool", "content": content, "name": "probe_tool", "tool_call_id": _id(caps, n)}


def _id(caps: Capabilities, n: int) -> str:
    return (_SHORT_ID if caps.short_ids else _LONG_ID)[:-1] + str(n)


class _Probe:
    """Renders and answers None where the template refuses."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def text(
        self,
        caps: Capabilities,
        *messages: ChatMessage,
        tools: bool = False,
        thinking: bool = False,
        effort: str | None = None,
    ) -> str | None:
        options = Options(
            now=_NOW,
            enable_thinking=thinking,
            reasoning_effort=effort,
            omit_tools=caps.omit_tools,
        )
        shaped = typed(messages) if caps.typed_content else messages
        try:
            return self._program.run(shaped, [_TOOL] if tools else [], options)
        except TemplateFailed:
            return None

    def shows(
        self, caps: Capabilities, *messages: ChatMessage, wanted: tuple[str, ...], tools: bool
    ) -> bool:
        text = self.text(caps, *messages, tools=tools)
        return text is not None and all(word in text for word in wanted)


def typed(messages: tuple[ChatMessage, ...] | list[ChatMessage]) -> list[ChatMessage]:
    """The same messages with string content as a list of one typed part."""
    return [
        {**message, "content": [{"type": "text", "text": message["content"]}]}
        if message["content"]
        else message
        for message in messages
    ]


def probe(program: Program) -> Capabilities | None:
    """The template's capabilities, or None if it cannot even write one user message."""
    tester = _Probe(program)
    caps = _base(tester)
    if caps is None:
        return None
    caps = replace(caps, system=_system(tester, caps), alternation=_alternation(tester, caps))
    caps = _tools(tester, caps)
    return replace(
        caps,
        thinking_switch=_thinking_switch(tester, caps),
        effort_levels=_effort_levels(tester, caps),
        append_only=_append_only(tester, caps),
    )


def _base(tester: _Probe) -> Capabilities | None:
    for typed_content in (False, True):
        for omit_tools in (False, True):
            caps = Capabilities(typed_content=typed_content, omit_tools=omit_tools)
            if tester.shows(caps, _user(), wanted=("probe_user",), tools=False):
                return caps
    return None


def _system(tester: _Probe, caps: Capabilities) -> bool:
    system = {"role": "system", "content": "probe_system"}
    return tester.shows(caps, system, _user(), wanted=("probe_system", "probe_user"), tools=False)


def _alternation(tester: _Probe, caps: Capabilities) -> bool:
    wanted = ("probe_user", "probe_answer", "probe_again")
    twice = (_user(), _user("probe_again"), _answer())
    answer_first = (_answer(), _user(), _user("probe_again"))
    return not all(
        tester.shows(caps, *messages, wanted=wanted, tools=False)
        for messages in (twice, answer_first)
    )


def _tools(tester: _Probe, caps: Capabilities) -> Capabilities:
    found = _call_shape(tester, caps)
    if found is None:
        return replace(caps, tools=False, results=False)
    call = (_user(), _calls(found))
    after = (_result(found), _user("probe_again"))
    two = (_user(), _calls(found, 2), _result(found, 0), _result(found, 1))
    return replace(
        found,
        results=tester.shows(
            found, *call, _result(found), wanted=("probe_value_0", "probe_result_0"), tools=True
        ),
        parallel_calls=tester.shows(
            found, *two, wanted=("probe_value_0", "probe_value_1"), tools=True
        ),
        text_beside_calls=tester.shows(
            found, _user(), _calls(found, text="probe_beside"), wanted=("probe_beside",), tools=True
        ),
        user_after_result=tester.shows(found, *call, *after, wanted=("probe_again",), tools=True),
    )


def _call_shape(tester: _Probe, caps: Capabilities) -> Capabilities | None:
    """The first shape of a call that comes out whole, beside an offered tool."""
    if not tester.shows(caps, _user(), wanted=("probe_tool", "probe_purpose"), tools=True):
        return None
    shapes: tuple[tuple[Arguments, bool], ...] = (
        ("object", False),
        ("object", True),
        ("text", False),
        ("text", True),
    )
    for arguments, short_ids in shapes:
        shape = replace(caps, arguments=arguments, short_ids=short_ids)
        text = tester.text(shape, _user(), _calls(shape), _result(shape), tools=True)
        if text is not None and _call_is_whole(text):
            return shape
    return None


def _call_is_whole(text: str) -> bool:
    """Neither printed as Python nor encoded twice."""
    mangled = ("{'probe_key'", '\\"probe_key')
    return "probe_value_0" in text and not any(sign in text for sign in mangled)


def _thinking_switch(tester: _Probe, caps: Capabilities) -> bool:
    return tester.text(caps, _user(), thinking=True) != tester.text(caps, _user(), thinking=False)


def _effort_levels(tester: _Probe, caps: Capabilities) -> bool:
    texts = [
        tester.text(caps, _user(), thinking=True, effort=effort)
        for effort in ("low", "medium", "high")
    ]
    return None not in texts and texts[0] != texts[-1]


def _append_only(tester: _Probe, caps: Capabilities) -> bool:
    """Whether a further turn leaves the text up to the first turn's end as it was."""
    first = tester.text(caps, _user(), tools=caps.tools)
    second = tester.text(caps, _user(), _answer(), _user("probe_again"), tools=caps.tools)
    if first is None or second is None:
        return False
    end = first.rfind("probe_user") + len("probe_user")
    return second.startswith(first[:end])
