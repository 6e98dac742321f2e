"""The answer's JSON shapes that streaming and not streaming have in common.

Knows usage, verdicts and the message's frame. For this package only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edge.chat import SafeguardResult, Usage, Verdict

SIGNATURE = "Y29kcml2ZXI="
"""Closes every thinking block of ours (base64 of "codriver"). Any text serves the clients;
a fixed one lets thinking of ours be told from a cloud model's."""


def usage_json(usage: Usage) -> dict[str, Any]:
    """Counts that add up: the prompt is the sum of the three input fields."""
    return {
        "input_tokens": usage.input,
        "cache_creation_input_tokens": usage.cache_creation,
        "cache_read_input_tokens": usage.cache_read,
        "output_tokens": usage.output,
    }


def message_json(message_id: str, model: str, usage: Usage) -> dict[str, Any]:
    """A message as it begins: no content, no reason to stop."""
    return {
        "id": message_id,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage_json(usage),
    }


def safeguards_json(results: Sequence[SafeguardResult]) -> dict[str, Any]:
    """The member to merge into the last delta or the message, or nothing."""
    if not results:
        return {}
    return {"safeguard_results": [_result(result) for result in results]}


def _result(result: SafeguardResult) -> dict[str, Any]:
    verdicts = {call: _verdict(verdict) for call, verdict in result.verdicts}
    return {"type": result.kind, "status": {"type": "available", "tool_uses": verdicts}}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    said = {"explanation": verdict.explanation} if verdict.explanation else {}
    return {"type": "evaluated", "outcome": verdict.outcome, **said}
