"""A small hub on loopback that serves what huggingface_hub asks for, and misbehaves on demand.

    with fake_hub({"someone/Toy-GGUF": {"toy-Q4_K_M.gguf": data}}) as hub:
        hub.faults.append(Fault("cut", after=1000))
        fetch(HubFile("someone/Toy-GGUF", "toy-Q4_K_M.gguf"), folder, endpoint=hub.url)
        assert hub.ranges() == ["", "bytes=1000-"]

As a program it serves the files of a folder: python -m tests.catalog.fake_hub OWNER/NAME DIR
"""

from __future__ import annotations

import hashlib
import http.server
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
STEP = 4096
PAGE = b"<!DOCTYPE html><html><body>Welcome to the train's network. Please log in.</body></html>"

Kind = Literal["html", "stall", "cut", "wrong", "status", "no-ranges"]


@dataclass
class Fault:
    """One way to misbehave, so often (None: always), at requests of that method.

    ``after``: bytes that a cut or a stall lets through. ``where``: "api" for listings, "file".
    """

    kind: Kind
    after: int = 0
    status: int = 500
    code: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "GET"
    where: str = "file"
    times: int | None = 1


@dataclass(frozen=True)
class Seen:
    """A request that came in."""

    method: str
    path: str
    range: str
    agent: str
    authorization: str


class FakeHub:
    """What is served, what was asked, and what shall go wrong next."""

    def __init__(self, repositories: dict[str, dict[str, bytes]], *, cdn: bool = True) -> None:
        self.repositories = repositories
        self.cdn = cdn
        self.tells_sha256 = True
        self.faults: list[Fault] = []
        self.seen: list[Seen] = []
        self.stalled = threading.Event()
        self.closing = threading.Event()
        self.url = ""

    def ranges(self) -> list[str]:
        """The Range header of each request for bytes, in order."""
        return [one.range for one in self.seen if one.method == "GET" and "/cdn/" in one.path]

    def fault(self, method: str, where: str) -> Fault | None:
        for fault in self.faults:
            if (fault.method, fault.where) == (method, where):
                if fault.times is not None:
                    fault.times -= 1
                    if not fault.times:
                        self.faults.remove(fault)
                return fault
        return None


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, hub: FakeHub) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.hub = hub

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are the point."""


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        hub = self.server.hub
        path = unquote(urlsplit(self.path).path)
        told = [self.headers.get(name, "") for name in ("Range", "User-Agent", "Authorization")]
        hub.seen.append(Seen(self.command, path, *told))
        if path.startswith("/cdn/"):
            _, _, owner, name, file = path.split("/", 4)
            self._bytes(hub.repositories[f"{owner}/{name}"][file])
        elif path.startswith("/api/models/"):
            self._listing("/".join(path.split("/")[3:5]))
        elif "/resolve/" in path:
            repository, _, rest = path[1:].partition("/resolve/")
            self._file(repository, rest.partition("/")[2])
        else:
            self._say(404)

    def _listing(self, repository: str) -> None:
        fault = self.server.hub.fault("GET", "api")
        if fault is not None:
            self._misbehave(fault)
        elif repository not in self.server.hub.repositories:
            self._say(401, {"X-Error-Code": "RepoNotFound"})
        else:
            files = self.server.hub.repositories[repository]
            siblings = [{"rfilename": name} for name in files]
            body = json.dumps({"id": repository, "sha": COMMIT, "siblings": siblings}).encode()
            self._say(200, {"Content-Type": "application/json"}, body)

    def _file(self, repository: str, file: str) -> None:
        hub = self.server.hub
        fault = hub.fault("HEAD", "file") if self.command == "HEAD" else None
        if fault is not None:
            self._misbehave(fault)
        elif repository not in hub.repositories:
            self._say(401, {"X-Error-Code": "RepoNotFound"})
        elif file not in hub.repositories[repository]:
            self._say(404, {"X-Error-Code": "EntryNotFound"})
        else:
            data = hub.repositories[repository][file]
            told = {"X-Repo-Commit": COMMIT, "X-Xet-Hash": "1" * 64, "ETag": '"a-pointer"'}
            if hub.tells_sha256:
                told["X-Linked-ETag"] = f'"{hashlib.sha256(data).hexdigest()}"'
                told["X-Linked-Size"] = str(len(data))
            # Another name of this host, as the store of large files is another host.
            port = self.server.server_address[1]
            told["Location"] = f"http://localhost:{port}/cdn/{repository}/{file}"
            self._say(302, told)

    def _bytes(self, data: bytes) -> None:
        fault = self.server.hub.fault("GET", "file") if self.command == "GET" else None
        if fault is not None and fault.kind in ("html", "status"):
            self._misbehave(fault)
            return
        if fault is not None and fault.kind == "wrong":
            data = data[:-1] + bytes([data[-1] ^ 1])
        start = 0
        asked = self.headers.get("Range", "")
        headers = {"Accept-Ranges": "bytes", "ETag": '"of-the-store"'}
        if asked and (fault is None or fault.kind != "no-ranges"):
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(data):
                self._say(416, {"Content-Range": f"bytes */{len(data)}"})
                return
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        self.send_response(206 if "Content-Range" in headers else 200)
        for name, value in {**headers, "Content-Length": str(len(data) - start)}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self._stream(data[start:], fault)

    def _stream(self, data: bytes, fault: Fault | None) -> None:
        ends = fault is not None and fault.kind in ("cut", "stall")
        if fault is not None and ends:
            data = data[: fault.after]
        for at in range(0, len(data), STEP):
            self.wfile.write(data[at : at + STEP])
        if fault is not None and ends:
            if fault.kind == "stall":
                self.server.hub.stalled.set()
                self.server.hub.closing.wait()
            self.close_connection = True

    def _misbehave(self, fault: Fault) -> None:
        if fault.kind == "html":
            self._say(200, {"Content-Type": "text/html"}, PAGE)
        elif fault.kind == "stall":
            self.server.hub.closing.wait()
        elif fault.kind == "cut":
            self.close_connection = True
        else:
            code = {"X-Error-Code": fault.code} if fault.code else {}
            self._say(fault.status, {**code, **fault.headers})

    def _say(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextmanager
def fake_hub(repositories: dict[str, dict[str, bytes]]) -> Iterator[FakeHub]:
    """A hub that runs while the block does."""
    hub = FakeHub(repositories)
    server = Server(hub)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


def main(repository: str, folder: str) -> None:
    """Serve a folder's files until interrupted."""
    files = {path.name: path.read_bytes() for path in Path(folder).iterdir() if path.is_file()}
    with fake_hub({repository: files}) as hub:
        print(hub.url, flush=True)
        hub.closing.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
