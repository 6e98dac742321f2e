"""Model lists as OpenAI's clients read them.

Ids are plain: unlike Anthropic's clients these keep every id. Knows no engine; called by
the api.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from edge.units import Tokens


class Listed(Protocol):
    """A model to show."""

    @property
    def id(self) -> str: ...

    @property
    def context(self) -> Tokens | None: ...


def render_models(models: Sequence[Listed]) -> bytes:
    """``GET /v1/models``."""
    return msgspec.json.encode({"object": "list", "data": [_entry(model) for model in models]})


def render_model(model: Listed) -> bytes:
    """``GET /v1/models/{id}``."""
    return msgspec.json.encode(_entry(model))


def _entry(model: Listed) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": model.id,
        "object": "model",
        # A whole number is demanded, and when a model was made is not known.
        "created": 0,
        "owned_by": "codriver",
    }
    # Not the API's own; OpenRouter and LM Studio call it so, and some clients look.
    return entry if model.context is None else entry | {"context_length": model.context}
