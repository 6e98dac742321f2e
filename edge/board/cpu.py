"""What /proc and /sys say of the CPU: its name, features and the cores we may use.

The parsers take text; only ``core_kinds`` looks at files, under a root. Called by probe.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from edge.board.files import names, read_number, read_text
from edge.state import CoreKind

# Arm's own part numbers (implementer 0x41), as Linux prints them.
_ARM_PARTS = {
    0xD03: "Cortex-A53",
    0xD04: "Cortex-A35",
    0xD05: "Cortex-A55",
    0xD07: "Cortex-A57",
    0xD08: "Cortex-A72",
    0xD09: "Cortex-A73",
    0xD0A: "Cortex-A75",
    0xD0B: "Cortex-A76",
    0xD0C: "Neoverse-N1",
    0xD0D: "Cortex-A77",
    0xD41: "Cortex-A78",
    0xD42: "Cortex-A78AE",
    0xD44: "Cortex-X1",
    0xD46: "Cortex-A510",
    0xD47: "Cortex-A710",
    0xD49: "Neoverse-N2",
    0xD4B: "Cortex-A78C",
    0xD80: "Cortex-A520",
    0xD81: "Cortex-A720",
    0xD83: "Neoverse-V3AE",
}


@dataclass(frozen=True, slots=True)
class CpuInfo:
    """What /proc/cpuinfo says. None means that it does not."""

    architecture: str | None = None
    name: str | None = None
    features: tuple[str, ...] = ()
    processors: int | None = None
    pi_revision: int | None = None
    pi_model: str | None = None


def parse_cpuinfo(text: str) -> CpuInfo:
    """The facts in /proc/cpuinfo, x86 or Arm."""
    values: dict[str, list[str]] = {}
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon:
            values.setdefault(key.strip(), []).append(value.strip())
    features = (values.get("flags") or values.get("Features") or [""])[-1].split()
    return CpuInfo(
        architecture=_architecture(values),
        name=_name(values),
        features=tuple(sorted(features)),
        processors=len(values.get("processor", ())) or None,
        pi_revision=_hexadecimal(values.get("Revision", [""])[-1]),
        pi_model=values.get("Model", [None])[-1] or None,
    )


def _architecture(values: dict[str, list[str]]) -> str | None:
    if "vendor_id" in values:
        return "x86_64" if "lm" in values.get("flags", [""])[-1].split() else "i686"
    if "CPU architecture" in values:
        return "aarch64" if values["CPU architecture"][-1] in ("8", "AArch64", "9") else "armv7l"
    return None


def _name(values: dict[str, list[str]]) -> str | None:
    """The model's name; on Arm the distinct cores, the most capable last as the kernel has it."""
    parts = [_hexadecimal(part) for part in values.get("CPU part", ())]
    arm = [_ARM_PARTS[part] for part in dict.fromkeys(parts) if part in _ARM_PARTS]
    if arm:
        return " + ".join(arm)
    return values.get("model name", [None])[-1]


def _hexadecimal(text: str) -> int | None:
    try:
        return int(text, 16)
    except ValueError:
        return None


def core_kinds(root: Path) -> tuple[CoreKind, ...]:
    """Physical cores that this process may run on, by kind, the strongest kind first; empty
    where nothing says.

    Two hyper-threads are one core: llama.cpp gains nothing from the second.
    """
    allowed = _allowed(read_text(root / "proc/self/status") or "")
    folder = root / "sys/devices/system/cpu"
    cores: dict[tuple[str | int | None, ...], tuple[int | None, int | None]] = {}
    for name in names(folder, "cpu[0-9]*"):
        number = int(name.removeprefix("cpu")) if name[3:].isdigit() else -1
        core = _core(folder / name / "topology")
        if core is not None and (not allowed or number in allowed):
            cores[core] = _strength(folder / name)
    counts = Counter(cores.values())
    strongest = sorted(counts, key=lambda kind: (kind[0] or 0, kind[1] or 0), reverse=True)
    return tuple(CoreKind(counts[kind], *kind) for kind in strongest)


def _core(topology: Path) -> tuple[str | int | None, ...] | None:
    """What one physical core's hyper-threads have in common. Arm counts cores anew in each
    cluster; the siblings' list tells them apart."""
    siblings = read_text(topology / "thread_siblings_list")
    core = read_number(topology / "core_id")
    if siblings is None and core is None:
        return None
    return (read_number(topology / "physical_package_id"), siblings, core)


def _strength(cpu: Path) -> tuple[int | None, int | None]:
    """The kernel's rating and the highest clock in kHz."""
    return read_number(cpu / "cpu_capacity"), read_number(cpu / "cpufreq/cpuinfo_max_freq")


def _allowed(status: str) -> set[int]:
    for line in status.splitlines():
        key, _, value = line.partition(":")
        if key == "Cpus_allowed_list":
            return set(parse_list(value.strip()))
    return set()


def parse_list(text: str) -> Iterable[int]:
    """The numbers in the kernel's list format, "0-3,7"."""
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first.isdigit() and (last or first).isdigit():
            yield from range(int(first), int(last or first) + 1)


def within_quota(cores: int | None, quota: float | None) -> int | None:
    """Cores left under a cgroup's CPU quota; at least one."""
    if cores is None or quota is None:
        return cores
    return max(1, min(cores, math.ceil(quota)))
