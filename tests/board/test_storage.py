"""The disk that the box writes to."""

from pathlib import Path

import pytest

from edge.board.storage import find
from edge.state import Storage
from tests.board.boards import disk, write

CARD = {"device/type": "SD\n", "device/name": "SN64G\n", "size": "124735488\n"}


def mounts(root: Path, *lines: str) -> None:
    write(root, {"proc/self/mountinfo": "".join(f"{line}\n" for line in lines)})


def test_a_memory_card(tmp_path: Path):
    disk(tmp_path, "179:2", "platform/emmc2bus/mmc0/block/mmcblk0", CARD, partition="mmcblk0p2")
    mounts(tmp_path, "25 1 179:2 / / rw,noatime shared:1 - ext4 /dev/root rw")
    assert find(tmp_path) == Storage("sd", "SN64G", 124735488 * 512)


@pytest.mark.parametrize(
    ("device", "files", "kind"),
    [
        ("platform/mmc1/block/mmcblk1", {"device/type": "MMC\n"}, "emmc"),
        ("pci0000:00/nvme/nvme0/nvme0n1", {"device/model": "WD 500G  \n"}, "nvme"),
        ("pci0000:00/usb2/2-1/host0/block/sda", {"queue/rotational": "0"}, "usb"),
        ("pci0000:00/ata1/block/sda", {"queue/rotational": "0"}, "ssd"),
        ("pci0000:00/ata1/block/sdb", {"queue/rotational": "1"}, "disk"),
        ("pci0000:00/virtio1/block/vda", {}, "virtual"),
        ("platform/new/block/ubi0", {}, None),
    ],
)
def test_kinds(tmp_path: Path, device: str, files: dict[str, str], kind: str | None):
    disk(tmp_path, "8:1", device, files)
    mounts(tmp_path, "25 1 8:1 / / rw - ext4 /dev/x rw")
    found = find(tmp_path)
    assert found is not None
    assert found.kind == kind
    assert found.name == (files.get("device/model", "").strip() or None)


def test_the_nearest_mount_counts_and_the_last_of_several(tmp_path: Path):
    disk(tmp_path, "8:1", "ata1/block/sda", {})
    disk(tmp_path, "259:1", "nvme/nvme0n1", {}, partition="nvme0n1p1")
    mounts(
        tmp_path,
        "1 0 8:1 / / rw - ext4 /dev/sda1 rw",
        "2 1 8:1 / /var/library rw - ext4 /dev/sda1 rw",
        "3 1 0:35 / /var/lib rw - overlay overlay rw",
        "4 1 259:1 / /var/lib rw - ext4 /dev/nvme0n1p1 rw",
    )
    found = find(tmp_path)
    assert found is not None
    assert found.kind == "nvme"
    assert find(tmp_path, "/home") == find(tmp_path, "/")


def test_an_encrypted_volume_is_on_the_disk_below(tmp_path: Path):
    disk(tmp_path, "259:1", "nvme/nvme0n1", {}, partition="nvme0n1p3")
    disk(tmp_path, "254:0", "virtual/block/dm-0", {})
    below = tmp_path / "sys/devices/virtual/block/dm-0/slaves/nvme0n1p3"
    below.parent.mkdir()
    below.symlink_to("../../../../nvme/nvme0n1/nvme0n1p3")
    mounts(tmp_path, "25 1 254:0 / / rw - ext4 /dev/mapper/root rw")
    found = find(tmp_path)
    assert found is not None
    assert found.kind == "nvme"


@pytest.mark.parametrize("line", ["1 0 0:30 / / rw - tmpfs tmpfs rw", "1 0 8:9 / / rw", "1", "a b"])
def test_no_disk_is_unknown(tmp_path: Path, line: str):
    mounts(tmp_path, line)
    assert find(tmp_path) is None


def test_a_circle_of_volumes_ends(tmp_path: Path):
    disk(tmp_path, "254:0", "virtual/block/dm-0", {})
    below = tmp_path / "sys/devices/virtual/block/dm-0/slaves/dm-0"
    below.parent.mkdir()
    below.symlink_to("..")
    mounts(tmp_path, "25 1 254:0 / / rw - ext4 /dev/mapper/root rw")
    assert find(tmp_path) is None
