"""What an answer took, read beside it: out of its events, or out of bytes that are passed on.

Of a stream only the beginning and the end are looked at, and its events are counted without being
parsed. Where a server does not say what it counted, or not to the end, what was written is
guessed by its length. Pure; for this package.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace

from edge.chat import Event, Finished, Started, TextDelta, ThinkingDelta, ToolCallDelta, Usage
from edge.dialects import anthropic, openai
from edge.engines.base import Used
from edge.engines.upstream.server import Dialect
from edge.units import Tokens

KEPT = 16_384
"""Bytes of a stream's beginning, and of its end, in which its counts are looked for."""
WHOLE = 1_048_576
"""Bytes of an answer in one piece that are kept to be read; one that is longer is guessed."""
UNPACKED = 4_194_304
"""Bytes that one piece may unpack to; one with more is not looked at any further."""
BYTES_PER_TOKEN = 3.6
"""Of UTF-8 text, as prompts are estimated."""
FRAME_BYTES = 115
"""Of an event of the Messages API, without the text in it."""

_DELTA: Mapping[Dialect, bytes] = {"anthropic": b"event: content_block_delta", "openai": b'"delta"'}
_LAST: Mapping[Dialect, bytes] = {"anthropic": b'"message_delta"', "openai": b'"usage"'}
_GZIP = 31
"""zlib's word for gzip's own header."""


class HeardTally:
    """Of an answer in events."""

    def __init__(self) -> None:
        self._is_begun = False
        self._usage = Usage()
        self._written = 0
        self._last: Usage | None = None

    def hear(self, event: Event) -> None:
        match event:
            case Started(_, usage):
                self._is_begun, self._usage = True, usage
            case TextDelta(text) | ThinkingDelta(text) | ToolCallDelta(text):
                self._written += len(text.encode("utf-8", "replace"))
            case Finished(_, usage):
                self._last = usage
            case _:
                pass

    def used(self) -> Used | None:
        """None where no answer began."""
        if not self._is_begun:
            return None
        if self._last is not None and self._last != Usage():
            return Used(self._last, counted=True)
        return _guessed(self._usage, self._written / BYTES_PER_TOKEN)


class RelayTally:
    """Of an answer in bytes; one whose status is not 200 takes nothing. ``encoding``: as its
    header says; what cannot be unpacked here is guessed as a whole."""

    def __init__(
        self, dialect: Dialect, status: int, encoding: str | None, *, stream: bool
    ) -> None:
        encoding = (encoding or "identity").strip().lower()
        self._dialect: Dialect = dialect
        self._status = status
        self._stream = stream
        self._gzip = zlib.decompressobj(_GZIP) if encoding == "gzip" else None
        self._is_readable = encoding in ("identity", "gzip")
        self._head = bytearray()
        self._tail = b""
        self._size = 0
        self._deltas = 0

    def feed(self, chunk: bytes) -> None:
        """The next bytes, as they came."""
        plain = self._unpacked(chunk)
        self._size += len(plain)
        if not self._is_readable:
            return
        room = (KEPT if self._stream else WHOLE) - len(self._head)
        if room > 0:
            self._head += plain[:room]
        if self._stream:
            self._tail = (self._tail + plain)[-KEPT:]
            self._deltas += plain.count(_DELTA[self._dialect])

    def _unpacked(self, chunk: bytes) -> bytes:
        if self._gzip is None or not self._is_readable:
            return chunk
        try:
            plain = self._gzip.decompress(chunk, UNPACKED)
        except zlib.error:
            plain, self._is_readable = b"", False
        if self._gzip.unconsumed_tail:
            self._is_readable = False
        return plain

    def used(self) -> Used | None:
        """None where nothing came."""
        if not self._size or self._status != 200:
            return None
        if not self._is_readable:
            # Packed text is a third of its size, and events are mostly frame.
            return _guessed(Usage(), self._size / BYTES_PER_TOKEN)
        return self._of_stream() if self._stream else self._of_whole()

    def _of_whole(self) -> Used:
        usage = _usage_in(self._dialect, bytes(self._head), Usage())
        if usage is None:
            return _guessed(Usage(), self._size / BYTES_PER_TOKEN)
        return Used(usage, counted=True)

    def _of_stream(self) -> Used:
        begun = Usage()
        if self._dialect == "anthropic":
            first = next(_lines(bytes(self._head), b'"message_start"'), b"")
            begun = _usage_in(self._dialect, first, begun) or begun
        for line in reversed(tuple(_lines(self._tail, _LAST[self._dialect]))):
            usage = _usage_in(self._dialect, line, begun)
            if usage is not None:
                return Used(usage, counted=True)
        return _guessed(begun, self._written())

    def _written(self) -> float:
        """Tokens. Servers of OpenAI's dialect send about one with each event."""
        if self._dialect == "openai" or not self._deltas:
            return self._deltas
        return max(self._deltas, (self._size - self._deltas * FRAME_BYTES) / BYTES_PER_TOKEN)


def _guessed(begun: Usage, written: float) -> Used:
    return Used(replace(begun, output=Tokens(max(begun.output, round(written)))), counted=False)


def _lines(data: bytes, word: bytes) -> Iterator[bytes]:
    """The JSON of the data lines in which ``word`` stands."""
    for line in data.splitlines():
        if line.startswith(b"data:") and word in line:
            yield line[5:]


def _usage_in(dialect: Dialect, data: bytes, before: Usage) -> Usage | None:
    if dialect == "openai":
        return openai.usage_in(data)
    return anthropic.usage_in(data, before)
