"""A rig without models, for the rows' own tests: engines that answer by arithmetic.

A prompt's tokens are four characters each; what an earlier prompt began with is read from a
cache at no cost. Every answer starts at zero on a clock of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any, cast

from tests.bench.agent.client import PINNED
from tests.bench.engine import shape
from tests.bench.engine.raw import Steps
from tests.bench.engine.record import Bodies, recorded
from tests.bench.engine.rig import Rig, Served
from tests.bench.engine.stream import Answer, Arrival


@dataclass(slots=True)
class PretendServer:
    """An engine that reads and writes at given speeds; ``says`` is what it writes, if not
    as many tokens as it may."""

    name: str = "codriver"
    read_rate: float = 1000.0
    step_s: float = 0.02
    says: str | None = None
    port: int = 0
    seen: list[str] = field(default_factory=list)
    looks: int = 0

    def ask(self, body: Mapping[str, Any], begun: Event | None = None) -> Answer:
        text = prompt(body)
        cached = max((_common(text, one) for one in self.seen), default=0) // 4
        self.seen.append(text)
        fresh = max(1, len(text) // 4 - cached)
        said = self.says or "word" * body["max_tokens"]
        first = fresh / self.read_rate
        count = -(-len(said) // 4)
        arrivals = tuple(Arrival(first + n * self.step_s, 4) for n in range(count))
        if begun is not None:
            begun.set()
        return Answer(0.0, arrivals[-1].at, arrivals, said, fresh, len(text) // 4 - fresh, count)

    def count(self, body: Mapping[str, Any]) -> int:
        return len(prompt(body)) // 4

    def measure(self, _name: str) -> float:
        """As if much had been read since the last look."""
        self.looks += 1
        return 10_000.0 * self.looks


def prompt(body: Mapping[str, Any]) -> str:
    """The prompt's text: instructions, tools, turns."""
    return json.dumps([body.get("system"), body.get("tools"), body["messages"]])


def _common(left: str, right: str) -> int:
    pairs = enumerate(zip(left, right, strict=False))
    shorter = min(len(left), len(right))
    return next((index for index, (ours, theirs) in pairs if ours != theirs), shorter)


@dataclass(slots=True)
class PretendLoop:
    """The bare loop by arithmetic."""

    read_rate: float = 1000.0
    step_s: float = 0.02

    def prefill(self, text: str, tokens: int) -> float:
        return tokens / self.read_rate

    def decode(self, text: str, tokens: int, new: int) -> Steps:
        return Steps([n * self.step_s for n in range(new)], [self.step_s] * new)


@dataclass(slots=True)
class PretendRig:
    """What rows ask of a rig. ``peer`` stands for llama-server; None for none."""

    ours: PretendServer = field(default_factory=PretendServer)
    peer: PretendServer | None = None
    loop: PretendLoop = field(default_factory=PretendLoop)
    bodies: Bodies = field(default_factory=lambda: recorded(PINNED, "recordings"))
    new_tokens: int = 16
    rounds: int = 2
    known: dict[str, float] = field(default_factory=dict)

    def codriver(self, _state: Path | None = None) -> AbstractContextManager[Served]:
        return _served(self.ours)

    @contextmanager
    def state(self) -> Iterator[str]:
        with TemporaryDirectory() as name:
            yield name

    def llama_server(self, **_options: Any) -> AbstractContextManager[Served]:
        assert self.peer is not None
        return _served(self.peer)

    def beside(self) -> list[Any]:
        return [self.llama_server] if self.peer else []

    def has(self, _peer: str) -> bool:
        return self.peer is not None

    def raw(self) -> AbstractContextManager[PretendLoop]:
        return nullcontext(self.loop)

    def long_body(self, _codriver: Served) -> dict[str, Any]:
        return shape.timed(self.bodies.full, 16)

    def short_body(self, words: str) -> dict[str, Any]:
        return shape.timed(shape.asking(self.bodies.bare, words), self.new_tokens)


def _served(server: PretendServer) -> AbstractContextManager[Served]:
    return nullcontext(cast("Served", server))


def pretend(**parts: Any) -> Rig:
    """A rig of pretended engines."""
    return cast("Rig", PretendRig(**parts))
