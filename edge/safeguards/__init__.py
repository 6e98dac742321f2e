"""Auto mode's safety check, answered without a model.

Claude Code asks of every answer whether its tool calls are dangerous. A conservative
policy over the call and the client's own context answers: reading, building, testing and
editing inside the trusted directories passes, everything else is flagged with a sentence
that says why. Pure: no file system, no clock, no network. Called by api and routing.
"""

from __future__ import annotations

from collections.abc import Sequence

from edge.chat import ChatRequest, SafeguardResult, ToolUse
from edge.safeguards.classifier import STOP, classify, is_classifier
from edge.safeguards.policy import Policy, judge

DANGEROUS_TOOL_USE = "dangerous_tool_use"
"""The one kind of safeguard that is answered."""

__all__ = [
    "DANGEROUS_TOOL_USE",
    "STOP",
    "Policy",
    "classify",
    "is_classifier",
    "judge",
    "results",
]


def results(
    request: ChatRequest, calls: Sequence[ToolUse], policy: Policy
) -> tuple[SafeguardResult, ...]:
    """An answer to each safeguard of a known kind, also where there are no calls.

    Other kinds are left unanswered, and under "off" all of them are.
    """
    if policy == "off":
        return ()
    return tuple(
        SafeguardResult(wanted.kind, judge(calls, wanted.context, policy))
        for wanted in request.safeguards
        if wanted.kind == DANGEROUS_TOOL_USE
    )
