"""A relay on loopback between client and server that keeps every exchange.

Passes the answer's bytes on as they come; may set sampling fields in requests, so that
two servers are asked for the same. When the client goes away it goes away too, so the
server sees the cancellation. Knows no task.
"""

from __future__ import annotations

import json
import select
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from threading import Thread
from time import monotonic
from typing import Any, ClassVar, cast
from urllib.parse import urlsplit

_CHUNK = 65536


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer; ``status`` is 0 where none came."""

    method: str
    path: str
    request: Any
    status: int
    response: str
    seconds: float


@dataclass(slots=True)
class Recorder:
    """Where to relay to, what to set, and what was seen."""

    target: str
    sampling: Mapping[str, float] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)

    def request_body(self, path: str, body: bytes) -> bytes:
        """The body to send on: ``sampling`` set in model requests, all else untouched."""
        if not self.sampling or urlsplit(path).path != "/v1/messages":
            return body
        return json.dumps(json.loads(body) | dict(self.sampling)).encode()


@contextmanager
def recording(recorder: Recorder) -> Iterator[str]:
    """Relay on a free loopback port; gives the base URL to hand to the client."""
    handler = type("Handler", (_Handler,), {"recorder": recorder})
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False


class _Handler(BaseHTTPRequestHandler):
    recorder: ClassVar[Recorder]

    def do_HEAD(self) -> None:
        self._relay()

    def do_GET(self) -> None:
        self._relay()

    def do_POST(self) -> None:
        self._relay()

    def _relay(self) -> None:
        started = monotonic()
        self.close_connection = True
        length = int(self.headers.get("content-length") or 0)
        body = self.recorder.request_body(self.path, self.rfile.read(length))
        answer = self._exchange(self._head(len(body)) + body)
        status, text = parse_answer(answer, self.command)
        self.recorder.exchanges.append(
            Exchange(self.command, self.path, _json(body), status, text, monotonic() - started)
        )

    def _head(self, length: int) -> bytes:
        """The request's head, for a connection that carries this request only."""
        dropped = {"host", "connection", "content-length", "accept-encoding"}
        lines = [f"{self.command} {self.path} HTTP/1.1"]
        lines += [f"{k}: {v}" for k, v in self.headers.items() if k.lower() not in dropped]
        lines += [f"host: {urlsplit(self.recorder.target).netloc}", "connection: close"]
        lines += [f"content-length: {length}", "", ""]
        return "\r\n".join(lines).encode("latin-1")

    def _exchange(self, request: bytes) -> bytes:
        """Send ``request`` on, pass the answer back; gives what of it came."""
        target = urlsplit(self.recorder.target)
        address = (target.hostname or "127.0.0.1", target.port or 80)
        kept = BytesIO()
        try:
            with socket.create_connection(address) as server:
                server.sendall(request)
                for piece in _pieces(server, self.connection):
                    kept.write(piece)
                    self.connection.sendall(piece)
        except OSError:
            pass  # either side is gone: what came so far is the record
        return kept.getvalue()

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet: exchanges are kept, not printed."""


def _pieces(server: socket.socket, client: socket.socket) -> Iterator[bytes]:
    """The server's bytes until it closes, or until the client has gone."""
    while True:
        ready, _, _ = select.select([server, client], [], [])
        if server in ready:
            piece = server.recv(_CHUNK)
            if not piece:
                return
            yield piece
        elif not client.recv(1, socket.MSG_PEEK):
            return
        else:
            client.setblocking(True)
            yield from _rest(server)
            return


def _rest(server: socket.socket) -> Iterator[bytes]:
    """All that is left, for a client that talks ahead and so cannot be watched."""
    while piece := server.recv(_CHUNK):
        yield piece


class _Canned:
    """Bytes in the shape of a socket, which HTTPResponse wants to read from."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_args: object) -> BytesIO:
        return BytesIO(self._data)


def parse_answer(answer: bytes, method: str) -> tuple[int, str]:
    """Status and body text of an answer as it came over the wire; (0, "") where none came."""
    response = HTTPResponse(cast("socket.socket", _Canned(answer)), method=method)
    try:
        response.begin()
    except (HTTPException, OSError):
        return 0, ""
    pieces: list[bytes] = []
    try:
        while piece := response.read1(_CHUNK):
            pieces.append(piece)
    except (HTTPException, OSError):
        pass  # cut in the middle: the pieces are what came
    return response.status, b"".join(pieces).decode("utf-8", "replace")


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")
