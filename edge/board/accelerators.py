"""Which devices beside the CPU are there; whether the engine can use them, only it can say.

Looks at device nodes and at what the kernel's drivers publish, under a root. Called by probe.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from edge.board.files import names, read_text
from edge.state import Accelerator
from edge.units import Bytes

# Jetson modules by the device tree's chip name, with the CUDA compute capability.
_TEGRA = {
    "nvidia,tegra264": "Thor (compute capability 11.0)",
    "nvidia,tegra234": "Orin (compute capability 8.7)",
    "nvidia,tegra194": "Xavier (compute capability 7.2)",
    "nvidia,tegra186": "TX2 (compute capability 6.2)",
    "nvidia,tegra210": "Nano (compute capability 5.3)",
}

_NPU_NODES = (
    ("hailo[0-9]*", "Hailo"),
    ("apex_[0-9]*", "Coral Edge TPU"),
    ("rknpu*", "Rockchip NPU"),
)

_NVIDIA_RENDER_DRIVERS = ("nvidia", "nvgpu", "tegra", "host1x")


def find(
    root: Path, compatible: Sequence[str], memory_total: Bytes | None
) -> tuple[Accelerator, ...]:
    """Every device found; a Jetson's GPU shares ``memory_total`` with the CPU."""
    cuda = (*_jetson(root, compatible, memory_total), *_nvidia_cards(root))
    return (*cuda, *_render_nodes(root, has_cuda=bool(cuda)), *_npus(root))


def is_jetson(root: Path, compatible: Sequence[str]) -> bool:
    """A Tegra chip under NVIDIA's own Linux; without that the GPU cannot compute."""
    chip = any(name in _TEGRA for name in compatible)
    return chip and read_text(root / "etc/nv_tegra_release") is not None


def l4t(root: Path) -> str | None:
    """The release of NVIDIA's Linux, "36.4.3"; None on any other."""
    line = read_text(root / "etc/nv_tegra_release") or ""
    found = re.match(r"# R(\d+) \(release\), REVISION: ([\d.]+)", line)
    return f"{found[1]}.{found[2]}" if found else None


def _jetson(
    root: Path, compatible: Sequence[str], memory_total: Bytes | None
) -> Iterator[Accelerator]:
    if is_jetson(root, compatible):
        chip = next(_TEGRA[name] for name in compatible if name in _TEGRA)
        yield Accelerator("cuda", chip, memory_total, unified=True)


def _nvidia_cards(root: Path) -> Iterator[Accelerator]:
    """Cards that have both the driver's entry and a device node to open."""
    folder = root / "proc/driver/nvidia/gpus"
    nodes = [name for name in names(root / "dev", "nvidia[0-9]*") if name[6:].isdigit()]
    for _, bus in zip(nodes, names(folder, "*"), strict=False):
        text = read_text(folder / bus / "information") or ""
        model = re.search(r"^Model:\s*(.+)$", text, re.MULTILINE)
        yield Accelerator("cuda", model[1].strip() if model else f"NVIDIA GPU at {bus}")


def _render_nodes(root: Path, *, has_cuda: bool) -> Iterator[Accelerator]:
    """GPUs by their render node; one that CUDA already names is not named twice."""
    for node in names(root / "dev/dri", "renderD*"):
        driver = _driver(root / "sys/class/drm" / node) or "unknown driver"
        if not (has_cuda and driver.startswith(_NVIDIA_RENDER_DRIVERS)):
            yield Accelerator("vulkan", f"{driver} ({node})")


def _npus(root: Path) -> Iterator[Accelerator]:
    for pattern, name in _NPU_NODES:
        for node in names(root / "dev", pattern):
            yield Accelerator("npu", f"{name} ({node})")
    for node in names(root / "dev/accel", "accel[0-9]*"):
        driver = _driver(root / "sys/class/accel" / node) or "unknown driver"
        yield Accelerator("npu", f"{driver} ({node})")


def _driver(device: Path) -> str | None:
    found = re.search(r"^DRIVER=(.+)$", read_text(device / "device/uevent") or "", re.MULTILINE)
    return found[1] if found else None
