"""Whether a request wants the model to think, and how hard: its options as templates know them.

Pure. Knows the request's options, not the template: a template that cannot think is never
told to (see Capabilities). Called by whatever puts a request to a local model.
"""

from __future__ import annotations

from typing import Literal

from edge.chat import ChatRequest

Effort = Literal["low", "medium", "high"]

_EFFORTS: dict[str, Effort] = {
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
    "max": "high",
}
"""The efforts of the Messages API as the three levels that local models were taught."""


def wants_thinking(request: ChatRequest) -> bool:
    """Where it is left to the model, a local one thinks unless little effort is asked for.

    A call that is demanded comes without a thought, as in the API.
    """
    if request.tool_choice.mode in ("any", "tool"):
        return False
    match request.thinking.mode:
        case "enabled":
            return True
        case "adaptive":
            return request.effort != "low"
        case "disabled":
            return False


def reasoning_effort(request: ChatRequest) -> Effort | None:
    """None for the model's own default. Models that cannot stop thinking think little where
    no thinking is wanted; an effort of no known name is as good as none."""
    asked = _EFFORTS.get(request.effort or "")
    return asked or (None if wants_thinking(request) else "low")
