"""Finds out what this board is, once, from the files the kernel shows under a root.

Unknown is None; what cannot be read is a warning in the log and never an exception. Live
readings (power, heat, link) are another matter and live elsewhere. Called by app at start
and by `codriver probe`.
"""

from __future__ import annotations

import re
from pathlib import Path

from edge.board import accelerators, cgroup, raspberry_pi, storage
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
    total, pi = memory.get("MemTotal"), _revision(root, cpu)
    names = compatible or (pi.compatible if pi else ())
    profile = match(names, cpu.architecture, (pi.memory if pi else None) or total)
    kinds, quota = core_kinds(root), cgroup.cpu_quota(root)
    cores = sum(kind.count for kind in kinds) or cpu.processors
    swaps = parse_swaps(read_text(root / "proc/swaps"))
    return BoardFacts(
        model=_model(root, cpu),
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
        swap=None if swaps is None else Bytes(sum(swaps.values())),
        zram=None if swaps is None else Bytes(sum(swaps[name] for name in swaps if "zram" in name)),
        storage=storage.find(root),
        accelerators=accelerators.find(root, compatible, total),
        l4t=accelerators.l4t(root),
    )


def parse_meminfo(text: str) -> dict[str, Bytes]:
    """/proc/meminfo in bytes."""
    found = re.findall(r"^(\w+):\s+(\d+) kB$", text, re.MULTILINE)
    return {name: Bytes(int(kilobytes) * 1024) for name, kilobytes in found}


def parse_swaps(text: str | None) -> dict[str, Bytes] | None:
    """/proc/swaps: bytes by file or device; None where it cannot be read."""
    if text is None:
        return None
    found = re.findall(r"^(/\S+)\s+\w+\s+(\d+)\s", text, re.MULTILINE)
    return {name: Bytes(int(kilobytes) * 1024) for name, kilobytes in found}


def _model(root: Path, cpu: CpuInfo) -> str | None:
    """The maker's name for the board: device tree, else a Raspberry Pi's line in
    /proc/cpuinfo, else the firmware's tables."""
    if name := read_text(root / DEVICE_TREE / "model"):
        return name
    if cpu.pi_model:
        return cpu.pi_model
    return read_text(root / "sys/class/dmi/id/product_name") or None


def _revision(root: Path, cpu: CpuInfo) -> raspberry_pi.Revision | None:
    """What a Raspberry Pi's revision code says."""
    code = cpu.pi_revision
    data = read_bytes(root / DEVICE_TREE / "system/linux,revision")
    if code is None and data is not None and len(data) == 4:
        code = int.from_bytes(data, "big")
    return None if code is None else raspberry_pi.decode(code)
