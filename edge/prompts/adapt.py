"""A conversation bent to what a chat template can do, losing no text of a user or a tool.

Pure functions from messages to messages, one for each thing a template may lack. Knows
capabilities, not the template. Called by template for each rendering.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from edge.prompts.capabilities import Capabilities, typed
from edge.prompts.sandbox import ChatMessage, ChatTool

OPENING = "[The beginning of this conversation is not shown.]"
"""The user turn put before a conversation that begins with the assistant."""

_TOOLS_INTRODUCTION = """\
# Tools

You can call the functions below to help the user. Each line between <tools> and </tools> \
describes one function as JSON:
<tools>
{tools}
</tools>

To call a function, write one JSON object with its name and arguments between <tool_call> and \
</tool_call>, like this:
<tool_call>
{{"name": "function-name", "arguments": {{"argument-name": "value"}}}}
</tool_call>
The result then comes between <tool_response> and </tool_response>."""


def adapt(
    messages: Sequence[ChatMessage], tools: Sequence[ChatTool], caps: Capabilities
) -> tuple[list[ChatMessage], list[ChatTool]]:
    """The messages and tools to hand to the template."""
    shaped = list(messages)
    left = list(tools)
    if not caps.tools:
        shaped, left = _explain_tools(_calls_as_text(shaped), tools), []
    if not caps.results:
        shaped = _results_as_users(shaped)
    if caps.tools:
        shaped = _shape_calls(shaped, caps)
    if not caps.user_after_result:
        shaped = _users_into_results(shaped)
    if not caps.system:
        shaped = _fold_system(shaped)
    shaped = _merge_neighbours(shaped)
    if caps.alternation:
        shaped = _open_with_user(shaped)
    return (typed(shaped) if caps.typed_content else shaped), left


def tool_line(tool: ChatTool) -> str:
    """One tool as a line of JSON."""
    return json.dumps(tool, ensure_ascii=False)


# --- tools as text --------------------------------------------------------------------


def _explain_tools(messages: list[ChatMessage], tools: Sequence[ChatTool]) -> list[ChatMessage]:
    """The tools before the system text: they change less often, so the prefix repeats."""
    if not tools:
        return messages
    text = _TOOLS_INTRODUCTION.format(tools="\n".join(tool_line(tool) for tool in tools))
    if messages and messages[0]["role"] == "system":
        first = {**messages[0], "content": _join(text, messages[0]["content"])}
        return [first, *messages[1:]]
    return [{"role": "system", "content": text}, *messages]


def _calls_as_text(messages: list[ChatMessage]) -> list[ChatMessage]:
    return [_call_text(message) if message.get("tool_calls") else message for message in messages]


def _call_text(message: ChatMessage) -> ChatMessage:
    calls = (
        json.dumps(
            {"name": call["function"]["name"], "arguments": call["function"]["arguments"]},
            ensure_ascii=False,
        )
        for call in message["tool_calls"]
    )
    text = "\n".join(f"<tool_call>\n{call}\n</tool_call>" for call in calls)
    return {"role": "assistant", "content": _join(message["content"], text, between="\n")}


def _results_as_users(messages: list[ChatMessage]) -> list[ChatMessage]:
    return [
        {"role": "user", "content": f"<tool_response>\n{message['content']}\n</tool_response>"}
        if message["role"] == "tool"
        else message
        for message in messages
    ]


# --- tool calls in the template's own format ---------------------------------------------


def _shape_calls(messages: list[ChatMessage], caps: Capabilities) -> list[ChatMessage]:
    if not caps.text_beside_calls and not caps.alternation:
        messages = _text_before_calls(messages)
    if not caps.parallel_calls:
        messages = _one_call_each(messages)
    if caps.short_ids:
        messages = _short_ids(messages)
    if caps.arguments == "text":
        messages = [_text_arguments(message) for message in messages]
    return messages


def _text_before_calls(messages: list[ChatMessage]) -> list[ChatMessage]:
    """The text as a turn of its own, where the template would drop it."""
    shaped: list[ChatMessage] = []
    for message in messages:
        if message.get("tool_calls") and message["content"]:
            shaped.append({"role": "assistant", "content": message["content"]})
            message = {**message, "content": ""}
        shaped.append(message)
    return shaped


def _one_call_each(messages: list[ChatMessage]) -> list[ChatMessage]:
    """Each call in a message of its own, its result right behind it."""
    results = {m["tool_call_id"]: m for m in messages if m["role"] == "tool"}
    shaped: list[ChatMessage] = []
    placed: set[str] = set()
    for message in messages:
        calls = message.get("tool_calls") or ()
        if len(calls) < 2:
            if message["role"] != "tool" or message["tool_call_id"] not in placed:
                shaped.append(message)
            continue
        for index, call in enumerate(calls):
            content = message["content"] if index == 0 else ""
            shaped.append({**message, "content": content, "tool_calls": [call]})
            if call["id"] in results:
                shaped.append(results[call["id"]])
                placed.add(call["id"])
    return shaped


def _short_ids(messages: list[ChatMessage]) -> list[ChatMessage]:
    """Ids counted in order, so that a longer conversation keeps the earlier ones."""
    names: dict[str, str] = {}

    def short(identity: str) -> str:
        return names.setdefault(identity, f"call{len(names):05d}")

    shaped: list[ChatMessage] = []
    for message in messages:
        if message.get("tool_calls"):
            calls = [{**call, "id": short(call["id"])} for call in message["tool_calls"]]
            message = {**message, "tool_calls": calls}
        elif message["role"] == "tool":
            message = {**message, "tool_call_id": short(message["tool_call_id"])}
        shaped.append(message)
    return shaped


def _text_arguments(message: ChatMessage) -> ChatMessage:
    if not message.get("tool_calls"):
        return message
    calls = [
        {
            **call,
            "function": {
                **call["function"],
                "arguments": json.dumps(call["function"]["arguments"], ensure_ascii=False),
            },
        }
        for call in message["tool_calls"]
    ]
    return {**message, "tool_calls": calls}


# --- order of turns ---------------------------------------------------------------------


def _users_into_results(messages: list[ChatMessage]) -> list[ChatMessage]:
    """What the user says after a tool's result is added to that result."""
    shaped: list[ChatMessage] = []
    for message in messages:
        if message["role"] == "user" and shaped and shaped[-1]["role"] == "tool":
            last = shaped[-1]
            shaped[-1] = {**last, "content": _join(last["content"], message["content"])}
        else:
            shaped.append(message)
    return shaped


