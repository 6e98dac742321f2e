"""A cloud that stands in for Anthropic's: streams as its API sends them, as fast as wanted.

    python -m tests.bench.link.cloud --port 443 [--certificate FILE] [--port 80 ...]

Answers ``POST /v1/messages`` on bare sockets (no HTTP library: it must not be the bottleneck).
Reads JSON lines from standard input and answers each with one, which tells what was seen:

    {"first": 0.3, "gap": 0.05, "words": 40, "steps": 3}   seconds to the first byte and between
                                                         events, and what is answered
    {"cut": [2, 7]}   say {"cut": ...} by itself when event 7 of the second answer has been sent
    {"portal": true}  a sign-in page in answer to everything
    {"report": true}  only asks; {"forget": true} counts from nought

It ends with its input. A connection that is dropped in the middle is nothing to it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import ssl
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.bench.link.answers import Plan, text_answer, turn

HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"cache-control: no-cache\r\nrequest-id: req_standin\r\ntransfer-encoding: chunked\r\n\r\n"
)
PAGE = b"<!DOCTYPE html><html><body>Welcome aboard. Please sign in.</body></html>"
CREDENTIALS = ("x-api-key", "authorization")


@dataclass
class Cloud:
    """What is answered, and what was seen. Used on one event loop."""

    plan: Plan = field(default_factory=Plan)
    first: float = 0.0
    gap: float = 0.0
    portal: bool = False
    cut: tuple[int, int] | None = None
    asked: int = 0
    finished: int = 0
    connections: int = 0
    credentials: set[str] = field(default_factory=set)

    def obey(self, wishes: dict[str, Any]) -> dict[str, Any]:
        """Change what is named; tells what was seen. Raises ValueError, TypeError."""
        wishes.pop("report", None)
        if wishes.pop("forget", False):
            self.asked = self.finished = self.connections = 0
            self.credentials.clear()
        self.plan = replace(
            self.plan, **{name: wishes.pop(name) for name in ("words", "steps") if name in wishes}
        )
        for name in ("first", "gap", "portal"):
            if name in wishes:
                setattr(self, name, wishes.pop(name))
        if "cut" in wishes:
            self.cut = tuple(wishes.pop("cut"))
        if wishes:
            raise ValueError(f"nothing is called {next(iter(wishes))}")
        return {
            "asked": self.asked,
            "finished": self.finished,
            "connections": self.connections,
            "credentials": sorted(self.credentials),
        }

    def answer(self, body: bytes) -> tuple[bytes, ...]:
        """The events of the answer to one more request."""
        self.asked += 1
        if self.plan.steps:
            return turn(self.asked, body, self.plan)
        return text_answer(1, self.plan)

    def sent(self, answer: int, events: int) -> None:
        if self.cut == (answer, events):
            self.cut = None
            tell({"cut": [answer, events]})


def tell(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class Connection(asyncio.Protocol):
    """One client; its requests are answered one after the other."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._loop = asyncio.get_running_loop()
        self._data = bytearray()
        self._length: int | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._cloud.connections += 1

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        self._data += data
        while self._transport is not None and self._one():
            pass

    def _one(self) -> bool:
        """Take one request if it is whole."""
        if self._length is None:
            end = self._data.find(b"\r\n\r\n")
            if end < 0:
                return False
            self._head(bytes(self._data[:end]).decode("latin-1"))
            del self._data[: end + 4]
        assert self._length is not None
        if len(self._data) < self._length:
            return False
        body = bytes(self._data[: self._length])
        del self._data[: self._length]
        self._length = None
        self._respond(body)
        return True

    def _head(self, head: str) -> None:
        self._request, *lines = head.split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        self._length = int(headers.get("content-length", 0))
        self._cloud.credentials.update(headers[name] for name in CREDENTIALS if name in headers)
        if headers.get("expect"):
            self._write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _respond(self, body: bytes) -> None:
        if self._cloud.portal:
            self._whole("200 OK", "text/html", PAGE)
        elif not self._request.startswith("POST /v1/messages"):
            self._whole(
                "404 Not Found", "application/json", b'{"error":{"type":"not_found_error"}}'
            )
        elif "count_tokens" in self._request:
            self._whole("200 OK", "application/json", b'{"input_tokens":1234}')
        else:
            events = self._cloud.answer(body)
            self._send(HEAD, events, 0, self._cloud.asked, self._cloud.first)

    def _whole(self, status: str, kind: str, body: bytes) -> None:
        head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
        self._write(head.encode() + body)

    def _send(
        self, head: bytes, events: tuple[bytes, ...], at: int, number: int, pause: float
    ) -> None:
        """The events from ``at`` on, each in a write of its own, with pauses between."""
        if pause:
            self._loop.call_later(pause, self._send, head, events, at, number, 0.0)
            return
        for here in range(at, len(events)):
            if self._transport is None:
                return
            self._write(head + chunk(events[here]))
            self._cloud.sent(number, here + 1)
            head = b""
            if self._cloud.gap and here + 1 < len(events):
                self._loop.call_later(
                    self._cloud.gap, self._send, b"", events, here + 1, number, 0.0
                )
                return
        self._write(b"0\r\n\r\n")
        self._cloud.finished += 1

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)


async def serve(cloud: Cloud, ports: Sequence[int], context: ssl.SSLContext | None) -> None:
    """Until the input ends. The first port speaks TLS where there is a certificate."""
    loop = asyncio.get_running_loop()
    for place, port in enumerate(ports):
        tls = context if place == 0 else None
        await loop.create_server(lambda: Connection(cloud), "0.0.0.0", port, ssl=tls, backlog=512)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    tell({"ready": list(ports)})
    while line := await reader.readline():
        try:
            tell(cloud.obey(json.loads(line)))
        except (ValueError, TypeError) as error:
            tell({"error": str(error)})


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="A cloud that stands in for Anthropic's.")
    parser.add_argument("--port", type=int, action="append", required=True)
    parser.add_argument("--certificate", type=Path, help="PEM with its key: the first port is TLS")
    given = parser.parse_args(arguments)
    context = None
    if given.certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(given.certificate)
    # That somebody has gone in the middle of an answer is what is wanted here.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    asyncio.run(serve(Cloud(), given.port, context))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
