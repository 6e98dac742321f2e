"""The picture of the box: frozen facts.

Pure. Shared by the layers that produce facts (board, engines) and those that decide
on them (catalog, routing), so that neither imports the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edge.units import Bytes, Seconds


@dataclass(frozen=True, slots=True)
class Accelerator:
    """A device that can run layers of a model."""

    kind: Literal["cuda", "vulkan", "npu"]
    name: str
    memory: Bytes | None = None
    unified: bool = False


@dataclass(frozen=True, slots=True)
class CoreKind:
    """Physical cores of one kind that this process may run on. None means unknown."""

    count: int
    capacity: int | None = None
    """What one core does, as the kernel rates it; 1024 is the board's best kind."""
    top_khz: int | None = None


@dataclass(frozen=True, slots=True)
class EngineDevice:
    """A device that llama.cpp itself says it can compute on; ``memory`` as it sees it."""

    name: str
    """ggml's: "CPU", "CUDA0", "Vulkan0"."""
    description: str
    memory: Bytes


StorageKind = Literal["sd", "emmc", "nvme", "usb", "ssd", "disk", "virtual"]


@dataclass(frozen=True, slots=True)
class Storage:
    """The disk that the box writes to. None means unknown."""

    kind: StorageKind | None
    name: str | None = None
    size: Bytes | None = None


@dataclass(frozen=True, slots=True)
class BoardFacts:
    """What the board is, read once. None means unknown."""

    model: str | None = None
    board: str | None = None
    """The name of the profile in hw/boards that fits."""
    architecture: str | None = None
    cpu: str | None = None
    cores: int | None = None
    """Physical cores for this process: those it may run on, within ``cpu_quota``."""
    core_kinds: tuple[CoreKind, ...] = ()
    """The cores it may run on by kind, the strongest first; the quota is not in it."""
    cpu_quota: float | None = None
    """The tightest cgroup limit of time, in CPUs."""
    cpu_features: tuple[str, ...] = ()
    memory_total: Bytes | None = None
    memory_available: Bytes | None = None
    memory_limit: Bytes | None = None
    """The tightest cgroup limit over this process."""
    swap: Bytes | None = None
    """All swap space, ``zram`` among it; it is never planned with."""
    zram: Bytes | None = None
    """Swap that is memory itself, compressed."""
    storage: Storage | None = None
    accelerators: tuple[Accelerator, ...] = ()
    l4t: str | None = None
    """The release of NVIDIA's Linux on a Jetson, "36.4.3"."""
    engine_devices: tuple[EngineDevice, ...] | None = None
    """llama.cpp's own list, which has the last word; None where it was not asked."""

    def can_use(self, device: Accelerator) -> bool:
        """Whether the engine computes on that device, as far as it was asked."""
        prefix = {"cuda": "CUDA", "vulkan": "Vulkan", "npu": "NPU"}[device.kind]
        listed = self.engine_devices
        return listed is None or any(one.name.startswith(prefix) for one in listed)


@dataclass(frozen=True, slots=True)
class Room:
    """Whether models can be in memory together; ``reason`` is for the person."""

    fits: bool
    reason: str


@dataclass(frozen=True, slots=True)
class EngineState:
    """Whether an engine can take a request now, and the reason."""

    ready: bool
    reason: str
    last_success: Seconds | None = None
    """Seconds since its last whole answer."""
    measures: tuple[tuple[str, float], ...] = ()
    """What it has done so far, by name; a name that ends in _total only grows."""


LinkLevel = Literal["online", "weak", "offline"]


@dataclass(frozen=True, slots=True)
class LinkState:
    """Whether the uplink carries requests now, and the reason."""

    level: LinkLevel
    reason: str
    metered: bool | None = None
    """Whether bytes cost money there; None means unknown."""
    doubted: bool = False
    """Something was lost and nothing has answered since: it may be down already."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the routing policy may know when it decides."""

    engines: tuple[tuple[str, EngineState], ...] = ()
    models: tuple[tuple[str, frozenset[str]], ...] = ()
    """By engine: the words, in lower case, that name a model of its own."""
    link: LinkState | None = None
    """None where nothing watches the uplink: then every upstream may be tried."""
    over_link: frozenset[str] = frozenset()
    """The engines that ``link`` is about; others are on this side of it, as on the LAN."""
    barred: tuple[tuple[str, str], ...] = ()
    """Engines that may not be asked now, and why: a budget that is spent."""


FailureKind = Literal["unreachable", "timeout", "reset", "stall", "refused", "stranger"]
"""No way there; no connection in time; a connection that broke; one that says nothing; a
machine that answered no; something else that answered in the upstream's place."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request to an upstream went, as far as the network is concerned."""

    failure: FailureKind | None = None
    """None: the upstream itself answered, whatever it said."""
    first_byte: Seconds | None = None
    """How long its first byte took, where that tells something of the network."""
