"""Ids in the form of the API's own, from random bytes the caller brings.

Knows no source of randomness; called by the api and the upstream engine.
"""

from __future__ import annotations

RANDOM_BYTES = 12
"""How many random bytes an id wants: 24 digits, as the API's own have."""


def completion_id(random_bytes: bytes) -> str:
    """``chatcmpl-`` and 24 characters."""
    return "chatcmpl-" + _digits(random_bytes)


def call_id(random_bytes: bytes) -> str:
    """``call_`` and 24 characters; fit for every other dialect's rules, too."""
    return "call_" + _digits(random_bytes)


def _digits(random_bytes: bytes) -> str:
    if len(random_bytes) != RANDOM_BYTES:
        raise ValueError(f"an id wants {RANDOM_BYTES} random bytes, not {len(random_bytes)}")
    return random_bytes.hex()
