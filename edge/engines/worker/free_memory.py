"""How much memory the kernel would still give; pure."""

from __future__ import annotations

from edge.units import Bytes


def available_memory(meminfo: str) -> Bytes | None:
    """MemAvailable out of /proc/meminfo's text, None where it does not say."""
    for line in meminfo.splitlines():
        if line.startswith("MemAvailable:"):
            return Bytes(int(line.split()[1]) * 1024)
    return None
