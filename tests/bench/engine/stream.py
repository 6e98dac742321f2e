"""One streamed request over HTTP, with the time of everything that came: ``ask``.

Knows the Messages API and the Chat Completions API as far as timing needs them. Keeps
bytes while the answer runs and reads them afterwards: the bench must not take the cores
that it measures.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from threading import Event
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from tests.bench.engine.figures import rate
from tests.bench.engine.sse import Decoder

PATIENCE_S = 3600.0
_CHUNK = 65536
_HEADERS = {"content-type": "application/json", "authorization": "Bearer local"}


class BenchError(Exception):
    """A server did not do what was asked; the text says what it answered."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Content that came at once: when, and how many characters."""

    at: float
    size: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. ``fresh`` prompt tokens were computed, ``cached`` ones were not."""

    started: float
    ended: float
    arrivals: tuple[Arrival, ...]
    text: str
    fresh: int
    cached: int
    written: int

    @property
    def prompt(self) -> int:
        return self.fresh + self.cached

    @property
    def first(self) -> float:
        """When the first content came; the end, for an answer without content."""
        return self.arrivals[0].at if self.arrivals else self.ended

    @property
    def ttft(self) -> float:
        return self.first - self.started

    @property
    def seconds(self) -> float:
        return self.ended - self.started

    @property
    def times(self) -> list[float]:
        return [arrival.at for arrival in self.arrivals]

    def rate(self) -> float:
        """Tokens a second from the first to the last. Raises BenchError for too few."""
        try:
            return rate(self.times, [arrival.size for arrival in self.arrivals], self.written)
        except ValueError:
            raise BenchError(f"an answer too short to measure: {self.text[:80]!r}") from None


Piece = tuple[float, bytes]


def ask(
    base_url: str,
    body: Mapping[str, Any],
    *,
    path: str = "/v1/messages",
    begun: Event | None = None,
) -> Answer:
    """Send ``body`` and read its stream to the end. ``begun`` is set by the first content."""
    connection = _connect(base_url)
    data = json.dumps(body).encode()
    try:
        started = monotonic()
        connection.request("POST", path, data, _headers())
        response = connection.getresponse()
        if response.status != 200:
            raise BenchError(f"{path}: status {response.status}: {_words(response.read())}")
        pieces: list[Piece] = []
        while piece := response.read1(_CHUNK):
            pieces.append((monotonic(), piece))
            if begun is not None and b'"delta"' in piece:
                begun.set()
        return read(pieces, started, monotonic())
    finally:
        if begun is not None:
            begun.set()
        connection.close()


def count(base_url: str, body: Mapping[str, Any]) -> int:
    """How many prompt tokens ``body`` makes, in the server's own words."""
    kept = {"model", "messages", "system", "tools", "tool_choice"}
    asked = {key: value for key, value in body.items() if key in kept}
    connection = _connect(base_url)
    try:
        connection.request(
            "POST", "/v1/messages/count_tokens", json.dumps(asked).encode(), _headers()
        )
        response = connection.getresponse()
        data = response.read()
        if response.status != 200:
            raise BenchError(f"count_tokens: status {response.status}: {_words(data)}")
        tokens: int = json.loads(data)["input_tokens"]
        return tokens
    finally:
        connection.close()


def measure(base_url: str, name: str) -> float:
    """One of codriver's own measures, 0 while it has none."""
    connection = _connect(base_url)
    try:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
    finally:
        connection.close()
    found = re.search(rf"^codriver_{name}{{[^}}]*}} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def _connect(base_url: str) -> HTTPConnection:
    address = urlsplit(base_url)
    return HTTPConnection(address.hostname or "127.0.0.1", address.port, timeout=PATIENCE_S)


def _headers() -> dict[str, str]:
    return _HEADERS | {"anthropic-version": "2023-06-01"}


def _words(data: bytes) -> str:
    return data.decode("utf-8", "replace")[:300]


def read(pieces: Sequence[Piece], started: float, ended: float) -> Answer:
    """The answer that came as ``pieces``. Raises BenchError for one that ended in an error."""
    decoder, arrivals, texts = Decoder(), [], []
    usage: dict[str, int] = {}
    for at, piece in pieces:
        events = decoder.feed(piece)
        text = "".join(map(content, events))
        if text:
            arrivals.append(Arrival(at, len(text)))
            texts.append(text)
        for event in events:
            if "error" in event:
                raise BenchError(f"the stream ended in an error: {event['error']}")
            usage |= _usage(event)
    cached = usage.get("cache_read_input_tokens", 0)
    made = usage.get("cache_creation_input_tokens", 0)
    return Answer(
        started=started,
        ended=ended,
        arrivals=tuple(arrivals),
        text="".join(texts),
        fresh=usage.get("input_tokens", usage.get("prompt_tokens", 0)) + made,
        cached=cached,
        written=usage.get("output_tokens", usage.get("completion_tokens", len(arrivals))),
    )


def content(event: Mapping[str, Any]) -> str:
    """What an event shows: text, thoughts, a call's name or arguments; empty where nothing."""
    match event:
        case {"type": "content_block_start", "content_block": {"type": "tool_use", "name": name}}:
            return str(name)
        case {"type": "content_block_delta", "delta": dict(delta)}:
            shown = (delta.get(key) for key in ("text", "thinking", "partial_json"))
            return "".join(str(part) for part in shown if part)
        case {"choices": [{"delta": {"content": str(text)}}, *_]}:
            return text
        case _:
            return ""


def _usage(event: Mapping[str, Any]) -> dict[str, int]:
    """The counts an event carries; later ones correct earlier ones."""
    inner = event.get("message")
    found = (inner if isinstance(inner, dict) else event).get("usage") or {}
    return {key: value for key, value in found.items() if isinstance(value, int)}
