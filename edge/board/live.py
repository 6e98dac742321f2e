"""What changes while the box runs: free memory, its pressure, what the kernel killed for it.

Live readings, each a few small kernel files; nothing is remembered. Called by app, whose policies
act on them. None means that the kernel does not say it.
"""

from __future__ import annotations

from pathlib import Path

from edge.board.cgroup import memory_left
from edge.board.files import read_text
from edge.units import Bytes


def free_memory(root: Path = Path("/")) -> Bytes | None:
    """What programs may still take before the kernel kills one: of the machine, and of the control
    groups that this process is in."""
    found = [size for size in (_available(root), memory_left(root)) if size is not None]
    return Bytes(max(0, min(found))) if found else None


def memory_pressure(root: Path = Path("/")) -> float | None:
    """Percent of the last ten seconds in which everything stood still for want of memory
    (Documentation/accounting/psi.rst, "full")."""
    for line in (read_text(root / "proc/pressure/memory") or "").splitlines():
        words = line.split()
        if words[:1] == ["full"]:
            figures = dict(word.partition("=")[::2] for word in words[1:])
            return _number(figures.get("avg10", ""))
    return None


def oom_kills(root: Path = Path("/")) -> int | None:
    """How many processes the kernel has killed for want of memory since it was started, those
    of control groups among them."""
    return _counter(root / "proc/vmstat", "oom_kill")


def _available(root: Path) -> Bytes | None:
    kilobytes = _counter(root / "proc/meminfo", "MemAvailable:")
    return None if kilobytes is None else Bytes(kilobytes * 1024)


def _counter(path: Path, name: str) -> int | None:
    for line in (read_text(path) or "").splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == name and words[1].isdigit():
            return int(words[1])
    return None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
