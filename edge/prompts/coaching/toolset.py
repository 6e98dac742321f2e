"""Which of the client's tools a small model is shown: those that do the work. Pure.

Claude Code also offers tools that organise a session: subagents, task lists, schedules,
worktrees. Their descriptions are most of its prompt, which a small board reads for minutes,
and a small model calls them in place of the tool that the task wants (docs/agents.md). So it
is shown one of them only once somebody has spoken of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from edge.chat import ChatRequest, Text, ToolResult, ToolSpec, ToolUse
from edge.prompts.coaching.transcript import BASH, EDIT, READ, parts, plain, task_of

_BY_PURPOSE = {
    "others at work": "Agent Task ListAgents SendMessage TeamCreate TeamDelete Workflow",
    "lists of tasks": "TaskCreate TaskGet TaskList TaskUpdate TodoWrite",
    "work beside": "TaskOutput TaskStop BashOutput KillShell Monitor",
    "later": "CronCreate CronDelete CronList ScheduleWakeup RemoteTrigger PushNotification",
    "other places and modes": "EnterWorktree ExitWorktree EnterPlanMode ReportFindings",
    "more tools": "Skill ToolSearch DeferredToolPlaceholder",
}
ORGANISING = frozenset(name for names in _BY_PURPOSE.values() for name in names.split())
"""Of Claude Code 2.1.197 to 2.1.332 and before. Tools with other names are somebody's own choice,
or needed where they are offered, as ExitPlanMode is."""

_SEARCH = "ToolSearch"
_FOREIGN = re.compile(r"\bmcp__\w")
"""Names of tools of the person's own, which newer clients have searched for."""

_COMPOUND = re.compile(r"[A-Z][a-z]+[A-Z]\w+")
"""Names that no result holds by chance, as it may "Task" or "Skill"."""


def shown(request: ChatRequest) -> ChatRequest:
    """The request with the tools that a small model is to see and may call.

    Those that joined later (``deferred``) were asked for. Conversations without Claude Code's
    own tools are left alone.
    """
    if not {READ, EDIT, BASH} <= {tool.name for tool in request.tools}:
        return request
    spoken_of = frozenset(_spoken_of(request))
    tools = tuple(tool for tool in request.tools if _is_shown(tool, spoken_of))
    return replace(request, tools=tools) if len(tools) < len(request.tools) else request


def _is_shown(tool: ToolSpec, spoken_of: frozenset[str]) -> bool:
    return tool.deferred or tool.name not in ORGANISING or tool.name in spoken_of


def _spoken_of(request: ChatRequest) -> Iterator[str]:
    """Names that the person says, the client demands, a call has used or a result tells; the
    search for tools where there are foreign ones to be found."""
    if request.tool_choice.name:
        yield request.tool_choice.name
    said = (*request.system, *(part for part in parts(request.messages) if isinstance(part, Text)))
    if any(_FOREIGN.search(text.text) for text in said):
        yield _SEARCH
    for message in request.messages:
        yield from re.findall(r"\w+", task_of(message))
    for part in parts(request.messages):
        match part:
            case ToolUse():
                yield part.name
            case ToolResult():
                yield from _COMPOUND.findall(plain(part.content))
