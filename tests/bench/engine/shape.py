"""Claude Code's recorded request bodies made into what a row asks. Pure.

Every function gives a new body and leaves the one it was given. Nothing here knows who
recorded a body or who will answer it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edge.prompts.coaching.toolset import ORGANISING

Body = Mapping[str, Any]

FILL_OPENING = "These are the files we talk about:\n\n"


def timed(body: Body, max_tokens: int) -> dict[str, Any]:
    """Streamed, greedy and short. Thinking goes: with it no temperature may be set."""
    made = dict(copy.deepcopy(dict(body)))
    made.pop("thinking", None)
    return made | {"stream": True, "temperature": 0, "max_tokens": max_tokens}


def asking(body: Body, words: str) -> dict[str, Any]:
    """What the person typed replaced by ``words``: the last text of the first user turn."""
    made = copy.deepcopy(dict(body))
    turn = _first_user_turn(made)
    turn["content"] = [*_blocks(turn["content"])[:-1], {"type": "text", "text": words}]
    return made


def showing(body: Body, text: str) -> dict[str, Any]:
    """``text`` as one more block of the first user turn, before what the person typed."""
    made = copy.deepcopy(dict(body))
    turn = _first_user_turn(made)
    *before, last = _blocks(turn["content"])
    turn["content"] = [*before, {"type": "text", "text": text}, last]
    return made


def continued(body: Body, said: str, words: str) -> dict[str, Any]:
    """One turn later: the assistant said ``said``, the person says ``words``."""
    made = copy.deepcopy(dict(body))
    made["messages"] = [
        *made["messages"],
        {"role": "assistant", "content": [{"type": "text", "text": said}]},
        {"role": "user", "content": [{"type": "text", "text": words}]},
    ]
    return made


def without_tools(body: Body) -> dict[str, Any]:
    """The same with nothing on offer, as the client asks for titles and summaries."""
    return copy.deepcopy(dict(body)) | {"tools": []}


def working(body: Body) -> dict[str, Any]:
    """With the tools that codriver shows to small models: what every engine is to read."""
    tools = [tool for tool in body.get("tools") or () if tool["name"] not in ORGANISING]
    return copy.deepcopy(dict(body)) | {"tools": tools}


def marked(body: Body, mark: str) -> dict[str, Any]:
    """A body that shares no beginning with others: ``mark`` opens the instructions."""
    made = copy.deepcopy(dict(body))
    system = _blocks(made.get("system") or "")
    long = max(range(len(system)), key=lambda index: len(system[index]["text"]))
    system[long]["text"] = f"Copy {mark}. {system[long]['text']}"
    made["system"] = system
    return made


def sized(
    body: Body, target: int, filler: Sequence[str], count: Callable[[Body], int]
) -> dict[str, Any]:
    """``body`` at about ``target`` prompt tokens: tools from the end go while it is longer,
    then lines of ``filler`` are shown as long as it is shorter."""
    made = copy.deepcopy(dict(body))
    while made.get("tools") and count(made) > target:
        made["tools"] = made["tools"][:-1]
    low, high = 0, len(filler)
    while low < high:
        middle = (low + high + 1) // 2
        if count(_filled(made, filler[:middle])) <= target:
            low = middle
        else:
            high = middle - 1
    return _filled(made, filler[:low])


def _filled(body: Body, lines: Sequence[str]) -> dict[str, Any]:
    return showing(body, FILL_OPENING + "\n".join(lines)) if lines else dict(body)


def beginning(body: Body, earlier: Body) -> dict[str, Any] | None:
    """What ``body`` shares with ``earlier`` as a body of its own, None where they share
    nothing that counts.

    With nothing but instructions and tools in common, a turn of one character stands in
    for the conversation.
    """
    if _instructions(body) != _instructions(earlier):
        return None
    if body.get("tools") != earlier.get("tools"):
        return None
    same = 0
    for ours, theirs in zip(body["messages"], earlier["messages"], strict=False):
        if ours != theirs:
            break
        same += 1
    while same and body["messages"][same - 1]["role"] == "assistant":
        same -= 1
    messages = body["messages"][:same] or [{"role": "user", "content": "."}]
    return copy.deepcopy(dict(body)) | {"messages": list(messages)}


def _instructions(body: Body) -> list[str]:
    """The system text, without the attribution line, which differs in every request."""
    texts = [block["text"] for block in _blocks(body.get("system") or "")]
    return [text for text in texts if not text.startswith("x-anthropic-billing-header:")]


def as_chat_completion(body: Body) -> dict[str, Any]:
    """The conversation for the Chat Completions API; text only, tools in its own shape."""
    system = "\n\n".join(block["text"] for block in _blocks(body.get("system") or ""))
    turns = [{"role": turn["role"], "content": _text(turn["content"])} for turn in body["messages"]]
    made: dict[str, Any] = {
        "model": body["model"],
        "messages": [{"role": "system", "content": system}, *turns],
        "stream": True,
        "temperature": body.get("temperature", 0),
        "max_tokens": body["max_tokens"],
    }
    if tools := body.get("tools"):
        made["tools"] = [_function(tool) for tool in tools]
    return made


def _function(tool: Mapping[str, Any]) -> dict[str, Any]:
    about = {
        "name": tool["name"],
        "description": tool.get("description", ""),
        "parameters": tool.get("input_schema", {}),
    }
    return {"type": "function", "function": about}


def _text(content: Any) -> str:
    return "\n".join(block.get("text", "") for block in _blocks(content))


def _blocks(content: Any) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _first_user_turn(body: dict[str, Any]) -> dict[str, Any]:
    turn: dict[str, Any] = next(turn for turn in body["messages"] if turn["role"] == "user")
    return turn
