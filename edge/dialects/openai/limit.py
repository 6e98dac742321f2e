"""What a server calls the most tokens of an answer: there are two names, and few know both.

``max_tokens`` is the older one, which servers of open models know; OpenAI's reasoning models
refuse it and want ``max_completion_tokens``. Pure. For this package and the upstream engine.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

LimitName: TypeAlias = Literal["max_tokens", "max_completion_tokens"]

READ = 4096
"""Characters of a refusal that are looked at."""

_UNKNOWN = re.compile(
    r"unsupported|not support|unrecogni[sz]ed|unknown|unexpected|not permitted|not allowed"
    r"|extra_forbidden|deprecated",
    re.IGNORECASE,
)
"""How servers say that they do not know a parameter; "too large" is none of these."""


def other_name(name: LimitName) -> LimitName:
    return "max_tokens" if name == "max_completion_tokens" else "max_completion_tokens"


def refuses_name(body: bytes, name: LimitName) -> bool:
    """Whether a refusal's body says that this server does not take a limit by that name."""
    text = body[:READ].decode("utf-8", "replace")
    named = re.search(rf"(?<!\w){name}(?!\w)", text)
    return named is not None and _UNKNOWN.search(text) is not None
