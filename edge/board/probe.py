"""Finds out what this board is, once, from the files the kernel shows under a root.

Unknown is None; what cannot be read is a warning in the log and never an exception. Live
readings (power, heat, link) are another matter and live elsewhere. Called by app at start
and by `codriver probe`.
"""

from __future__ import annotations

import re
from pathlib import Path

from edge.board import accelerators, cgroup, raspberry_pi
from edge.board.cpu import CpuInfo, core_kinds, parse_cpuinfo, within_quota
from edge.board.files import read_bytes, read_list, read_text
from edge.board.profile import match
from edge.state import BoardFacts
from edge.units import Bytes

DEVICE_TREE = "proc/device-tree"


def probe(root: Path = Path("/")) -> BoardFacts:
    """What the board is; never raises for what the files say or lack."""
    cpu = parse_cpuinfo(read_text(root / "proc/cpuinfo") or "")
    memory = parse_meminfo(read_text(root / "proc/meminfo") or "")
    compatible = read_list(root / DEVICE_TREE / "compatible")
    total = memory.get("MemTotal")
    profile = match(compatible, cpu.architecture, _fitted_memory(root, cpu) or total)
    kinds, quota = core_kinds(root), cgroup.cpu_quota(root)
    cores = sum(kind.count for kind in kinds) or cpu.processors
    return BoardFacts(
        model=_model(root),
        board=None if profile is None else profile.name,
        architecture=cpu.architecture,
        cpu=cpu.name,
        cores=within_quota(cores, quota),
        core_kinds=kinds,
        cpu_quota=quota,
        cpu_features=cpu.features,
        memory_total=total,
        memory_available=memory.get("MemAvailable"),
        memory_limit=cgroup.memory_limit(root),
        accelerators=accelerators.find(root, compatible, total),
    )


def parse_meminfo(text: str) -> dict[str, Bytes]:
    """/proc/meminfo in bytes."""
    found = re.findall(r"^(\w+):\s+(\d+) kB$", text, re.MULTILINE)
    return {name: Bytes(int(kilobytes) * 1024) for name, kilobytes in found}


def _model(root: Path) -> str | None:
    """The maker's name for the board: device tree, else the firmware's tables."""
    if name := read_text(root / DEVICE_TREE / "model"):
        return name
    return read_text(root / "sys/class/dmi/id/product_name") or None


def _fitted_memory(root: Path, cpu: CpuInfo) -> Bytes | None:
    """What a Raspberry Pi's revision code says is soldered on."""
    code = cpu.pi_revision
    data = read_bytes(root / DEVICE_TREE / "system/linux,revision")
    if code is None and data is not None and len(data) == 4:
        code = int.from_bytes(data, "big")
    revision = None if code is None else raspberry_pi.decode(code)
    return None if revision is None else revision.memory
