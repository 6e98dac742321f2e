"""The tag by which a subagent's prompt names who is to answer it. Pure.

    <CCR-SUBAGENT-MODEL>engine,model</CCR-SUBAGENT-MODEL>

claude-code-router's convention: its version 2 looks at the beginning of a system block, its
version 3 has the model write the tag before the subagent's prompt, which is the first user
message. Only what a text begins with counts: a conversation about tags is not tagged.
Knows no engine; no engine ever sees the tag.
"""

from __future__ import annotations

import re
from dataclasses import replace

from edge.chat import ChatRequest, Message, Text
from edge.dialects.rewrite import without_beginning

_TAG = re.compile(r"\s*<CCR-SUBAGENT-MODEL>\s*([^<>]{1,256}?)\s*</CCR-SUBAGENT-MODEL>\s*")


def find_tag(request: ChatRequest) -> str | None:
    """What the first tag says, None where there is none."""
    for text in _places(request):
        if (found := _TAG.match(text)) is not None:
            return found[1]
    return None


def without_tag(request: ChatRequest) -> ChatRequest:
    """The request as an engine may see it; its bytes are rewritten only if there is a tag."""
    if find_tag(request) is None:
        return request
    messages = list(request.messages)
    first = _first_user(request)
    if first is not None:
        messages[first] = _stripped(messages[first])
    wire = request.wire
    if wire is not None:
        wire = replace(wire, body=without_beginning(wire.body, _TAG))
    system = tuple(replace(block, text=_cut(block.text)) for block in request.system)
    return replace(
        request,
        system=tuple(block for block in system if block.text),
        messages=tuple(messages),
        wire=wire,
    )


def _places(request: ChatRequest) -> list[str]:
    texts = [block.text for block in request.system]
    first = _first_user(request)
    if first is not None:
        parts = request.messages[first].parts
        texts += [part.text for part in parts if isinstance(part, Text)]
    return texts


def _first_user(request: ChatRequest) -> int | None:
    turns = (at for at, message in enumerate(request.messages) if message.role == "user")
    return next(turns, None)


def _stripped(message: Message) -> Message:
    parts = tuple(
        replace(part, text=_cut(part.text)) if isinstance(part, Text) else part
        for part in message.parts
    )
    return replace(message, parts=parts)


def _cut(text: str) -> str:
    found = _TAG.match(text)
    return text if found is None else text[found.end() :]
