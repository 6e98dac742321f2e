"""A chat request made plain for a local model: the same text for the same conversation.

A chain of small pure rules; applying them twice changes nothing. Knows chat requests and
what Claude Code puts into them; knows no template and no tokenizer. Called by whatever
serves a local model; never on the way to an upstream, which gets the bytes as they came.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from edge.chat import (
    ChatRequest,
    Message,
    Part,
    RedactedThinking,
    Text,
    Thinking,
    ToolChange,
    ToolResult,
)
from edge.prompts.content import readable
from edge.prompts.offers import settle_tools
from edge.prompts.volatile import opening_turns, settle_environment

ATTRIBUTION = "x-anthropic-billing-header:"
REMINDER_OPEN, REMINDER_CLOSE = "<system-reminder>", "</system-reminder>"

_COUNTDOWN = re.compile(r"<total_tokens>[^<>]{0,40} tokens left</total_tokens>\n*")


def normalise(request: ChatRequest, *, vision: bool = False) -> ChatRequest:
    """The request as a local model should read it; ``vision`` if the model sees images.

    Raises UnsupportedInput for an image or PDF that the user attached to the last turn and
    the model cannot take, and for a request about server tools alone.
    """
    request = drop_countdown(request)
    request = drop_attribution(request)
    request = settle_environment(request)
    request = trim_system(request)
    request = drop_thinking(request)
    request = lift_effort(request)
    request = announcements_first(request)
    request = reminders_in_place(request)
    request = merge_turns(request)
    request = plain_content(request, vision=vision)
    request = merge_turns(request)
    request = settle_tools(request)
    return merge_turns(request)


# --- system text ----------------------------------------------------------------------


def drop_attribution(request: ChatRequest) -> ChatRequest:
    """Without the client's attribution line, which may differ in every request."""
    system = tuple(block for block in request.system if block.text.strip())
    while system and system[0].text.lstrip().startswith(ATTRIBUTION):
        rest = system[0].text.lstrip().partition("\n")[2]
        head = (replace(system[0], text=rest),) if rest.strip() else ()
        system = (*head, *system[1:])
    return replace(request, system=system)


def drop_countdown(request: ChatRequest) -> ChatRequest:
    """Without the count of tokens left that some texts carry: it never repeats.

    In system text and turns wherever it stands; in a user's turn only a text that is
    nothing else.
    """
    system = (_uncount(block, whole=False) for block in request.system)
    kept = tuple(block for block in system if block is not None)
    return _map_messages(replace(request, system=kept), _uncounted)


def trim_system(request: ChatRequest) -> ChatRequest:
    """Without the empty lines at the end of a block that a dropped fact leaves, and without
    blocks of which nothing is left."""
    system = (replace(block, text=block.text.rstrip()) for block in request.system)
    return replace(request, system=tuple(block for block in system if block.text))


def _uncounted(message: Message) -> Message:
    if message.role == "assistant":
        return message
    whole = message.role == "user"
    parts = (
        _uncount(part, whole=whole) if isinstance(part, Text) else part for part in message.parts
    )
    return replace(message, parts=tuple(part for part in parts if part is not None))


def _uncount(part: Text, *, whole: bool) -> Text | None:
    left, count = _COUNTDOWN.subn("", part.text)
    while count and _COUNTDOWN.search(left):
        left = _COUNTDOWN.sub("", left)
    if not count:
        return part
    if not left.replace(REMINDER_OPEN, "").replace(REMINDER_CLOSE, "").strip():
        return None
    return part if whole else replace(part, text=left)


# --- turns ------------------------------------------------------------------------------


def drop_thinking(request: ChatRequest) -> ChatRequest:
    """Without the reasoning of earlier turns: local models are not shown it again."""
    return _map_messages(
        request,
        lambda message: replace(
            message,
            parts=tuple(
                part for part in message.parts if not isinstance(part, (Thinking, RedactedThinking))
            ),
        ),
    )


def lift_effort(request: ChatRequest) -> ChatRequest:
    """The effort that the last system turn asks for, as the request's own."""
    asked = [message.effort for message in request.messages if message.effort is not None]
    messages = tuple(replace(message, effort=None) for message in request.messages)
    return replace(request, messages=messages, effort=asked[-1] if asked else request.effort)


def announcements_first(request: ChatRequest) -> ChatRequest:
    """System turns before the first answer, ahead of the user's: the tools, agents and skills
    that they announce are the same in every session, what a user's turn begins with is not."""
    count = opening_turns(request)
    opening = sorted(request.messages[:count], key=lambda message: message.role != "system")
    return replace(request, messages=(*opening, *request.messages[count:]))


def reminders_in_place(request: ChatRequest) -> ChatRequest:
    """System turns in the middle become user turns where they stand, marked as reminders."""
    return _map_messages(request, _as_reminder)


def _as_reminder(message: Message) -> Message:
    if message.role != "system":
        return message
    parts = (
        replace(part, text=_wrapped(part.text)) if isinstance(part, Text) else part
        for part in message.parts
        if not (isinstance(part, Text) and not part.text.strip())
    )
    return replace(message, role="user", parts=tuple(parts))


def _wrapped(text: str) -> str:
    if is_reminder(text):
        return text
    return f"{REMINDER_OPEN}\n{text.strip()}\n{REMINDER_CLOSE}"


def is_reminder(text: str) -> bool:
    """Whether the text is one block of the client's own words, not the person's."""
    bare = text.strip()
    return bare.startswith(REMINDER_OPEN) and bare.endswith(REMINDER_CLOSE)


def merge_turns(request: ChatRequest) -> ChatRequest:
    """Neighbouring turns of one role as one; empty turns dropped.

    In a user turn tool results come first, then reminders, then what the person says, so
    that the prompt ends with the task and begins alike for every task.
    """
    merged: list[Message] = []
    for message in request.messages:
        if not message.parts:
            continue
        if merged and merged[-1].role == message.role:
            last = merged.pop()
            message = replace(last, parts=(*last.parts, *message.parts))
        merged.append(message)
    return replace(request, messages=tuple(_in_order(message) for message in merged))


def _in_order(message: Message) -> Message:
    if message.role != "user":
        return message
    return replace(message, parts=tuple(sorted(message.parts, key=_rank)))


def _rank(part: Part) -> int:
    match part:
        case ToolResult():
            return 0
        case ToolChange():
            return 1
        case Text() if is_reminder(part.text):
            return 1
        case _:
            return 2


# --- content ----------------------------------------------------------------------------


def plain_content(request: ChatRequest, *, vision: bool) -> ChatRequest:
    """Every part as text the model can read.

    What the person attached to the turn that is to be answered is refused if the model
    cannot take it; what a tool brought, or an earlier turn, becomes a note.
    """
    last = len(request.messages) - 1
    messages = tuple(
        replace(
            message,
            parts=_readable(
                message.parts,
                model=request.model,
                vision=vision,
                strict=index == last and not _has_results(message),
            ),
        )
        for index, message in enumerate(request.messages)
    )
    return replace(request, messages=messages)


def _has_results(message: Message) -> bool:
    return any(isinstance(part, ToolResult) for part in message.parts)


def _readable(parts: Iterable[Part], *, model: str, vision: bool, strict: bool) -> tuple[Part, ...]:
    made = (readable(part, model=model, vision=vision, strict=strict) for part in parts)
    return tuple(part for part in made if part is not None)


def _map_messages(request: ChatRequest, rule: Callable[[Message], Message]) -> ChatRequest:
    return replace(request, messages=tuple(rule(message) for message in request.messages))
