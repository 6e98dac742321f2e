"""Kernel files of boards that are not at hand, laid out under a folder as a root.

The values follow published listings: the Raspberry Pi 5's device tree and /proc/cpuinfo,
the Jetson Orin Nano's as in rbonghi/jetson_stats issue 400.
"""

import os
from pathlib import Path


def write(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def disk(
    root: Path, number: str, device: str, files: dict[str, str], partition: str | None = None
) -> None:
    """A disk below sys/devices, and its link by number, of the disk itself or a ``partition``."""
    write(root, {f"sys/devices/{device}/{name}": text for name, text in files.items()})
    target = root / "sys/devices" / device / (partition or "")
    target.mkdir(parents=True, exist_ok=True)
    if partition is not None:
        (target / "partition").write_text("2\n")
    link = root / "sys/dev/block" / number
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(os.path.relpath(target, link.parent))


def meminfo(total_kb: int, available_kb: int) -> str:
    return f"MemTotal:       {total_kb} kB\nMemFree:  1000 kB\nMemAvailable:   {available_kb} kB\n"


def arm_cpuinfo(part: int, cores: int, features: str, tail: str = "") -> str:
    blocks = [
        f"processor\t: {core}\nBogoMIPS\t: 108.00\nFeatures\t: {features}\n"
        f"CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x4\n"
        f"CPU part\t: 0x{part:x}\nCPU revision\t: 1\n"
        for core in range(cores)
    ]
    return "\n".join(blocks) + "\n" + tail


def topology(cores: int) -> dict[str, str]:
    folder = "sys/devices/system/cpu/cpu{}/topology/"
    files = {}
    for core in range(cores):
        files[folder.format(core) + "core_id"] = f"{core}\n"
        files[folder.format(core) + "physical_package_id"] = "0\n"
        files[folder.format(core) + "thread_siblings_list"] = f"{core}\n"
    return files


PI_5_FEATURES = "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimddp"


def raspberry_pi_5(root: Path, revision: str = "d04170", total_kb: int = 8_245_696) -> Path:
    tail = f"Revision\t: {revision}\nSerial\t\t: 0000\nModel\t\t: Raspberry Pi 5 Model B Rev 1.0\n"
    return write(
        root,
        {
            "proc/cpuinfo": arm_cpuinfo(0xD0B, 4, PI_5_FEATURES, tail),
            "proc/meminfo": meminfo(total_kb, total_kb - 600_000),
            "proc/device-tree/model": b"Raspberry Pi 5 Model B Rev 1.0\0",
            "proc/device-tree/compatible": b"raspberrypi,5-model-b\0brcm,bcm2712\0",
            "proc/self/cgroup": "0::/system.slice/codriver.service\n",
            "sys/fs/cgroup/cgroup.controllers": "cpu memory\n",
            "dev/dri/renderD128": "",
            "sys/class/drm/renderD128/device/uevent": "DRIVER=v3d\nOF_NAME=v3d\n",
            **topology(4),
        },
    )


def jetson_orin_nano(root: Path) -> Path:
    compatible = (
        b"nvidia,p3768-0000+p3767-0003\0nvidia,p3768-0000+p3767-0005\0nvidia,p3767-0003\0"
        b"nvidia,p3767-0005\0nvidia,tegra234\0nvidia,tegra23x\0"
    )
    return write(
        root,
        {
            "proc/cpuinfo": arm_cpuinfo(0xD42, 6, PI_5_FEATURES),
            "proc/meminfo": meminfo(7_802_000, 6_100_000),
            "proc/device-tree/model": b"NVIDIA Orin Nano Developer Kit\0",
            "proc/device-tree/compatible": compatible,
            "etc/nv_tegra_release": "# R35 (release), REVISION: 3.1, GCID: 32827747\n",
            "dev/dri/renderD128": "",
            "sys/class/drm/renderD128/device/uevent": "DRIVER=tegra-host1x\n",
            **topology(6),
        },
    )


def pc(root: Path) -> Path:
    block = (
        "processor\t: {}\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) N100\n"
        "flags\t\t: fpu lm sse2 avx2 avx_vnni\n"
    )
    return write(
        root,
        {
            "proc/cpuinfo": "\n".join(block.format(core) for core in range(4)),
            "proc/meminfo": meminfo(16_000_000, 12_000_000),
            "sys/class/dmi/id/product_name": "Mini PC\n",
            **topology(4),
        },
    )
