"""A recording of a board: the files that the probe reads, copied below a folder, redacted.

Sent in by people whose board is new, and kept under hw/recordings, where the probe reads them
as a root of its own. Nothing that tells one box from another of its kind is copied: no serial
numbers, no addresses, no names. Called by cli.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from edge.board.files import names, read_bytes
from edge.errors import StartFailed

FILES = (
    "proc/cpuinfo",
    "proc/meminfo",
    "proc/swaps",
    "proc/self/cgroup",
    "proc/self/status",
    "proc/self/mountinfo",
    "proc/device-tree/model",
    "proc/device-tree/compatible",
    "proc/device-tree/system/linux,revision",
    "proc/driver/nvidia/gpus/*/information",
    "etc/nv_tegra_release",
    "sys/class/dmi/id/product_name",
    "sys/class/drm/renderD*/device/uevent",
    "sys/class/accel/accel*/device/uevent",
    "sys/devices/system/cpu/cpu[0-9]*/topology/core_id",
    "sys/devices/system/cpu/cpu[0-9]*/topology/physical_package_id",
    "sys/devices/system/cpu/cpu[0-9]*/topology/thread_siblings_list",
    "sys/devices/system/cpu/cpu[0-9]*/cpu_capacity",
    "sys/devices/system/cpu/cpu[0-9]*/cpufreq/cpuinfo_max_freq",
)
"""What the probe reads, but for control groups and disks, which are found by following."""

NODES = (
    "dev/nvidia[0-9]*",
    "dev/dri/renderD*",
    "dev/hailo[0-9]*",
    "dev/apex_[0-9]*",
    "dev/rknpu*",
    "dev/accel/accel[0-9]*",
)
"""What the probe only looks for; kept as empty files."""

CGROUP_FILES = (
    "cgroup.controllers",
    "memory.max",
    "cpu.max",
    "memory.limit_in_bytes",
    "cpu.cfs_quota_us",
    "cpu.cfs_period_us",
)

DISK_FILES = ("partition", "size", "device/model", "device/name", "device/type", "queue/rotational")

_KEPT_LINES = {
    "proc/self/status": re.compile(r"^Cpus_allowed_list:"),
    "proc/meminfo": re.compile(r"^(MemTotal|MemFree|MemAvailable|SwapTotal|SwapFree):"),
    "sys/class/drm/*/device/uevent": re.compile(r"^DRIVER="),
    "sys/class/accel/*/device/uevent": re.compile(r"^DRIVER="),
    "proc/driver/nvidia/gpus/*/information": re.compile(r"^Model:"),
    "proc/self/mountinfo": re.compile(r"^\S+ \S+ \d+:\d+ \S+ (/|/var|/var/lib|/var/lib/codriver) "),
}
"""By file, the lines that the probe needs; everything else of it stays at home."""

_SERIAL = re.compile(rb"^Serial\s*:.*\n?", re.MULTILINE)


def record(root: Path, folder: Path) -> list[Path]:
    """Copy what the probe reads below ``root`` into ``folder``; the files written.

    Raises StartFailed where the folder is in use or cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StartFailed(f"{folder} is not an empty folder; name a new one")
    try:
        return [*_files(root, folder), *_cgroups(root, folder), *_disks(root, folder)]
    except OSError as error:
        raise StartFailed(f"cannot write the recording: {error}") from None


def _files(root: Path, folder: Path) -> Iterator[Path]:
    for pattern in FILES:
        for path in _found(root, pattern):
            yield from _copy(root, path, folder)
    for pattern in NODES:
        for path in _found(root, pattern):
            yield _write(folder / path.relative_to(root), b"")


def _cgroups(root: Path, folder: Path) -> Iterator[Path]:
    """The limits of this process's groups and of those above them."""
    top = root / "sys/fs/cgroup"
    paths = {line.rpartition(":")[2].strip("/") for line in _lines(root / "proc/self/cgroup")}
    mounts = [top, *(top / name for name in names(top, "*"))]
    for mount in mounts:
        for path in paths:
            inside = Path(path)
            for part in (inside, *inside.parents):
                for name in CGROUP_FILES:
                    yield from _copy(root, mount / part / name, folder)


def _disks(root: Path, folder: Path) -> Iterator[Path]:
    """Of each mounted disk the link by its number, and what is behind it."""
    for line in _lines(root / "proc/self/mountinfo"):
        fields = line.split()
        link = root / "sys/dev/block" / (fields[2] if len(fields) > 2 else "")
        if len(fields) > 2 and link.is_symlink():
            yield from _disk(root, link, folder)


def _disk(root: Path, link: Path, folder: Path) -> Iterator[Path]:
    """The link and what it leads to: a device, the whole disk above a partition, and the devices
    below an encrypted or joined one."""
    device = link.resolve()
    copy = folder / link.relative_to(root)
    if not device.is_relative_to(root.resolve()) or copy.is_symlink():
        return
    inside = device.relative_to(root.resolve())
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.symlink_to(os.path.relpath(folder / inside, copy.parent))
    (folder / inside).mkdir(parents=True, exist_ok=True)
    for part in (inside, inside.parent):
        for name in DISK_FILES:
            yield from _copy(root, root / part / name, folder)
    for name in names(root / inside / "slaves", "*"):
        yield from _disk(root, root / inside / "slaves" / name, folder)


def _found(root: Path, pattern: str) -> list[Path]:
    try:
        return sorted(root.glob(pattern))
    except OSError:
        return []


def _copy(root: Path, path: Path, folder: Path) -> Iterator[Path]:
    """A file without what is private; nothing where it is not there or cannot be read."""
    if not path.is_file():
        return
    target = folder / path.relative_to(root)
    if target.exists() or (data := read_bytes(path)) is None:
        return
    yield _write(target, redacted(path.relative_to(root), data))


def redacted(name: Path, data: bytes) -> bytes:
    """A file's content without what tells this box from another of its kind."""
    for pattern, kept in _KEPT_LINES.items():
        if name.match(pattern):
            lines = data.decode("utf-8", "replace").splitlines(keepends=True)
            return "".join(line for line in lines if kept.search(line)).encode()
    return _SERIAL.sub(b"", data)


def _write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _lines(path: Path) -> list[str]:
    return (read_bytes(path) or b"").decode("utf-8", "replace").splitlines()
