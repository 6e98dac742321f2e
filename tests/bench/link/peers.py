"""The routers that codriver is measured beside, made once, and how each is started.

LiteLLM's proxy goes into a virtual environment of its own, claude-code-router into a folder of
npm's, both under ``.bench``. One that cannot be had is said to be missing and why; the figures
beside it are then missing too, never silently.

    python -m tests.bench.link.peers [litellm] [ccr]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import aiohttp

from tests.bench.agent.client import ClientUnavailable, run_npm
from tests.bench.link.place import CLOUD_KEY, CLOUD_NAME, MODEL, TOKEN, Place
from tests.system.hosts import at

ROOT = Path(".bench")
LITELLM = "litellm[proxy]"
CCR = "@musistudio/claude-code-router@2.0.0"
READY_WITHIN_S = 120.0
STOP_WITHIN_S = 10.0
LITELLM_PORT, CCR_PORT, BARE_PORT = 4142, 4143, 4144


class PeerMissing(Exception):
    """It cannot be had or does not start or answer here; the text says why."""


TROUBLE = (PeerMissing, ClientUnavailable, OSError, subprocess.SubprocessError)
"""What leaves a peer out, and is told."""


@dataclass(frozen=True, slots=True)
class Peer:
    """How one is called and started in the box's namespace."""

    name: str
    version: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    port: int

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def ensure_litellm(root: Path = ROOT) -> Path:
    """Its Python, in an environment of its own. Raises PeerMissing."""
    home = (root / "litellm").resolve()
    python, stamp = home / "bin" / "python", home / "complete"
    if not stamp.exists():
        venv.create(home, with_pip=True, clear=True)
        done = subprocess.run(
            [python, "-m", "pip", "install", "--quiet", LITELLM], capture_output=True, text=True
        )
        if done.returncode != 0:
            raise PeerMissing(f"pip cannot install {LITELLM}: {done.stderr.strip()[-300:]}")
        stamp.touch()
    return python


def ensure_ccr(root: Path = ROOT) -> Path:
    """Its command line. Raises PeerMissing, ClientUnavailable."""
    home = (root / "ccr").resolve()
    package = home / "node_modules" / "@musistudio" / "claude-code-router"
    if not (home / "complete").exists():
        home.mkdir(parents=True, exist_ok=True)
        run_npm(["install", "--no-fund", "--no-audit", "--prefix", str(home), CCR], home)
        (home / "complete").touch()
    program = package / "dist" / "cli.js"
    if not program.exists():
        raise PeerMissing(f"{CCR} holds no dist/cli.js")
    return program


def litellm(place: Place, root: Path = ROOT) -> Peer:
    """The proxy with one worker, its default, and the stand-in as an Anthropic model."""
    python = ensure_litellm(root)
    config = place.folder / "litellm.yaml"
    model = {"model": f"anthropic/{MODEL}", "api_base": f"https://{CLOUD_NAME}"}
    models = [{"model_name": MODEL, "litellm_params": {**model, "api_key": CLOUD_KEY}}]
    # YAML reads JSON.
    config.write_text(json.dumps({"model_list": models, "litellm_settings": {"telemetry": False}}))
    script = python.with_name("litellm")
    command = (str(script), "--config", str(config), "--host", "0.0.0.0")
    environment = {
        "SSL_CERT_FILE": str(place.certificates.ca),
        "LITELLM_MASTER_KEY": TOKEN,
        "LITELLM_LOG": "ERROR",
    }
    version = _said(str(python), "-c", "import importlib.metadata as m;print(m.version('litellm'))")
    port = ("--port", str(LITELLM_PORT))
    return Peer("LiteLLM proxy", version, (*command, *port), environment, LITELLM_PORT)


def ccr(place: Place, root: Path = ROOT) -> Peer:
    """claude-code-router with its Anthropic transformer and one provider."""
    program = ensure_ccr(root)
    home = place.folder / "ccr-home"
    (home / ".claude-code-router").mkdir(parents=True, exist_ok=True)
    provider = {
        "name": "cloud",
        "api_base_url": f"https://{CLOUD_NAME}/v1/messages",
        "api_key": CLOUD_KEY,
        "models": [MODEL],
        "transformer": {"use": ["Anthropic"]},
    }
    config = {
        "HOST": "0.0.0.0",
        "PORT": CCR_PORT,
        "APIKEY": TOKEN,
        "LOG": False,
        "NON_INTERACTIVE_MODE": True,
        "Providers": [provider],
        "Router": {"default": f"cloud,{MODEL}"},
    }
    (home / ".claude-code-router" / "config.json").write_text(json.dumps(config))
    environment = {"HOME": str(home), "NODE_EXTRA_CA_CERTS": str(place.certificates.ca)}
    version = json.loads(program.parents[1].joinpath("package.json").read_text())["version"]
    command = ("node", str(program), "start")
    return Peer("Claude Code Router", version, command, environment, CCR_PORT)


def bare(place: Place) -> Peer:
    """No router, only what the library that codriver is built on takes."""
    options = ("--port", str(BARE_PORT), "--url", f"https://{CLOUD_NAME}", "--key", CLOUD_KEY)
    command = (sys.executable, str(Path(__file__).with_name("bare.py")), *options)
    environment = {"SSL_CERT_FILE": str(place.certificates.ca)}
    return Peer("a bare relay of aiohttp", aiohttp.__version__, command, environment, BARE_PORT)


MAKERS: Mapping[str, Callable[[Place], Peer]] = {"litellm": litellm, "ccr": ccr, "bare": bare}


@contextmanager
def running(place: Place, peer: Peer) -> Iterator[None]:
    """The peer in the box's namespace, ready to answer; its log is beside its configuration.
    Raises PeerMissing where it does not come up."""
    log = place.folder / f"{peer.port}.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [*at(place.box), *peer.command],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env={**os.environ, **peer.environment},
            cwd=place.folder,
        )
        try:
            _wait(place, peer, process, log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(place: Place, peer: Peer, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until something listens on its port."""
    deadline = monotonic() + READY_WITHIN_S
    words = f"import socket; socket.create_connection(('127.0.0.1', {peer.port}), 2)"
    while monotonic() < deadline:
        tried = subprocess.run(
            [*at(place.box), sys.executable, "-c", words], capture_output=True, check=False
        )
        if tried.returncode == 0:
            return
        if process.poll() is not None:
            break
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-8:])
    raise PeerMissing(f"{peer.name} {peer.version} does not come up:\n{tail}")


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def main(argv: Sequence[str]) -> int:
    """Make the peers named, all by default, and print where they are."""
    makers = {"litellm": ensure_litellm, "ccr": ensure_ccr}
    parser = argparse.ArgumentParser(description="Make the routers codriver is measured beside.")
    parser.add_argument("peers", nargs="*", help=f"of {', '.join(makers)}")
    for name in parser.parse_args(argv).peers or makers:
        print(makers[name]())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
