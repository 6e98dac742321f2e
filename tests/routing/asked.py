"""Requests and snapshots for the tests of routing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge.chat import ChatRequest
from edge.dialects import anthropic
from edge.routing.policy import Decision
from edge.state import EngineState, LinkLevel, LinkState, Snapshot
from tests.prompts.padding import padded

RECORDINGS = Path(__file__).resolve().parents[1] / "recordings"

UP = EngineState(True, "fine")
DOWN = EngineState(False, "no route to host")


def snapshot(link: LinkLevel | None = None, metered: bool | None = None, **engines: EngineState):
    """Both engines up and nothing known of the link, unless it is said; "cloud" is behind it."""
    states = engines or {"cloud": UP, "local": UP}
    state = None if link is None else LinkState(link, "the modem says so", metered)
    return Snapshot(tuple(states.items()), link=state, over_link=frozenset({"cloud"}))


def asked(
    *contents: Any, headers: Mapping[str, str] | None = None, model: str = "claude-sonnet-5", **rest
) -> ChatRequest:
    """A Messages API request: its user's contents with an answer between two of them."""
    messages: list[dict[str, Any]] = []
    for content in contents or ("hello",):
        if messages:
            messages.append({"role": "assistant", "content": "yes"})
        messages.append({"role": "user", "content": content})
    body = {"model": model, "max_tokens": 9, "messages": messages, **rest}
    return anthropic.parse(json.dumps(body).encode(), headers or {})


def recorded(name: str) -> ChatRequest:
    """A request that a real client sent, at its size."""
    recording = json.loads((RECORDINGS / f"{name}.json").read_text("utf-8"))
    body = json.dumps(padded(recording["body"])).encode()
    return anthropic.parse(body, dict(recording["headers"]), recording["path"])


def chats() -> list[str]:
    """The names of all recordings that are chat requests."""
    found = sorted(RECORDINGS.glob("*.json"))
    return [one.stem for one in found if (json.loads(one.read_text("utf-8"))["body"] or {})]


def names(decision: Decision) -> list[str]:
    return [str(step) for step in decision.order]
