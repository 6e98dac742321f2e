"""Recordings of boards: all that the probe needs, and nothing private."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edge.board.probe import probe
from edge.board.record import record, redacted
from edge.errors import StartFailed
from edge.state import Storage
from tests.board.boards import disk, jetson_orin_nano, pc, raspberry_pi_5, write


def full(make: Callable[[Path], Path], root: Path) -> Path:
    """A board with limits, swap and a card."""
    make(root)
    disk(root, "179:2", "mmc0/block/mmcblk0", {"device/type": "SD"}, partition="mmcblk0p2")
    group = "sys/fs/cgroup/system.slice/codriver.service/"
    return write(
        root,
        {
            "proc/self/mountinfo": "25 1 179:2 / / rw - ext4 /dev/root rw\n"
            "30 25 0:40 / /home/alice rw - nfs server:/alice rw\n",
            "proc/self/cgroup": "0::/system.slice/codriver.service\n",
            "sys/fs/cgroup/cgroup.controllers": "cpu memory\n",
            group + "memory.max": "3221225472\n",
            group + "cpu.max": "200000 100000\n",
            "proc/self/status": "Name:\tcodriver\nUid:\t1000\nCpus_allowed_list:\t0-2\n",
            "proc/swaps": "Filename Type Size Used Priority\n/dev/zram0 partition 1024 0 5\n",
            "dev/nvidia0": "",
            "proc/driver/nvidia/gpus/0000:01:00.0/information": "Model: RTX\nGPU UUID: 1\n",
        },
    )


@pytest.mark.parametrize("make", [raspberry_pi_5, jetson_orin_nano, pc])
def test_the_probe_finds_the_same_in_a_recording(make: Callable[[Path], Path], tmp_path: Path):
    root = full(make, tmp_path / "root")
    written = record(root, tmp_path / "copy")
    assert probe(tmp_path / "copy") == probe(root)
    assert all(path.is_file() for path in written)
    assert len(set(written)) == len(written)


def test_a_disk_below_an_encrypted_device_is_found_in_a_recording(tmp_path: Path):
    root = full(pc, tmp_path / "root")
    disk(root, "259:1", "nvme/nvme0n1", {"device/model": "SSD"}, partition="nvme0n1p3")
    disk(root, "254:0", "virtual/block/dm-0", {})
    below = root / "sys/devices/virtual/block/dm-0/slaves/nvme0n1p3"
    below.parent.mkdir()
    below.symlink_to("../../../../nvme/nvme0n1/nvme0n1p3")
    write(root, {"proc/self/mountinfo": "25 1 254:0 / / rw - ext4 /dev/mapper/root rw\n"})
    record(root, tmp_path / "copy")
    found = probe(tmp_path / "copy").storage
    assert found == probe(root).storage == Storage("nvme", "SSD")


def test_nothing_private_is_in_it(tmp_path: Path):
    root = full(raspberry_pi_5, tmp_path / "root")
    written = record(root, tmp_path / "copy")
    said = "".join(path.read_text("utf-8", "replace") for path in written)
    for word in ("Serial", "alice", "Uid", "UUID"):
        assert word not in said
    assert "Revision" in said


def test_what_is_between_the_lines():
    cpuinfo = b"Revision\t: d04170\nSerial\t\t: 48343bbbe3ae743b\nModel\t\t: Raspberry Pi 5\n"
    kept = redacted(Path("proc/cpuinfo"), cpuinfo)
    assert kept == b"Revision\t: d04170\nModel\t\t: Raspberry Pi 5\n"
    uevent = Path("sys/class/drm/renderD128/device/uevent")
    assert redacted(uevent, b"DRIVER=v3d\nOF_FULLNAME=/soc/v3d\n") == b"DRIVER=v3d\n"


def test_this_machine(tmp_path: Path):
    record(Path("/"), tmp_path / "copy")
    here, copy = probe(Path("/")), probe(tmp_path / "copy")
    for name in ("model", "cpu", "cores", "core_kinds", "memory_total", "memory_limit", "storage"):
        assert getattr(copy, name) == getattr(here, name)


def test_a_folder_in_use_is_left_alone(tmp_path: Path):
    write(tmp_path, {"copy/mine": "1"})
    for taken in ("copy", "copy/mine"):
        with pytest.raises(StartFailed, match="not an empty folder"):
            record(raspberry_pi_5(tmp_path / "root"), tmp_path / taken)
    assert (tmp_path / "copy/mine").read_text() == "1"


def test_a_folder_that_cannot_be_made(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(StartFailed, match="cannot write the recording"):
        record(raspberry_pi_5(tmp_path / "root"), tmp_path / "file/copy")
