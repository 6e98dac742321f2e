"""What a row measures with: bodies, peers that can be had, how often, where it keeps its logs."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.bench.engine.record import RECORDINGS, recording
from tests.bench.link import place
from tests.bench.link.peers import MAKERS, TROUBLE, Peer, running
from tests.bench.link.place import Place

RECORDED = "2.1.330"
"""The client whose request is sent where none runs: a session's second turn, at its size."""


@dataclass(frozen=True, slots=True)
class Rig:
    """One run of the bench. ``peers``: names of MAKERS; ``clients``: versions of Claude Code that
    take turns in ``runs`` runs, ``workers`` at a time, cut where ``seed`` says; ``model``: the
    file that the box answers with where a row is to take a real one."""

    out: Path
    quick: bool
    peers: tuple[str, ...]
    clients: tuple[str, ...]
    runs: int
    workers: int
    seed: int
    model: Path | None
    tell: Callable[[str], None]

    def road(self) -> AbstractContextManager[Place]:
        return _placed(place.road)

    def cable(self) -> AbstractContextManager[Place]:
        return _placed(place.cable)

    def running_peers(self, where: Place, stack: ExitStack) -> tuple[list[Peer], dict[str, str]]:
        """Those that can be had, running until the stack ends, and why the others cannot."""
        found, missing = [], {}
        for name in self.peers:
            try:
                peer = MAKERS[name](where)
                stack.enter_context(running(where, peer))
            except TROUBLE as trouble:
                missing[name] = str(trouble)
            else:
                found.append(peer)
        return found, missing


@contextmanager
def _placed(make: Callable[[Path], AbstractContextManager[Place]]) -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="bench-link-") as name, make(Path(name)) as made:
        yield made


def session_body(folder: Path) -> Path:
    """Claude Code's request with its tools and some results, some 50 kB."""
    return _kept(folder / "session.json", recording(RECORDED, "tool-results"))


def session_headers() -> dict[str, str]:
    """What the same client says of itself; what belongs to the connection is left out."""
    path = RECORDINGS / f"claude-code-{RECORDED}-tool-results.json"
    recorded_headers = json.loads(path.read_text(encoding="utf-8"))["headers"]
    left_out = ("connection", "host", "content-type", "accept-encoding")
    return {name: value for name, value in recorded_headers if name.lower() not in left_out}


def small_body(folder: Path, words: str = "Say hello.", tools: Sequence[str] = ()) -> Path:
    """A request of a few words, that offers so many ``tools``."""
    turns = [{"role": "user", "content": words}]
    body: dict[str, object] = {"model": place.MODEL, "max_tokens": 500, "messages": turns}
    if tools:
        body["tools"] = [{"name": name, "input_schema": {"type": "object"}} for name in tools]
    return _kept(folder / "small.json", body)


def _kept(path: Path, body: dict[str, object]) -> Path:
    path.write_text(json.dumps({**body, "stream": True}, separators=(",", ":")))
    return path


def milliseconds(seconds: float) -> float:
    return 1000 * seconds


def spread(samples: list[float], unit: str = "ms") -> str:
    """Middle, worst and number, for a note."""
    return f"median {median(samples):.1f}, most {max(samples):.1f} {unit}, of {len(samples)}"
