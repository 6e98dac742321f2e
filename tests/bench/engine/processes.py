"""The bench's look at servers from outside: which process, what memory, how to end it at once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import psutil


class NoSuchServer(Exception):
    """No child of the bench has the port in its command line."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one process without its children, in MB (10^6). ``shared_out`` counts what is shared
    by shares (PSS); None where the kernel does not tell."""

    resident: float
    shared_out: float | None


def server_on(port: int) -> psutil.Process:
    """The child of this process that was started with ``port`` as a word of its command."""
    for child in psutil.Process().children():
        try:
            if str(port) in child.cmdline():
                return child
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    raise NoSuchServer(f"no server on port {port}")


def memory_of(process: psutil.Process) -> Memory:
    """What the process holds now."""
    full = process.memory_full_info()
    pss = getattr(full, "pss", None)
    return Memory(full.rss / 1e6, None if pss is None else pss / 1e6)


def kill_all(process: psutil.Process) -> None:
    """SIGKILL to the process, then to all it started; waits until they are gone.

    In this order, so that it starts nothing anew.
    """
    family = [process, *process.children(recursive=True)]
    for member in family:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    psutil.wait_procs(family, timeout=30)
