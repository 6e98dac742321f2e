"""The simulated modem of hw/sim as a running program."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).parents[3] / "hw" / "sim" / "modem.py"


@dataclass(frozen=True)
class Simulated:
    process: subprocess.Popen[str]
    link: Path

    def set(self, **wishes: Any) -> dict[str, Any]:
        """How it is afterwards. Blocking, for a moment."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(wishes) + "\n")
        self.process.stdin.flush()
        return self.heard()

    def heard(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        said: dict[str, Any] = json.loads(self.process.stdout.readline())
        return said


@contextmanager
def modem(folder: Path) -> Iterator[Simulated]:
    link = folder / "modem"
    with subprocess.Popen(
        [sys.executable, str(PROGRAM), "--link", str(link)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            made = Simulated(process, link)
            assert made.heard()["port"].startswith("/dev/pts/")
            yield made
        finally:
            process.terminate()
