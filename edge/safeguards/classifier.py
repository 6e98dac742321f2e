"""The client's own safety requests, answered by the policy instead of a model.

A client that gets no safeguard results asks a model itself, in two stages: 140 kB of
system prompt, the transcript, and as a first stage 64 tokens with the stop sequence
``</block>``. The last action of the transcript is judged; what cannot be read is
blocked. Called by the package's door.
"""

from __future__ import annotations

import json
import re

from edge.chat import ChatRequest, Json, JsonObject, Text, ToolUse, Verdict
from edge.safeguards.finding import CannotJudge, Held
from edge.safeguards.policy import Policy, explain, judge

STOP = "</block>"

_MONITOR = "security monitor for autonomous AI coding agents"
_OPEN, _CLOSE = "<transcript>", "</transcript>"
_TEXT_LINE = re.compile(r"([A-Za-z_][\w.-]*) (.*)", re.DOTALL)
_INPUT_NAMES = {
    "Bash": "command",
    "PowerShell": "command",
    "Read": "file_path",
    "LS": "path",
}


def is_classifier(request: ChatRequest) -> bool:
    """Whether this is such a request: by its system prompt, or by its shape without one.

    A chat request offers tools or lacks the transcript; quoting this one in a chat does
    not make it one.
    """
    if request.tools or len(request.messages) != 1 or request.messages[0].role != "user":
        return False
    parts = _texts(request)
    wrapped = bool(parts) and parts[0].lstrip().startswith(_OPEN)
    monitors = any(_MONITOR in block.text[:2000] for block in request.system)
    return wrapped and (monitors or STOP in request.stop)


def classify(request: ChatRequest, policy: Policy, context: JsonObject | None = None) -> str:
    """The answer's text. With ``</block>`` among the stop sequences it ends before it.

    ``context`` is the last classifier_context this session sent: such requests carry none
    themselves. Fail closed: without one, and under "off", every action is blocked, because
    a request that reached this point has no other answer.
    """
    verdict = _verdict(request, policy, context)
    if verdict.outcome == "not_flagged":
        return "<block>no" if STOP in request.stop else "<block>no</block>"
    if STOP in request.stop:
        return "<block>yes"
    reason = verdict.explanation.replace("<", "(").replace(">", ")")
    return f"<block>yes</block><reason>{reason}</reason>"


def _verdict(request: ChatRequest, policy: Policy, context: JsonObject | None) -> Verdict:
    try:
        known = _ground(policy, context)
        call = _last_action(request)
    except Held as held:
        return Verdict("flagged", explain(held, "this action"))
    ((_, verdict),) = judge((call,), known, policy)
    return verdict


def _ground(policy: Policy, context: JsonObject | None) -> JsonObject:
    """What there is to judge by. Raises Held where there is nothing.

    Even a relative path is harmless only where the directory it starts from is trusted.
    """
    if policy == "off":
        raise Held('it is switched off ([safeguards] policy = "off") and no model is asked')
    if not context:
        raise CannotJudge("this session has not told the box its trusted directories and rules")
    return context


def _texts(request: ChatRequest) -> list[str]:
    return [part.text for part in request.messages[-1].parts if isinstance(part, Text)]


def _last_action(request: ChatRequest) -> ToolUse:
    """The action above the transcript's end. Every entry is a text part of its own."""
    parts = _texts(request)
    closing = [index for index, part in enumerate(parts) if part.strip() == _CLOSE]
    if not closing or parts[0].strip() != _OPEN or closing[-1] < 2:
        raise CannotJudge("the transcript could not be read")
    entry = parts[closing[-1] - 1].removesuffix("\n")
    name, value = _json_entry(entry) if entry.startswith("{") else _text_entry(entry)
    return ToolUse("action", name, _input(name, value))


def _json_entry(entry: str) -> tuple[str, Json]:
    """``{"Bash": "ls"}``: one tool and its input."""
    try:
        value = json.loads(entry)
    except (ValueError, RecursionError) as error:
        raise CannotJudge("the transcript could not be read") from error
    if not isinstance(value, dict) or len(value) != 1:
        raise CannotJudge("the transcript's last entry is not one action")
    ((name, inner),) = value.items()
    return name, inner


def _text_entry(entry: str) -> tuple[str, Json]:
    """``Bash ls``: the form of clients such as 2.1.197. Nothing is escaped in it."""
    match = _TEXT_LINE.fullmatch(entry)
    if match is None:
        raise CannotJudge("the transcript's last entry is not one action")
    return match[1], match[2]


def _input(name: str, value: Json) -> JsonObject:
    """The tool's input where the entry shows all that matters; else one that is held."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, str):
        raise CannotJudge("the transcript's last entry is not one action")
    if name in ("Write", "Edit", "MultiEdit", "NotebookEdit"):
        path, colon, _ = value.partition(": ")
        return {_PATH_OF[name]: path} if colon else {}
    return {_INPUT_NAMES.get(name, "text"): value}


_PATH_OF = {
    "Write": "file_path",
    "Edit": "file_path",
    "MultiEdit": "file_path",
    "NotebookEdit": "notebook_path",
}
