"""An answer of an Anthropic server that is passed on untouched, read on its way: ``RelayedStream``.

So that somebody else can go on with it where it breaks off: whole frames only are passed on, and
no piece of a tool call before all of it is there, nor the end of the block before it, so that
what a client has is never half a call. Pure: knows no socket. Called by routing.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from edge.dialects.anthropic.sequence import Kind
from edge.dialects.framing import LONGEST_EVENT, encode_sse
from edge.dialects.reading import UNREADABLE

_END = re.compile(rb"\r?\n\r?\n|\r\r")
_KIND = re.compile(rb"^event: ?(\w+)", re.MULTILINE)
_DATA = re.compile(rb"^data: ?(.*)$", re.MULTILINE)
_TEXT = b'"text_delta"'
_MESSAGE_STOP = encode_sse("message_stop", {"type": "message_stop"})


class RelayedStream:
    """One answer, as its client has it."""

    def __init__(self) -> None:
        self.calls = 0
        """Whole tool calls among it."""
        self.blocks = 0
        """Blocks that were begun."""
        self.open: Kind | None = None
        """The one that is not ended yet."""
        self.is_strange = False
        """Whether it cannot be told how it stands: nobody goes on with it."""
        self.is_whole = False
        self._said: list[bytes] = []
        self._ends = False
        self._in_call = False
        self._tail = bytearray()
        self._held = bytearray()

    @property
    def completed(self) -> int:
        """Blocks that the client has whole."""
        return self.blocks - (self.open is not None)

    def text(self) -> str:
        """All text that was passed on. Not read before somebody asks, as next to nobody does:
        only then is it known whether it is ``is_strange``."""
        pieces = []
        try:
            for frame in self._said:
                pieces.append(_data(frame)["delta"]["text"])
            return "".join(pieces)
        except UNREADABLE:
            self.is_strange = True
            return ""

    def feed(self, chunk: bytes) -> bytes:
        """What of the bytes so far may be passed on now."""
        self._tail += chunk
        passed, begin = bytearray(), 0
        while (end := _END.search(self._tail, begin)) is not None:
            passed += self._take(bytes(self._tail[begin : end.end()]))
            begin = end.end()
        del self._tail[:begin]
        if self.is_strange or self.is_whole or len(self._tail) > LONGEST_EVENT:
            self.is_strange = self.is_strange or not self.is_whole
            passed += self._release(bytes(self._tail))
            self._tail.clear()
        return bytes(passed)

    def ending(self) -> bytes | None:
        """The bytes that end it where only its last event is missing; None where more is."""
        return self._release(_MESSAGE_STOP) if self._ends else None

    def _take(self, frame: bytes) -> bytes:
        kind = _KIND.search(frame)
        try:
            return self._read(frame, b"" if kind is None else kind[1])
        except UNREADABLE:
            self.is_strange = True
            return self._release(frame)

    def _read(self, frame: bytes, kind: bytes) -> bytes:
        match kind:
            case b"content_block_delta":
                return self._delta(frame)
            case b"content_block_start":
                return self._start(frame)
            case b"content_block_stop":
                return self._stop(frame)
            case b"message_delta":
                self._ends = not self._in_call
                self._held += frame
                return b""
            case b"message_stop":
                self.is_whole = True
                return self._release(frame)
            case b"error":
                return self._release(frame)
            case _:
                return frame

    def _start(self, frame: bytes) -> bytes:
        kind = _data(frame)["content_block"]["type"]
        if kind == "tool_use":
            self._in_call = True
            self._held += frame
            return b""
        self.blocks += 1
        self.open = kind
        self.is_strange = self.is_strange or kind not in ("text", "thinking")
        return self._release(frame)

    def _delta(self, frame: bytes) -> bytes:
        if self._in_call:
            self._held += frame
            return b""
        if _TEXT in frame:
            self._said.append(frame)
        return self._release(frame)

    def _stop(self, frame: bytes) -> bytes:
        if not self._in_call:
            # Held: what follows may be half a call, and then the block is still open.
            self._held += frame
            return b""
        self._in_call = False
        self.calls += 1
        self.blocks += 1
        self.open = None
        return self._release(frame)

    def _release(self, frame: bytes) -> bytes:
        passed = bytes(self._held) + frame
        self._held.clear()
        return passed


def _data(frame: bytes) -> Any:
    found = _DATA.search(frame)
    return msgspec.json.decode(b"" if found is None else found[1])
