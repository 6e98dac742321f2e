"""Server-sent events out of the bytes of an answer: ``Decoder``. Pure.

Knows the framing and that each event's data is JSON; knows no dialect.
"""

from __future__ import annotations

import json
from typing import Any


class Decoder:
    """Feed it pieces as they came; it gives the events that each piece completed."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> list[dict[str, Any]]:
        """The JSON objects of the events that end in ``piece``; comments and [DONE] are none."""
        text = (self._rest + piece).replace(b"\r\n", b"\n")
        *frames, self._rest = text.split(b"\n\n")
        return [event for event in map(_data, frames) if event is not None]


def _data(frame: bytes) -> dict[str, Any] | None:
    lines = [line[5:].strip() for line in frame.split(b"\n") if line.startswith(b"data:")]
    data = b"\n".join(lines)
    if not data or data == b"[DONE]":
        return None
    event: Any = json.loads(data)
    return event if isinstance(event, dict) else None
