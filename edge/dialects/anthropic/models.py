"""Model lists and token counts as the Messages API answers them, and the ids in them.

Claude Code keeps only listed ids with "claude" or "anthropic" in them (up to 2.1.222:
at their beginning), and takes any id that begins with "claude-" for a model of its own
with its own context window. So a local model is listed under a prefix of ours, and a
request for it comes back with that prefix. Knows no engine; called by the api.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from edge.units import Tokens

PREFIX = "anthropic-local-"


class Listed(Protocol):
    """A model to show."""

    @property
    def id(self) -> str: ...

    @property
    def display_name(self) -> str: ...

    @property
    def context(self) -> Tokens | None: ...


def listed_id(model: str) -> str:
    """The id under which clients see ``model``."""
    lowered = model.lower()
    return model if lowered.startswith(("claude", "anthropic")) else PREFIX + model


def bare_model(listed: str) -> str:
    """The model that a client means by a listed id."""
    return listed.removeprefix(PREFIX) or listed


def render_models(models: Sequence[Listed]) -> bytes:
    """``GET /v1/models``, everything on one page."""
    data = [_entry(model) for model in models]
    page = {
        "data": data,
        "has_more": False,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
    }
    return msgspec.json.encode(page)


def render_model(model: Listed) -> bytes:
    """``GET /v1/models/{id}``."""
    return msgspec.json.encode(_entry(model))


def render_count(tokens: Tokens) -> bytes:
    """``POST /v1/messages/count_tokens``."""
    return msgspec.json.encode({"input_tokens": tokens})


def _entry(model: Listed) -> dict[str, Any]:
    return {
        "type": "model",
        "id": listed_id(model.id),
        "display_name": model.display_name,
        # The API's own value for a release date that is not known.
        "created_at": "1970-01-01T00:00:00Z",
        "max_input_tokens": model.context,
        "lifecycle": "active",
    }
