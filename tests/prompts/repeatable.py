"""What a repeatable prompt is: the checks that recorded and live requests have to pass."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from edge.chat import ChatRequest, Message, Text, ToolResult
from edge.dialects.anthropic import parse
from edge.prompts import to_messages
from edge.prompts.normalise import drop_countdown, normalise
from edge.prompts.volatile import opening_turns, settle_environment


def parsed(body: Mapping[str, Any]) -> ChatRequest:
    return parse(json.dumps(body).encode(), {}, "/v1/messages")


def later_month(body: Mapping[str, Any]) -> dict[str, Any]:
    """The same request months later."""
    text = json.dumps(body, ensure_ascii=False)
    now = re.compile(
        r"(?<=current month is )[A-Z][a-z]+ \d{4}|(?<=date is )\d{4}-\d\d|(?<=Date: )\d{4}-\d\d"
    )
    changed: dict[str, Any] = json.loads(
        now.sub(lambda m: "2031-05" if "-" in m[0] else "May 2031", text)
    )
    return changed


def front(request: ChatRequest) -> bytes:
    """System text and tools, as the bytes that a template is given."""
    messages, tools = to_messages(normalise(request))
    system = [message for message in messages if message["role"] == "system"]
    return json.dumps([system, tools], ensure_ascii=False).encode()


def announcements(request: ChatRequest) -> str:
    """What the client's system turns say before the first answer, as the model is told it."""
    settled = settle_environment(drop_countdown(request))
    said = [m for m in settled.messages[: opening_turns(settled)] if m.role == "system"]
    told = "\n".join(text.strip() for text in _texts(said))
    assert told in first_turn(request)[: len(told) + 100]
    return told


def lost_words(request: ChatRequest) -> set[str]:
    """Words of system text, tools and opening turns that stand neither at the front nor in
    the first user turn; the count of tokens left and the client's attribution may go."""
    after = normalise(request)
    told = "\n".join([*_texts(after.messages[:1]), *(b.text for b in after.system)])
    told += "\n".join(tool.description for tool in after.tools)
    before = "\n".join(
        [
            *(b.text for b in request.system if not b.text.startswith("x-anthropic-billing")),
            *(tool.description for tool in request.tools if not tool.deferred),
            *_texts(request.messages[: opening_turns(request)]),
        ]
    )
    before = re.sub(r"<total_tokens>.*?</total_tokens>", "", before)
    words = (word.strip("`'\".,;:()") for word in re.findall(r"\S+", before))
    return {word for word in words if word and word not in told}


def first_turn(request: ChatRequest) -> str:
    """All text of the normalised request's first turn."""
    return "\n".join(_texts(normalise(request).messages[:1]))


def _texts(messages: Sequence[Message]) -> Iterator[str]:
    for message in messages:
        for part in message.parts:
            inner = part.content if isinstance(part, ToolResult) else (part,)
            yield from (each.text for each in inner if isinstance(each, Text))
