"""The limits that control groups (v1 or v2) put on this process. Called by probe.

A limit may stand anywhere between the process's own group and the root, so all of them are
read and the tightest counts. In a container the paths may not exist as named; then the
mount's own top is the group.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from edge.board.files import read_number, read_text
from edge.units import Bytes

UNLIMITED = 2**60
"""Version 1 writes "no limit" as the largest page-aligned number; anything near it is none."""


def memory_limit(root: Path) -> Bytes | None:
    """The tightest memory limit over this process; None where there is none."""
    limits = [read_number(group / "memory.max") for group in _v2_groups(root)]
    limits += [read_number(group / "memory.limit_in_bytes") for group in _v1_groups(root, "memory")]
    found = [limit for limit in limits if limit is not None and limit < UNLIMITED]
    return Bytes(min(found)) if found else None


def memory_left(root: Path) -> Bytes | None:
    """What the tightest group leaves free: its limit less what it uses, of which pages of files
    that nobody used lately count as free. None where there is no limit."""
    left = [_left(group, "memory.max", "memory.current") for group in _v2_groups(root)]
    left += [
        _left(group, "memory.limit_in_bytes", "memory.usage_in_bytes")
        for group in _v1_groups(root, "memory")
    ]
    found = [size for size in left if size is not None]
    return Bytes(max(0, min(found))) if found else None


def _left(group: Path, limit: str, usage: str) -> int | None:
    most, used = read_number(group / limit), read_number(group / usage)
    if most is None or most >= UNLIMITED or used is None:
        return None
    return most - used + _inactive_file(group)


def _inactive_file(group: Path) -> int:
    for line in (read_text(group / "memory.stat") or "").splitlines():
        name, _, value = line.partition(" ")
        if name in ("inactive_file", "total_inactive_file") and value.isdigit():
            return int(value)
    return 0


def cpu_quota(root: Path) -> float | None:
    """How many CPUs' worth of time the process may use; None where there is no quota."""
    quotas = [_v2_quota(group) for group in _v2_groups(root)]
    quotas += [_v1_quota(group) for group in _v1_groups(root, "cpu")]
    return min((quota for quota in quotas if quota is not None), default=None)


def _v2_quota(group: Path) -> float | None:
    words = (read_text(group / "cpu.max") or "").split()
    if len(words) != 2 or not all(word.isdigit() for word in words) or int(words[1]) == 0:
        return None
    return int(words[0]) / int(words[1])


def _v1_quota(group: Path) -> float | None:
    quota, period = (
        read_number(group / "cpu.cfs_quota_us"),
        read_number(group / "cpu.cfs_period_us"),
    )
    return quota / period if quota and period else None


def _v2_groups(root: Path) -> Iterator[Path]:
    for mount in (root / "sys/fs/cgroup", root / "sys/fs/cgroup/unified"):
        if (mount / "cgroup.controllers").exists():
            yield from _upwards(mount, _paths(root).get("", "/"))


def _v1_groups(root: Path, controller: str) -> Iterator[Path]:
    mount = root / "sys/fs/cgroup" / controller
    path = _paths(root).get(controller)
    if path is not None and mount.is_dir():
        yield from _upwards(mount, path)


def _paths(root: Path) -> dict[str, str]:
    """This process's group by controller; version 2 has the empty name."""
    paths = {}
    for line in (read_text(root / "proc/self/cgroup") or "").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        paths.update(dict.fromkeys(controllers.split(","), path))
    return paths


def _upwards(mount: Path, path: str) -> Iterator[Path]:
    inside = PurePosixPath(path.lstrip("/"))
    if ".." not in inside.parts:
        yield from (mount / part for part in (inside, *inside.parents))
    else:
        yield mount
