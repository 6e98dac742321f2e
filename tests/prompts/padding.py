"""A reduced recording at the size it had: other words where the client's prose stood. Pure.

The words are ours and say nothing; the same prose gets the same words everywhere. Knows what
a stand-in looks like, and nothing of requests. Called where a request's size matters.
"""

from __future__ import annotations

import re
from random import Random
from typing import Any

from tests.prompts.reduction import STAND_IN

WORDS = "at", "before", "file", "for", "in", "line", "name", "of", "one", "page", "the", "to"


def padded(value: Any) -> Any:
    """The JSON value with every stand-in replaced by as many characters as it stands for."""
    if isinstance(value, str):
        return STAND_IN.sub(_words, value)
    if isinstance(value, list):
        return [padded(each) for each in value]
    if isinstance(value, dict):
        return {key: padded(each) for key, each in value.items()}
    return value


def _words(stand_in: re.Match[str]) -> str:
    """As many characters as the prose had, chosen by its hash."""
    length = int(stand_in[1])
    return " ".join(Random(stand_in[2]).choices(WORDS, k=length // 3 + 1))[:length]
