"""The worker steps back for the daemon and whoever logs in.

Called once, by the worker at its start, before it has other threads: they inherit it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

NICENESS = 5
"""Steps below the daemon: beside it on one core the worker gets a quarter of the time. The
event loop, sshd and a shell answer at once while every core computes, and work of the same
rank that lasts (a build, a backup) slows the worker down but does not stop it."""


def step_back(nice: Callable[[int], int] = os.nice) -> None:
    """Where the system does not let us, nothing is lost but that."""
    with suppress(OSError):
        nice(NICENESS)
