"""Ids in the form and length of the API's own, from random bytes the caller brings.

Clients record a turn twice where a message id does not begin with ``msg_``. Knows no
source of randomness; called by the api.
"""

from __future__ import annotations

import string

RANDOM_BYTES = 16
"""How many random bytes an id wants."""

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_DIGITS = 22


def message_id(random_bytes: bytes) -> str:
    """``msg_01`` and 22 characters."""
    return "msg_01" + _base62(random_bytes)


def tool_use_id(random_bytes: bytes) -> str:
    """``toolu_01`` and 22 characters."""
    return "toolu_01" + _base62(random_bytes)


def request_id(random_bytes: bytes) -> str:
    """``req_01`` and 22 characters."""
    return "req_01" + _base62(random_bytes)


def batch_id(random_bytes: bytes) -> str:
    """``msgbatch_01`` and 22 characters."""
    return "msgbatch_01" + _base62(random_bytes)


def _base62(random_bytes: bytes) -> str:
    if len(random_bytes) != RANDOM_BYTES:
        raise ValueError(f"an id wants {RANDOM_BYTES} random bytes, not {len(random_bytes)}")
    number = int.from_bytes(random_bytes, "big")
    digits = []
    for _ in range(_DIGITS):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
