"""Buses and services as running programs: hw/sim's, and the real dbus-daemon where there is one.

Continuous integration has no dbus-daemon, so nothing is left to it alone: it only has every test
run once more.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SIM = Path(__file__).parents[3] / "hw" / "sim"
DBUS_DAEMON = shutil.which("dbus-daemon")
KINDS = ("hw/sim", *(["dbus-daemon"] if DBUS_DAEMON else []))

_CONFIG = """\
<busconfig><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy></busconfig>
"""


@dataclass(frozen=True)
class Running:
    process: subprocess.Popen[str]

    def heard(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def do(self, **wish: Any) -> dict[str, Any]:
        """How it is afterwards. Blocking, for a moment."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(wish) + "\n")
        self.process.stdin.flush()
        said: dict[str, Any] = self.heard()
        return said

    def end(self) -> None:
        self.process.terminate()
        self.process.wait()


@contextmanager
def program(*command: str) -> Iterator[Running]:
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Running(process)
        finally:
            process.terminate()


@contextmanager
def bus(kind: str, path: Path) -> Iterator[Running]:
    """A bus whose socket is ``path``, once it can be used."""
    if kind == "hw/sim":
        with program(sys.executable, str(SIM / "bus.py"), str(path)) as made:
            assert made.heard() == {"address": f"unix:path={path}"}
            yield made
        return
    config = path.with_suffix(".conf")
    config.write_text(_CONFIG.format(path=path))
    assert DBUS_DAEMON is not None
    daemon = (DBUS_DAEMON, f"--config-file={config}", "--nofork", "--print-address=1")
    with program(*daemon) as made:
        assert made.process.stdout is not None
        assert made.process.stdout.readline().startswith(f"unix:path={path}")
        yield made


@contextmanager
def service(title: str, path: Path) -> Iterator[Running]:
    """ModemManager or NetworkManager on the bus at ``path``."""
    command = (sys.executable, str(SIM / "service.py"), title, "--bus", f"unix:path={path}")
    with program(*command) as made:
        assert made.heard()["name"].startswith(":")
        yield made
