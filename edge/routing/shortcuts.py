"""Requests that need no model: probes of the client, and its old safety classifier. Pure.

Used by the router on the local path only; an upstream gets everything as it came.
"""

from __future__ import annotations

from edge.chat import (
    ChatRequest,
    Event,
    Finished,
    JsonObject,
    Started,
    StopReason,
    Text,
    TextDelta,
    Usage,
)
from edge.safeguards import STOP, Policy, classify, is_classifier
from edge.units import Tokens

PROBE_MAX_TOKENS = 1
PROBE_TEXT_LIMIT = 64
"""Probes say "quota", "test" or "hi"; a longer prompt with max_tokens 1 warms a cache."""


def answer_without_model(
    request: ChatRequest, policy: Policy, context: JsonObject | None
) -> tuple[tuple[Event, ...], str] | None:
    """The whole answer and the reason, or None when a model has to answer.

    ``context`` is what the request's session last told of its directories and rules.
    """
    if is_classifier(request):
        reason = f"safety classifier request, answered by the {policy} policy"
        return _verdict(request, classify(request, policy, context)), reason
    if _is_probe(request):
        return _said(request, "OK", "max_tokens"), "probe of one token, answered without a model"
    return None


def _is_probe(request: ChatRequest) -> bool:
    """A quota or model probe: one token wanted, one short user turn, no tools."""
    if request.max_tokens != PROBE_MAX_TOKENS or request.tools or len(request.messages) != 1:
        return False
    text = "".join(part.text for part in request.messages[0].parts if isinstance(part, Text))
    return len(text) <= PROBE_TEXT_LIMIT


def _verdict(request: ChatRequest, text: str) -> tuple[Event, ...]:
    """A model would have gone on to ``</block>``; where that is a stop sequence it stops."""
    if STOP in request.stop:
        return _said(request, text, "stop_sequence", STOP)
    return _said(request, text, "end_turn")


def _said(
    request: ChatRequest, text: str, reason: StopReason, stopped_by: str | None = None
) -> tuple[Event, ...]:
    usage = Usage(input=Tokens(1), output=Tokens(1))
    return (Started(request.model, usage), TextDelta(text), Finished(reason, usage, stopped_by))
