"""Starts and stops the servers that a bench measures: codriver and the peer.

Each is a child process on a free loopback port, with a log file, ended when the block
ends. Knows how each is called; knows no task and no client.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_server
from time import monotonic
from urllib.error import URLError
from urllib.request import urlopen

PEER_VERSION = "2026.10.11549"
READY_WITHIN_S = 300.0
STOP_WITHIN_S = 20.0
_POLL_S = 0.25


class ServerNotReady(Exception):
    """A server ended or stayed silent before it was ready; the text ends with its log."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How a server is started. ``ready_path`` answers 200 once the model is loaded."""

    name: str
    command: tuple[str, ...]
    port: int
    ready_path: str = "/v1/models"

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def free_port() -> int:
    """A port that was free a moment ago."""
    with create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def codriver(model: Path, context: int, extra: Sequence[str] = ()) -> Launch:
    """codriver from this checkout, as a person starts it."""
    port = free_port()
    options = ("--model", str(model), "--port", str(port), "--context", str(context), *extra)
    return Launch("codriver", (sys.executable, "-m", "edge", "serve", *options), port)


def peer(python: Path, model: Path, context: int, threads: int, sampling: str) -> Launch:
    """llama-server in the environment of ``python``, on the same file and settings."""
    port = free_port()
    script = Path(__file__).with_name("peer.py")
    options = ("--model", str(model), "--port", str(port), "--context", str(context))
    tuning = ("--threads", str(threads), "--sampling", sampling)
    command = (str(python), str(script), *options, *tuning)
    # /v1/models is answered while the model still loads; /health is not.
    return Launch("peer", command, port, ready_path="/health")


def ensure_peer_python(root: Path) -> Path:
    """The Python of an environment that holds xllamacpp, made under ``root`` when missing."""
    home = root / f"xllamacpp-{PEER_VERSION}"
    python, stamp = home / "bin" / "python", home / "complete"
    if not stamp.exists():
        venv.create(home, with_pip=True, clear=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", f"xllamacpp=={PEER_VERSION}"], check=True
        )
        stamp.touch()
    return python


@contextmanager
def running(launch: Launch, log: Path) -> Iterator[str]:
    """Start the server, wait until it is ready, give its base URL, end it. Its state lies in
    a folder of its own: nothing of an earlier run helps it."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as sink, tempfile.TemporaryDirectory(prefix="bench-state-") as state:
        process = subprocess.Popen(
            launch.command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env={**os.environ, "XDG_STATE_HOME": state},
        )
        try:
            _wait_until_ready(launch, process, log)
            yield launch.base_url
        finally:
            _stop(process)


def _wait_until_ready(launch: Launch, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = monotonic() + READY_WITHIN_S
    while monotonic() < deadline:
        if _answers(launch.base_url + launch.ready_path):
            return
        try:
            code = process.wait(timeout=_POLL_S)
        except subprocess.TimeoutExpired:
            continue
        raise ServerNotReady(f"{launch.name} ended with exit code {code}:\n{_tail(log)}")
    raise ServerNotReady(f"{launch.name} was not ready in {READY_WITHIN_S:.0f} s:\n{_tail(log)}")


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
