"""A server of canned Messages API turns: what the client's own behaviour is tested against.

Answers the n-th model request with the n-th turn, whatever it asks, and keeps the bodies
it was sent. Knows nothing of tasks or models. The bench's own tests use it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, ClassVar

Block = Mapping[str, Any]


def text(words: str) -> Block:
    """A text block of an assistant turn."""
    return {"type": "text", "text": words}


def call(name: str, arguments: Mapping[str, Any], tool_id: str = "toolu_scripted0") -> Block:
    """A tool_use block of an assistant turn."""
    return {"type": "tool_use", "id": tool_id, "name": name, "input": dict(arguments)}


@dataclass(slots=True)
class Script:
    """Turns yet to be played and the request bodies seen; the last turn is repeated for ever."""

    turns: Sequence[Sequence[Block]]
    requests: list[dict[str, Any]] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def next_turn(self, request: dict[str, Any]) -> Sequence[Block]:
        """The answer to ``request``, which is kept."""
        with self.lock:
            self.requests.append(request)
            return self.turns[min(len(self.requests), len(self.turns)) - 1]


def message(blocks: Sequence[Block]) -> dict[str, Any]:
    """A whole Messages API answer made of ``blocks``."""
    calls = any(block["type"] == "tool_use" for block in blocks)
    return {
        "id": "msg_scripted",
        "type": "message",
        "role": "assistant",
        "model": "scripted",
        "content": list(blocks),
        "stop_reason": "tool_use" if calls else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 5},
    }


def events(blocks: Sequence[Block]) -> Iterator[dict[str, Any]]:
    """The same answer as the events of a stream."""
    whole = message(blocks)
    yield {
        "type": "message_start",
        "message": whole | {"content": [], "stop_reason": None},
    }
    for index, block in enumerate(blocks):
        yield from _block_events(index, block)
    delta = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": delta, "usage": whole["usage"]}
    yield {"type": "message_stop"}


def _block_events(index: int, block: Block) -> Iterator[dict[str, Any]]:
    if block["type"] == "text":
        start: dict[str, Any] = {"type": "text", "text": ""}
        delta = {"type": "text_delta", "text": block["text"]}
    else:
        start = {**block, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
    yield {"type": "content_block_start", "index": index, "content_block": start}
    yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def frame(event: Mapping[str, Any]) -> bytes:
    """One event as a server-sent event."""
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


class _Handler(BaseHTTPRequestHandler):
    script: ClassVar[Script]

    def do_HEAD(self) -> None:
        self._answer("text/plain", b"")

    def do_GET(self) -> None:
        self._answer("application/json", b'{"data": []}')

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if "count_tokens" in self.path:
            self._answer("application/json", b'{"input_tokens": 10}')
            return
        blocks = self.script.next_turn(request)
        if request.get("stream"):
            self._answer("text/event-stream", b"".join(map(frame, events(blocks))))
        else:
            self._answer("application/json", json.dumps(message(blocks)).encode())

    def _answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet: the requests are kept, not printed."""


@contextmanager
def serving(script: Script) -> Iterator[str]:
    """Serve ``script`` on a free loopback port; gives the base URL."""
    handler = type("Handler", (_Handler,), {"script": script})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
