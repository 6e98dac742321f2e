"""The laptop's side of the bench: requests over bare sockets, and when what of the answer came.

    python -m tests.bench.link.laptop '{"do": "ask", "to": {...}, ...}'

Runs in the laptop's network namespace; prints one JSON object. Times are of CLOCK_MONOTONIC,
which all processes of a machine share, in seconds. No HTTP library is between: what it costs is
the same for everybody and small. Knows no row.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import ssl
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

RECEIVED = 65_536
END = b"\r\n0\r\n\r\n"
CONTENT = re.compile(rb"^event: ?content_block_delta", re.MULTILINE)
ROUTE = re.compile(rb"^x-codriver-route: *(\S+)", re.MULTILINE | re.IGNORECASE)
REASON = re.compile(rb"^x-codriver-reason: *([^\r\n]+)", re.MULTILINE | re.IGNORECASE)
WORDS = re.compile(rb'"text_delta","text":"([^"]*)"')


@dataclass(frozen=True)
class Target:
    """Who is asked. ``ca``: the file by which a TLS server is trusted; empty for plain HTTP."""

    host: str
    port: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)
    ca: str = ""
    name: str = ""
    path: str = "/v1/messages?beta=true"

    def request(self) -> bytes:
        body = Path(self.body).read_bytes()
        wanted = {"content-type": "application/json", "anthropic-version": "2023-06-01"}
        lines = [f"{name}: {value}" for name, value in {**wanted, **self.headers}.items()]
        head = [f"POST {self.path} HTTP/1.1", f"host: {self.name or self.host}", *lines]
        return "\r\n".join([*head, f"content-length: {len(body)}", "", ""]).encode() + body

    def context(self) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=self.ca) if self.ca else None

    def connect(self, timeout: float) -> socket.socket:
        sock = socket.create_connection((self.host, self.port), timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        context = self.context()
        if context is None:
            return sock
        return context.wrap_socket(sock, server_hostname=self.name or self.host)


@dataclass
class Answer:
    """One exchange; ``began``, ``byte`` (of the body), ``content`` and ``ended`` are times."""

    began: float = 0.0
    status: int = 0
    byte: float | None = None
    content: float | None = None
    ended: float | None = None
    whole: bool = False
    route: str = ""
    reason: str = ""
    text: str = ""
    error: str = ""
    gap: float = 0.0
    """The longest silence after the first byte of the body."""


def exchange(sock: socket.socket, request: bytes) -> Answer:
    """Send, and read to the end. What breaks is told in ``error``."""
    answer, data, last = Answer(began=monotonic()), bytearray(), 0.0
    try:
        sock.sendall(request)
        body = -1
        while not data.endswith(END):
            piece = sock.recv(RECEIVED)
            now = monotonic()
            if not piece:
                answer.error = "the connection was closed"
                break
            data += piece
            if body < 0 and (end := data.find(b"\r\n\r\n")) >= 0:
                body = end + 4
                _read_head(answer, bytes(data[:end]))
            if body >= 0 and len(data) > body:
                if answer.byte is None:
                    answer.byte = now
                else:
                    answer.gap = max(answer.gap, now - last)
                last = now
                if answer.content is None and CONTENT.search(data):
                    answer.content = now
            if answer.status != 200 and body >= 0 and b"transfer-encoding" not in data[:body]:
                break
    except OSError as error:
        answer.error = f"{type(error).__name__}: {error}"
    answer.ended = monotonic()
    answer.whole = b"event: message_stop" in data and data.endswith(END)
    answer.text = b"".join(WORDS.findall(bytes(data))).decode()
    return answer


def _read_head(answer: Answer, head: bytes) -> None:
    answer.status = int(head.split(b" ", 2)[1])
    if found := ROUTE.search(head):
        answer.route = found[1].decode()
    if found := REASON.search(head):
        answer.reason = found[1].decode()


def ask(to: Target, timeout: float) -> dict[str, Any]:
    """One request over a connection of its own."""
    try:
        sock = to.connect(timeout)
    except OSError as error:
        return asdict(Answer(began=monotonic(), error=f"{type(error).__name__}: {error}"))
    with sock:
        return asdict(exchange(sock, to.request()))


def latency(targets: list[Target], rounds: int, warm: int, timeout: float) -> dict[str, Any]:
    """Each target in turn, again and again, over one connection each: seconds to the first byte."""
    taken: dict[str, list[float]] = {}
    lanes = [(str(at), to, to.request(), to.connect(timeout)) for at, to in enumerate(targets)]
    for number in range(warm + rounds):
        for name, to, request, sock in lanes:
            answer = exchange(sock, request)
            if answer.byte is None or not answer.whole:
                raise SystemExit(f"{to.host}:{to.port} did not answer: {answer}")
            if number >= warm:
                taken.setdefault(name, []).append(answer.byte - answer.began)
    for _, _, _, sock in lanes:
        sock.close()
    return {"taken": [taken[str(at)] for at in range(len(targets))]}


class _Reader(asyncio.Protocol):
    """One connection that asks again as soon as an answer is whole."""

    def __init__(self, load: _Load) -> None:
        self._load = load
        self._tail = b""
        self._is_first = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._load.request)

    def data_received(self, data: bytes) -> None:
        if self._is_first:
            self._is_first = False
            if not data.startswith(b"HTTP/1.1 200"):
                self._load.failed(data[:300])
        self._tail = (self._tail + data)[-64:]
        if self._tail.endswith(END):
            self._load.whole += 1
            self._tail, self._is_first = b"", True
            self._transport.write(self._load.request)

    def connection_lost(self, error: Exception | None) -> None:
        if not self._load.over:
            self._load.failed(b"the connection was closed")


@dataclass
class _Load:
    request: bytes
    whole: int = 0
    over: bool = False
    errors: list[str] = field(default_factory=list)

    def failed(self, why: bytes) -> None:
        self.errors.append(why.decode("latin-1"))


async def streams(to: Target, at_once: int, seconds: float, warm: float) -> dict[str, Any]:
    """Whole streams a second while ``at_once`` connections ask again and again."""
    load, loop = _Load(to.request()), asyncio.get_running_loop()
    made = [
        await loop.create_connection(
            lambda: _Reader(load),
            to.host,
            to.port,
            ssl=to.context(),
            server_hostname=(to.name or to.host) if to.ca else None,
        )
        for _ in range(at_once)
    ]
    await asyncio.sleep(warm)
    before, began = load.whole, monotonic()
    await asyncio.sleep(seconds)
    rate, load.over = (load.whole - before) / (monotonic() - began), True
    for transport, _ in made:
        transport.abort()
    return {"rate": rate, "whole": load.whole - before, "errors": load.errors[:3]}


def main(wish: dict[str, Any]) -> dict[str, Any]:
    """What is wished for, as one JSON object."""
    timeout = wish.get("timeout", 60.0)
    match wish["do"]:
        case "ask":
            return ask(Target(**wish["to"]), timeout)
        case "latency":
            targets = [Target(**one) for one in wish["to"]]
            return latency(targets, wish["rounds"], wish["warm"], timeout)
        case "streams":
            to = Target(**wish["to"])
            return asyncio.run(streams(to, wish["at_once"], wish["seconds"], wish["warm"]))
        case other:
            raise SystemExit(f"nothing is called {other}")


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
