"""What a row measures with: servers in blocks, bodies at their size, what is known already.

The only module that starts what ``launch`` describes. Knows no row.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import count as numbers
from pathlib import Path
from threading import Event
from typing import Any

from tests.bench.agent.servers import Launch, running
from tests.bench.engine import launch, raw, shape, stream
from tests.bench.engine.launch import Setting
from tests.bench.engine.record import Bodies

LLAMA_SERVER, LLAMA_CPP_PYTHON = "llama-server", "llama-cpp-python"


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs."""

    name: str
    base_url: str
    port: int

    def ask(self, body: Mapping[str, Any], begun: Event | None = None) -> stream.Answer:
        """The body in the dialect that this server speaks."""
        if self.name == LLAMA_CPP_PYTHON:
            asked, path = shape.as_chat_completion(body), "/v1/chat/completions"
            return stream.ask(self.base_url, asked, path=path, begun=begun)
        return stream.ask(self.base_url, body, begun=begun)

    def count(self, body: Mapping[str, Any]) -> int:
        return stream.count(self.base_url, body)

    def measure(self, name: str) -> float:
        """One of codriver's own measures; it tells them every second."""
        return stream.measure(self.base_url, name)


@dataclass(frozen=True, slots=True)
class Rig:
    """One run of the bench. ``prompt_tokens``: the long prompt; ``new_tokens``: an answer;
    ``rounds``: how often what is quick is measured. ``known`` holds what a row found out and
    another would have to measure again."""

    setting: Setting
    bodies: Bodies
    peers: Mapping[str, Path]
    out: Path
    prompt_tokens: int
    new_tokens: int
    rounds: int
    filler: tuple[str, ...]
    tell: Callable[[str], None]
    known: dict[str, float] = field(default_factory=dict)
    _sized: dict[str, dict[str, Any]] = field(default_factory=dict)
    _runs: Iterator[int] = field(default_factory=numbers)

    @contextmanager
    def codriver(self, state: Path | None = None) -> Iterator[Served]:
        """codriver, in ``state`` or in a state directory that is gone afterwards."""
        with tempfile.TemporaryDirectory(dir=self.out, prefix="state-") as name:
            home = (state or Path(name)).resolve()
            launch.config_in(home).write_text(launch.config(self.setting), encoding="utf-8")
            with self._running(launch.codriver(self.setting, home)) as served:
                yield served

    def state(self) -> AbstractContextManager[str]:
        """A state directory for several runs of codriver."""
        return tempfile.TemporaryDirectory(dir=self.out, prefix="state-")

    def llama_server(
        self, *, slots: int = 4, speculate: bool = False
    ) -> AbstractContextManager[Served]:
        """llama-server; ask ``has`` first."""
        binary = self.peers[LLAMA_SERVER]
        return self._running(
            launch.llama_server(binary, self.setting, slots=slots, speculate=speculate)
        )

    def llama_cpp_python(self) -> AbstractContextManager[Served]:
        """llama-cpp-python's server; ask ``has`` first."""
        return self._running(launch.llama_cpp_python(self.peers[LLAMA_CPP_PYTHON], self.setting))

    def beside(self) -> list[Callable[[], AbstractContextManager[Served]]]:
        """The peers of this run that answer requests, llama-server first."""
        starts = {LLAMA_SERVER: self.llama_server, LLAMA_CPP_PYTHON: self.llama_cpp_python}
        return [start for name, start in starts.items() if self.has(name)]

    def has(self, peer: str) -> bool:
        return peer in self.peers

    def raw(self) -> AbstractContextManager[raw.Raw]:
        """The bare loop, on the same file and threads."""
        setting = self.setting
        return raw.raw(raw.command(setting.model, setting.threads, setting.context))

    @contextmanager
    def _running(self, what: Launch) -> Iterator[Served]:
        log = self.out / f"{next(self._runs):02}-{what.name}.log"
        with running(what, log) as base_url:
            yield Served(what.name, base_url, what.port)

    def long_body(self, codriver: Served) -> dict[str, Any]:
        """The client's prompt, without what codriver does not show a small model, at
        ``prompt_tokens`` in codriver's count."""
        if "long" not in self._sized:
            body = shape.timed(shape.working(self.bodies.full), 16)
            found = shape.sized(body, self.prompt_tokens, self.filler, codriver.count)
            self._sized["long"] = found
            self.tell(f"  the long prompt: {codriver.count(found)} tokens")
        return self._sized["long"]

    def short_body(self, words: str) -> dict[str, Any]:
        """The client's prompt with few tools, asking ``words``."""
        return shape.timed(shape.asking(self.bodies.bare, words), self.new_tokens)
