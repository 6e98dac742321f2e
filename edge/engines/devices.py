"""Asks llama.cpp, in a process of its own, which devices it can compute on.

What the board has is one thing, what llama.cpp was built for another: a CPU build on a Jetson
leaves the GPU unused. Called by app and cli before a plan is made.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from functools import cache

from edge.state import EngineDevice
from edge.units import Bytes

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "edge.engines.worker.devices")
PATIENCE_SECONDS = 60
"""A GPU's driver that is loaded for the first time takes some seconds."""


@cache
def ask(command: tuple[str, ...] = COMMAND) -> tuple[EngineDevice, ...] | None:
    """llama.cpp's devices; None where it is not installed or does not answer. Asked once: what a
    build computes on does not change while we run."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=True
        )
        return parse(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError) as error:
        log.info("llama.cpp does not tell its devices: %s", error)
        return None


def parse(text: str) -> tuple[EngineDevice, ...]:
    """The last line of what the process said. Raises ValueError, KeyError or TypeError."""
    lines = text.strip().splitlines()
    found = json.loads(lines[-1] if lines else "")
    return tuple(
        EngineDevice(str(one["name"]), str(one["description"]), Bytes(int(one["memory"])))
        for one in found
    )