def _fold_system(messages: list[ChatMessage]) -> list[ChatMessage]:
    """The system text at the head of the first user turn."""
    if not messages or messages[0]["role"] != "system":
        return messages
    text, rest = messages[0]["content"], messages[1:]
    if rest and rest[0]["role"] == "user":
        return [{**rest[0], "content": _join(text, rest[0]["content"])}, *rest[1:]]
    return [{"role": "user", "content": text}, *rest]


def _merge_neighbours(messages: list[ChatMessage]) -> list[ChatMessage]:
    """Neighbouring text turns of one role as one turn."""
    shaped: list[ChatMessage] = []
    for message in messages:
        last = shaped[-1] if shaped else None
        if last is not None and _is_text(last) and _is_text(message) and _same_role(last, message):
            shaped[-1] = {**last, "content": _join(last["content"], message["content"])}
        else:
            shaped.append(message)
    return shaped


def _is_text(message: ChatMessage) -> bool:
    return message["role"] in ("user", "assistant") and not message.get("tool_calls")


def _same_role(one: ChatMessage, other: ChatMessage) -> bool:
    return bool(one["role"] == other["role"])


def _open_with_user(messages: list[ChatMessage]) -> list[ChatMessage]:
    at = 1 if messages and messages[0]["role"] == "system" else 0
    if at < len(messages) and messages[at]["role"] != "user":
        return [*messages[:at], {"role": "user", "content": OPENING}, *messages[at:]]
    return messages


def _join(*texts: str, between: str = "\n\n") -> str:
    return between.join(text for text in texts if text)
