"""What the figures were measured on: ``describe``. Reads files under ``root`` and nothing else."""

from __future__ import annotations

import platform
import re
from pathlib import Path

_CPU_NAME = re.compile(r"^(?:model name|Model|Hardware)\s*:\s*(.+)$", re.MULTILINE)
_MEMORY = re.compile(r"^MemTotal:\s*(\d+) kB$", re.MULTILINE)


def describe(root: Path, cores: int) -> list[str]:
    """The machine in lines for people."""
    lines = [f"cpu: {cpu_name(_read(root / 'proc/cpuinfo')) or platform.machine()}, {cores} cores"]
    if board := _read(root / "proc/device-tree/model").strip("\0\n "):
        lines.insert(0, f"board: {board}")
    if memory := total_memory(_read(root / "proc/meminfo")):
        lines.append(f"memory: {memory / 2**30:.1f} GiB")
    if governor := _read(root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").strip():
        lines.append(f"governor: {governor}")
    if load := _read(root / "proc/loadavg").split(" ")[0]:
        lines.append(f"load at the start: {load}")
    lines.append(f"python: {platform.python_version()}, {platform.system()} {platform.release()}")
    return lines


def cpu_name(cpuinfo: str) -> str | None:
    """The processor's name as the kernel tells it."""
    found = _CPU_NAME.search(cpuinfo)
    return found[1].strip() if found else None


def total_memory(meminfo: str) -> int | None:
    """Bytes of memory."""
    found = _MEMORY.search(meminfo)
    return int(found[1]) * 1024 if found else None


def _read(path: Path) -> str:
    """The file's text, empty where there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
