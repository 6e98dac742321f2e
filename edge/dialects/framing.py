"""Server-sent events as bytes: encode one event, decode a stream cut anywhere.

Knows no dialect and no socket. The dialects and the upstream engine use it.
"""

from __future__ import annotations

import codecs
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

LONGEST_EVENT = 4_194_304
"""Bytes of one event that are taken from another server: a whole file in one tool call."""
MOST_BYTES = 67_108_864
"""Bytes of one answer that are taken from another server where it is read, not relayed."""

_BOM = codecs.BOM_UTF8


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event of a stream; ``event`` is "message" where the sender named none."""

    event: str
    data: str


class EventTooLong(ValueError):
    """A stream whose next event has more bytes than its reader allows."""


def comment(text: str) -> bytes:
    """A line that readers of such streams skip; ``text`` is plain ASCII in one line."""
    return b": %b\n\n" % text.encode("ascii", "replace").replace(b"\n", b" ")


def encode_data(data: Mapping[str, Any]) -> bytes:
    """One frame without a name, as most streams but Anthropic's have them."""
    return b"data: %b\n\n" % msgspec.json.encode(data)


def encode_sse(event: str, data: Mapping[str, Any]) -> bytes:
    """One frame. JSON holds no raw line break, so one ``data:`` line is enough."""
    return b"event: %b\ndata: %b\n\n" % (event.encode(), msgspec.json.encode(data))


class SseDecoder:
    """Bytes in any split -> whole events, in order.

    Line ends may be LF, CR or CRLF; comments and fields other than ``event`` and
    ``data`` are dropped. Bytes that are no UTF-8 become replacement characters, as the
    standard asks. An event of more bytes than ``longest``, and a stream of more than ``most``,
    raises EventTooLong before it is gathered; None takes any.
    """

    def __init__(self, longest: int | None = None, most: int | None = None) -> None:
        self._longest = math.inf if longest is None else longest
        self._most = math.inf if most is None else most
        self._size = 0
        self._total = 0
        self._tail = bytearray()
        self._scanned = 0
        self._started = False
        self._after_cr = False
        self._event = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """The events that ``chunk`` completes. Raises EventTooLong."""
        self._total += len(chunk)
        if self._total > self._most:
            raise EventTooLong(f"more than {self._most} bytes")
        self._tail += chunk
        if not self._started and not self._skip_bom():
            return []
        events: list[ServerSentEvent] = []
        while (line := self._next_line()) is not None:
            self._take(line, events)
        self._check(len(self._tail))
        return events

    def close(self) -> list[ServerSentEvent]:
        """The stream ended: the last event, where its closing blank line is missing."""
        events: list[ServerSentEvent] = []
        if self._tail:
            self._take(bytes(self._tail), events)
            self._tail.clear()
        self._take(b"", events)
        return events

    def _check(self, more: int) -> None:
        if self._size + more > self._longest:
            raise EventTooLong(f"an event of more than {self._longest} bytes")

    def _skip_bom(self) -> bool:
        """Drop a leading byte order mark; False while too few bytes came to tell."""
        if len(self._tail) < len(_BOM) and _BOM.startswith(self._tail):
            return False
        self._started = True
        if self._tail.startswith(_BOM):
            del self._tail[: len(_BOM)]
        return True

    def _next_line(self) -> bytes | None:
        if self._after_cr and self._tail:
            self._after_cr = False
            if self._tail[0] == 0x0A:
                del self._tail[0]
        end = self._line_end()
        if end is None:
            self._scanned = len(self._tail)
            return None
        line = bytes(self._tail[:end])
        self._after_cr = self._tail[end] == 0x0D
        del self._tail[: end + 1]
        self._scanned = 0
        return line

    def _line_end(self) -> int | None:
        ends = (self._tail.find(b"\n", self._scanned), self._tail.find(b"\r", self._scanned))
        return min((end for end in ends if end >= 0), default=None)

    def _take(self, line: bytes, events: list[ServerSentEvent]) -> None:
        if not line:
            self._dispatch(events)
            return
        name, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._event = value
        elif name == "data":
            self._check(len(line))
            self._size += len(line)
            self._data.append(value)

    def _dispatch(self, events: list[ServerSentEvent]) -> None:
        if self._data:
            events.append(ServerSentEvent(self._event or "message", "\n".join(self._data)))
        self._event = ""
        self._data = []
        self._size = 0
