"""The policy: tool calls and the client's context in, Verdicts out; never raises.

Conservative: a call passes only where everything in it is known to be harmless. No
model is asked and no file is looked at. Called by the package's door and by classifier.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal
from urllib.parse import urlsplit

from edge.chat import JsonObject, ToolUse, Verdict
from edge.safeguards import context as contexts
from edge.safeguards import paths, rules, shell
from edge.safeguards.context import Context
from edge.safeguards.finding import CannotJudge, Forbidden, Held
from edge.safeguards.rules import Rule
from edge.safeguards.walk import walk

Policy = Literal["rules", "deny", "off"]
"""``rules``: judged here. ``deny``: whatever acts is flagged. ``off``: nothing is answered."""

HARMLESS_TOOLS = frozenset(
    [
        "TodoWrite",
        "TodoRead",
        "TaskCreate",
        "TaskGet",
        "TaskList",
        "TaskUpdate",
        "TaskOutput",
        "BashOutput",
        "TaskStop",
        "KillShell",
        "KillBash",
        "AskUserQuestion",
        "EnterPlanMode",
        "ExitPlanMode",
        "ToolSearch",
        "ReportFindings",
        "ListAgents",
        "Agent",
        "Task",
        "LSP",
        "CronList",
        "DeferredToolPlaceholder",
    ]
)
"""They act on the conversation alone; what an agent they start does is judged call by call."""

_READ_TOOLS = {
    "Read": ("file_path",),
    "NotebookRead": ("notebook_path",),
    "LS": ("path",),
    "Grep": ("path", "glob"),
    "Glob": ("path", "pattern"),
}
_EDIT_TOOLS = {
    "Edit": ("file_path",),
    "MultiEdit": ("file_path",),
    "Write": ("file_path",),
    "NotebookEdit": ("notebook_path",),
}
_NETWORK_TOOLS = frozenset(("WebFetch", "WebSearch"))
_LONGEST_REASON = 300


def judge(
    calls: Sequence[ToolUse], context: JsonObject, policy: Policy
) -> tuple[tuple[str, Verdict], ...]:
    """A verdict on each call, by id. Under "off" there is none: the caller sends no results.

    A command that changes the directory changes it for the calls after it, which are
    then judged in both directories.
    """
    if policy == "off":
        return ()
    known = contexts.read(context)
    cwds = frozenset((known.places.cwd,))
    verdicts = []
    for call in calls:
        try:
            cwds = cwds | _require_harmless(call, known, cwds, policy)
            verdicts.append((call.id, Verdict("not_flagged")))
        except Held as held:
            verdicts.append((call.id, Verdict("flagged", explain(held, call.name))))
    return tuple(verdicts)


def explain(held: Held, tool: str) -> str:
    """One sentence: why, and how the person can allow it. The client adds the full stop."""
    reason = re.sub(r"\s+", " ", re.sub(r"[^\x20-\x7e\u00a1-\uffff]", " ", held.reason)).strip()
    reason = reason if len(reason) <= _LONGEST_REASON else reason[:_LONGEST_REASON] + "..."
    what = "this command" if tool == "Bash" else tool
    rule = f"the permission rule {held.rule}" if held.rule else f"a permission rule for {what}"
    change = "change that rule" if isinstance(held, Forbidden) else f"add {rule}"
    return (
        f"codriver's offline safety check held this back because {reason}; to allow it, switch "
        f"from auto to manual mode with Shift+Tab or {change}"
    )


def _require_harmless(
    call: ToolUse, context: Context, cwds: frozenset[str], policy: Policy
) -> frozenset[str]:
    """The directories the shell may be in after the call. Raises Held."""
    _require_no_rule_against(call, context)
    if call.name in HARMLESS_TOOLS:
        return cwds
    if context.platform == "win32" or call.name == "PowerShell":
        raise CannotJudge("commands and paths of Windows cannot be judged")
    if call.name in _READ_TOOLS:
        _read(call, context)
        return cwds
    if policy == "deny":
        raise Held("the box is set to hold back everything that acts")
    if context.prose:
        raise CannotJudge("your autoMode deny rules are in words that only a model can judge")
    return _act(call, context, cwds)


def _require_no_rule_against(call: ToolUse, context: Context) -> None:
    if not context.rules.readable:
        raise CannotJudge("a deny or ask rule of yours could not be read")
    for rule in (*context.rules.deny, *context.rules.ask):
        if rules.covers_tool(rule, call.name):
            raise Forbidden(f"a permission rule of yours is against {call.name}")


def _act(call: ToolUse, context: Context, cwds: frozenset[str]) -> frozenset[str]:
    if call.name == "Bash":
        return _bash(call, context, cwds)
    if call.name in _EDIT_TOOLS:
        _edit(call, context)
        return cwds
    if any(_allows_tool(rule, call) for rule in context.rules.allow):
        return cwds
    if call.name in _NETWORK_TOOLS:
        raise Held(f"{call.name} reaches the network", call.name)
    raise Held(f"what {call.name} does is not known", call.name)


def _allows_tool(rule: Rule, call: ToolUse) -> bool:
    if call.name == "WebFetch" and rule.tool == "WebFetch" and rule.spec is not None:
        url = call.input.get("url")
        host = _host(url) if isinstance(url, str) else None
        return host is not None and rule.spec == f"domain:{host}"
    return rules.covers_tool(rule, call.name) and not rules.is_broad(rule)


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


# --- files ------------------------------------------------------------------------------------


def _read(call: ToolUse, context: Context) -> None:
    for text in _texts(call, _READ_TOOLS[call.name], required=call.name.endswith("Read")):
        _path("read", text.lstrip("!"), call, context)


def _edit(call: ToolUse, context: Context) -> None:
    """The client shows such an edit as a diff, so a build file may be edited this way."""
    for text in _texts(call, _EDIT_TOOLS[call.name], required=True):
        _path("edit", text, call, context)


def _texts(call: ToolUse, fields: tuple[str, ...], *, required: bool) -> list[str]:
    values = [call.input.get(name) for name in fields]
    texts = [value for value in values if isinstance(value, str) and value]
    if len(texts) < sum(value is not None for value in values) or (required and not texts):
        raise CannotJudge(f"{call.name} is given no path that can be read")
    return texts


def _path(mode: str, text: str, call: ToolUse, context: Context) -> None:
    """A path of a file tool. A ``~`` is the home directory to some of them."""
    if "\0" in text or text.startswith("~"):
        raise CannotJudge(f"{call.name} is given a path that is not absolute")
    path = paths.locate(text, context.places.cwd)
    context.places.rule(mode, path)
    home = context.places.home
    if any(rules.covers_path(rule, mode, path, home) for rule in context.rules.allow):
        return
    try:
        paths.check(mode, text, context.places)
    except Forbidden:
        raise
    except Held as held:
        family = "Read" if mode == "read" else "Edit"
        raise Held(held.reason, f"{family}(/{path})") from held


# --- commands ---------------------------------------------------------------------------------


def _bash(call: ToolUse, context: Context, cwds: frozenset[str]) -> frozenset[str]:
    command = call.input.get("command")
    if not isinstance(command, str) or not command.strip():
        raise CannotJudge("it is given no command")
    _require_not_forbidden(command, "", context)
    if call.input.get("dangerouslyDisableSandbox"):
        raise Held("it asks to run outside the sandbox")
    script = shell.parse(command)

    def gate(text: str, source: str) -> bool:
        _require_not_forbidden(text, source, context)
        return any(_allows_command(rule, text) for rule in context.rules.allow)

    return walk(script, cwds, context.places, gate, context.branches)


def _allows_command(rule: Rule, text: str) -> bool:
    return rules.covers_command(rule, text) and not rules.is_broad(rule)


def _require_not_forbidden(text: str, source: str, context: Context) -> None:
    for rule in (*context.rules.deny, *context.rules.ask):
        if any(rules.covers_command(rule, form) for form in (text, source) if form):
            raise Forbidden(f"your permission rule Bash({rule.spec or '*'}) is against it")
