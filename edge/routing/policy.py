"""Which engines answer a request, in which order, and why. Pure.

Knows requests, the snapshot and the rules; no engine, no clock, no log.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.chat import ChatRequest
from edge.state import Snapshot

LOCAL = "local"
OVERRIDE_PREFIX = "codriver/"


@dataclass(frozen=True, slots=True)
class Rules:
    """The person's wishes: engine names, first choice first."""

    order: tuple[str, ...] = (LOCAL,)


@dataclass(frozen=True, slots=True)
class Decision:
    """Engines to try in turn, and the reason in one sentence."""

    order: tuple[str, ...]
    reason: str


def decide(request: ChatRequest, snapshot: Snapshot, rules: Rules) -> Decision:
    """Ready engines first, in the rules' order; one that is down is tried last, not never.

    ``codriver/NAME`` as the model id names one engine and overrides the rules; so does the
    name of a model that an engine has of its own, which no other engine would know.
    """
    known = dict(snapshot.engines)
    named = request.model.removeprefix(OVERRIDE_PREFIX)
    if request.model.startswith(OVERRIDE_PREFIX) and named in known:
        return Decision((named,), f"the request names the engine {named}")
    for engine, words in snapshot.models:
        if request.model.lower() in words:
            return Decision((engine,), f"the request names {request.model}, a model of {engine}")
    order = tuple(name for name in rules.order if name in known)
    ready = tuple(name for name in order if known[name].ready)
    down = tuple(name for name in order if not known[name].ready)
    return Decision(ready + down, _reason(ready, [(name, known[name].reason) for name in down]))


def _reason(ready: tuple[str, ...], down: list[tuple[str, str]]) -> str:
    first = f"{ready[0]} is first in the route's order" if ready else "no engine is ready"
    if not down:
        return first
    return first + "; " + ", ".join(f"{name} is down: {reason}" for name, reason in down)
