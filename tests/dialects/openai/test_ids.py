"""Ids from the caller's random bytes."""

import pytest

from edge.dialects.openai import RANDOM_BYTES, call_id, completion_id
from edge.dialects.openai.serial import _ID


def test_ids():
    assert completion_id(bytes(RANDOM_BYTES)) == "chatcmpl-" + "0" * 24
    assert call_id(b"\xff" * RANDOM_BYTES) == "call_" + "f" * 24
    assert _ID.fullmatch(call_id(bytes(RANDOM_BYTES)))
    with pytest.raises(ValueError, match="12 random bytes"):
        call_id(b"")
