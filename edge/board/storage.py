"""Which disk the box keeps its state on, and of what kind: a memory card wears, a slow one
delays. Looks at the mount table and at sysfs, under a root. Called by probe.
"""

from __future__ import annotations

import re
from pathlib import Path

from edge.board.files import names, read_number, read_text
from edge.state import Storage, StorageKind
from edge.units import Bytes

STATE = "/var/lib/codriver"
"""Where the service keeps what it writes; whatever is mounted nearest above counts."""

_SECTOR = 512
"""sysfs counts in these whatever the device's own size is."""

_LAYERS = 8
"""Of encryption, RAID and volumes between a file system and its disk; more is a circle."""


def find(root: Path, path: str = STATE) -> Storage | None:
    """The disk under ``path``; None where there is none (memory, network) or nothing says."""
    device = _device(read_text(root / "proc/self/mountinfo") or "", path)
    disk = None if device is None else _disk(root / "sys/dev/block" / device)
    if disk is None:
        return None
    sectors = read_number(disk / "size")
    return Storage(
        kind=_kind(disk),
        name=read_text(disk / "device/model") or read_text(disk / "device/name") or None,
        size=None if sectors is None else Bytes(sectors * _SECTOR),
    )


def _device(mounts: str, path: str) -> str | None:
    """The device number of the file system that holds ``path``: of the longest mount point
    above it, the last one mounted there."""
    best, found = "", None
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) > 4 and _is_above(fields[4], path) and len(fields[4]) >= len(best):
            best, found = fields[4], fields[2]
    return found if found is not None and re.fullmatch(r"\d+:\d+", found) else None


def _is_above(mount: str, path: str) -> bool:
    return path == mount or path.startswith(mount.rstrip("/") + "/")


def _disk(link: Path) -> Path | None:
    """The whole disk behind a partition, a volume or an encrypted device."""
    try:
        device = link.resolve(strict=True)
    except OSError:
        return None
    for _ in range(_LAYERS):
        if (device / "partition").exists():
            device = device.parent
        elif below := names(device / "slaves", "*"):
            device = (device / "slaves" / below[0]).resolve()
        else:
            return device
    return None


def _kind(disk: Path) -> StorageKind | None:
    name = disk.name
    if name.startswith("mmcblk"):
        return "emmc" if read_text(disk / "device/type") == "MMC" else "sd"
    if name.startswith("nvme"):
        return "nvme"
    if name.startswith(("vd", "xvd")):
        return "virtual"
    if name.startswith("sd"):
        if any(part.startswith("usb") for part in disk.parts):
            return "usb"
        return "disk" if read_number(disk / "queue/rotational") else "ssd"
    return None
