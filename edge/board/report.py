"""A board's facts as people read them and as programs do. Pure. Called by cli."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from edge.board.throughput import DiskSpeed
from edge.chat import JsonObject
from edge.state import Accelerator, BoardFacts, CoreKind, EngineDevice, Storage, StorageKind
from edge.units import Bytes

# Of the dozens of CPU features only these change how fast llama.cpp runs.
TELLING_FEATURES = (
    "asimddp",
    "i8mm",
    "sve",
    "sve2",
    "bf16",
    "fphp",
    "avx",
    "avx2",
    "fma",
    "f16c",
    "avx512f",
    "avx512_vnni",
    "avx_vnni",
    "avx512_bf16",
    "amx_int8",
)


_STORAGE: dict[StorageKind, str] = {
    "sd": "SD card",
    "emmc": "eMMC",
    "nvme": "NVMe",
    "usb": "USB",
    "ssd": "SSD",
    "disk": "hard disk",
    "virtual": "virtual disk",
}


def format_facts(facts: BoardFacts, speed: DiskSpeed | None = None) -> str:
    """One fact a line; what is unknown says so."""
    features = [name for name in TELLING_FEATURES if name in facts.cpu_features]
    limit = "none" if facts.memory_limit is None else _gigabytes(facts.memory_limit)
    devices = ", ".join(_device(device, facts) for device in facts.accelerators)
    lines = {
        "model": facts.model or "unknown",
        "board": facts.board or "none of the known ones",
        "cpu": f"{facts.cpu or 'unknown'} ({facts.architecture or 'unknown architecture'})",
        "cores": _cores(facts),
        "features": " ".join(features) or "none that matter here",
        "memory": f"{_gigabytes(facts.memory_total)}, {_gigabytes(facts.memory_available)} free",
        "memory limit": limit,
        "swap": _swap(facts),
        "storage": _storage(facts.storage),
        **({} if speed is None else {"disk speed": _speed(speed)}),
        "accelerators": devices or "none",
        **({"l4t": facts.l4t} if facts.l4t else {}),
        **({} if facts.engine_devices is None else {"engine": _engine(facts.engine_devices)}),
    }
    return "\n".join(f"{key + ':':14}{value}" for key, value in lines.items())


def facts_as_json(facts: BoardFacts, speed: DiskSpeed | None = None) -> str:
    """The same facts as one JSON object; unknown is null."""
    value = {
        "model": facts.model,
        "board": facts.board,
        "architecture": facts.architecture,
        "cpu": facts.cpu,
        "cores": facts.cores,
        "core_kinds": [
            {"count": kind.count, "capacity": kind.capacity, "top_khz": kind.top_khz}
            for kind in facts.core_kinds
        ],
        "cpu_quota": facts.cpu_quota,
        "cpu_features": list(facts.cpu_features),
        "memory_total": facts.memory_total,
        "memory_available": facts.memory_available,
        "memory_limit": facts.memory_limit,
        "swap": facts.swap,
        "zram": facts.zram,
        "storage": None if facts.storage is None else asdict(facts.storage),
        "disk_speed": None if speed is None else {"reads": speed.reads, "writes": speed.writes},
        "accelerators": [
            {
                "kind": device.kind,
                "name": device.name,
                "memory": device.memory,
                "unified": device.unified,
            }
            for device in facts.accelerators
        ],
        "l4t": facts.l4t,
        "engine_devices": _listed(facts.engine_devices),
    }
    return json.dumps(value, indent=2)


def _cores(facts: BoardFacts) -> str:
    if facts.cores is None:
        return "unknown"
    kinds = " + ".join(_kind(kind) for kind in facts.core_kinds)
    several = f" ({kinds})" if len(facts.core_kinds) > 1 else ""
    quota = "" if facts.cpu_quota is None else f", at most {facts.cpu_quota:g} CPUs' time"
    return f"{facts.cores}{several}{quota}"


def _kind(kind: CoreKind) -> str:
    clock = "" if kind.top_khz is None else f" at {kind.top_khz / 1e6:.1f} GHz"
    return f"{kind.count}{clock}"


def _swap(facts: BoardFacts) -> str:
    if facts.swap is None:
        return "unknown"
    if not facts.swap:
        return "none"
    zram = f", {_gigabytes(facts.zram)} of it compressed memory" if facts.zram else ""
    return f"{_gigabytes(facts.swap)}{zram}"


def _storage(storage: Storage | None) -> str:
    if storage is None:
        return "unknown"
    kind = "a disk of unknown kind" if storage.kind is None else _STORAGE[storage.kind]
    name = "" if storage.name is None else f" {storage.name}"
    return f"{kind}{name}, {_gigabytes(storage.size)}"


def _speed(speed: DiskSpeed) -> str:
    writes = "" if speed.writes is None else f", writes {speed.writes / 1e6:.0f} MB/s"
    return f"reads {speed.reads / 1e6:.0f} MB/s{writes} (measured)"


def _device(device: Accelerator, facts: BoardFacts) -> str:
    use = {"cuda": "CUDA", "vulkan": "Vulkan, unused", "npu": "NPU, unused"}[device.kind]
    if device.kind == "cuda" and not facts.can_use(device):
        use = "CUDA, unused: this llama.cpp is built without it"
    return f"{device.name} ({use})"


def _listed(devices: Sequence[EngineDevice] | None) -> list[JsonObject] | None:
    return None if devices is None else [asdict(device) for device in devices]


def _engine(devices: Sequence[EngineDevice]) -> str:
    """What llama.cpp says it computes on."""
    return ", ".join(f"{one.name} ({one.description})" for one in devices) or "no device at all"


def _gigabytes(size: Bytes | None) -> str:
    return "unknown" if size is None else f"{size / 2**30:.1f} GiB"
