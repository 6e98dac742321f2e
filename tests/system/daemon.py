"""Starts the real daemon as a person does and talks plain HTTP to it."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MODELS_DIR = ROOT / ".models"
START_SECONDS = 240.0
STOP_SECONDS = 40.0
HEAR_SECONDS = 30.0
_SERVING = re.compile(r"^serving +(http://\S+)", re.MULTILINE)


@dataclass
class Daemon:
    """A running ``codriver serve``. ``said`` is what it has printed."""

    process: subprocess.Popen[str]
    said: str = ""
    url: str = ""
    _up: threading.Event = field(default_factory=threading.Event)
    _heard: threading.Condition = field(default_factory=threading.Condition)
    _silent: bool = False

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.url.removeprefix("http://").rsplit(":", 1)
        return host, int(port)

    def listen(self) -> None:
        """The reader thread's body."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._heard:
                self.said += line
                self._heard.notify_all()
            if not self.url and (found := _SERVING.search(self.said)):
                self.url = found[1]
                self._up.set()
        with self._heard:
            self._silent = True
            self._heard.notify_all()
        self._up.set()

    def wait_up(self) -> None:
        assert self._up.wait(START_SECONDS), f"not up in time:\n{self.said}"
        assert self.url, f"ended before it was up:\n{self.said}"

    def heard(self, words: str, since: int = 0) -> bool:
        """Whether it says ``words``, now or in a while: what it prints comes through a pipe.

        ``since`` leaves out so many characters of what it had said before.
        """
        with self._heard:
            self._heard.wait_for(lambda: words in self.said[since:] or self._silent, HEAR_SECONDS)
            return words in self.said[since:]

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """One request; a ``body`` that is not bytes is sent as JSON."""
        connection = http.client.HTTPConnection(*self.address, timeout=200)
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection.request(method, path, data, {k.replace("_", "-"): v for k, v in headers.items()})
        answer = connection.getresponse()
        reply = Reply(answer.status, dict(answer.getheaders()), answer.read())
        connection.close()
        return reply

    def workers(self) -> list[int]:
        """The process ids of the daemon's children."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(word) for word in path.read_text().split()]


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@contextmanager
def serving(*options: str) -> Iterator[Daemon]:
    """``codriver serve`` on a free port with these options, up and loaded."""
    with started("--port", "0", "--models-dir", str(MODELS_DIR), *options) as daemon:
        daemon.wait_up()
        yield daemon


@contextmanager
def started(
    *options: str, inside: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> Iterator[Daemon]:
    """The process, whether it comes up or not; ended when the block ends.

    ``inside`` is a command that runs it elsewhere (a network namespace), ``environment``
    goes over this process's own; its state lies in a folder of its own unless that says
    otherwise.
    """
    with tempfile.TemporaryDirectory(prefix="codriver-state-") as state:
        process = subprocess.Popen(
            [*inside, sys.executable, "-m", "edge", "serve", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env={**os.environ, "XDG_STATE_HOME": state, **(environment or {})},
        )
        daemon = Daemon(process)
        reader = threading.Thread(target=daemon.listen)
        reader.start()
        try:
            yield daemon
        finally:
            _end(process, reader)


def _end(process: subprocess.Popen[str], reader: threading.Thread) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    finally:
        process.kill()
        reader.join()
        assert process.stdout is not None
        process.stdout.close()


def run_codriver(*arguments: Sequence[str] | str) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    command = [sys.executable, "-m", "edge", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)


def sse(body: bytes) -> list[tuple[str, Any]]:
    """The events of a streamed answer."""
    frames = [frame for frame in body.decode().split("\n\n") if frame.strip()]
    events = []
    for frame in frames:
        lines = dict(line.split(": ", 1) for line in frame.splitlines())
        events.append((lines["event"], json.loads(lines["data"])))
    return events


def text_of(events: Sequence[tuple[str, Any]]) -> str:
    return "".join(
        data["delta"].get("text", "") for name, data in events if name == "content_block_delta"
    )
