"""The handle on the bare loop's process: ``raw``. Knows its orders, not llama.cpp."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.engine.stream import BenchError


@dataclass(frozen=True, slots=True)
class Steps:
    """When each token was there, and how long each llama_decode alone took."""

    times: list[float]
    decode: list[float]


@dataclass(frozen=True, slots=True)
class Raw:
    """One bare loop; takes one order at a time."""

    process: subprocess.Popen[str]

    def about(self) -> dict[str, str]:
        return self._order(do="about")

    def prefill(self, text: str, tokens: int) -> float:
        """Seconds to read so many tokens, cold."""
        return float(self._order(do="prefill", text=text, tokens=tokens)["seconds"])

    def decode(self, text: str, tokens: int, new: int) -> Steps:
        """Write ``new`` tokens behind a prompt of ``tokens``; the prompt is read once."""
        found = self._order(do="decode", text=text, tokens=tokens, new=new)
        return Steps(found["times"], found["steps"])

    def _order(self, **order: Any) -> Any:
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None or stdout is None:
            raise BenchError("the bare loop has no pipes")
        stdin.write(json.dumps(order) + "\n")
        stdin.flush()
        line = stdout.readline()
        if not line:
            raise BenchError(f"the bare loop ended with exit code {self.process.wait()}")
        return json.loads(line)


def command(model: Path, threads: int, context: int) -> Sequence[str]:
    """How the bare loop is called, in this Python."""
    settings = ("--model", str(model), "--threads", str(threads), "--context", str(context))
    return (sys.executable, "-m", "tests.bench.engine.bare_loop", *settings)


@contextmanager
def raw(argv: Sequence[str]) -> Iterator[Raw]:
    """Run a bare loop for the length of a block."""
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        with process:
            yield Raw(process)
            if process.stdin is not None:
                process.stdin.close()
    finally:
        if process.poll() is None:
            process.kill()
