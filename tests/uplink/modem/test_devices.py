"""Ports, interfaces and owners out of made trees of the kernel's files."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.uplink.modem.devices import candidates, interface_behind, owner


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A modem with three ports and an interface, and a USB GPS receiver."""
    usb = tmp_path / "sys/devices/usb1"
    for device, ports in (("1-1", ("ttyUSB0", "ttyUSB1", "ttyUSB2")), ("1-2", ("ttyACM0",))):
        (usb / device).mkdir(parents=True)
        (usb / device / "idVendor").write_text("2c7c\n")
        for number, tty in enumerate(ports):
            place = usb / device / f"{device}:1.{number}" / tty
            place.mkdir(parents=True)
            entry = tmp_path / "sys/class/tty" / tty
            entry.mkdir(parents=True)
            (entry / "device").symlink_to(place)
            (entry / "dev").write_text(f"188:{number}\n")
    (usb / "1-1" / "1-1:1.4" / "net" / "wwan0").mkdir(parents=True)
    (tmp_path / "sys/class/tty/ttyS0").mkdir()
    (tmp_path / "proc").mkdir()
    return tmp_path


def running(root: Path, number: int, name: str) -> None:
    (root / "proc" / str(number)).mkdir()
    (root / "proc" / str(number) / "comm").write_text(f"{name}\n")


def test_a_modem_s_ports_are_those_beside_a_network_interface(root: Path) -> None:
    assert [port.name for port in candidates(root)] == ["ttyUSB0", "ttyUSB1", "ttyUSB2"]
    assert interface_behind(root, "ttyUSB2") == "wwan0"
    assert interface_behind(root, "ttyACM0") is None
    assert interface_behind(root, "ttyS0") is None
    assert interface_behind(root, "pts/7") is None


def test_a_machine_without_any(tmp_path: Path) -> None:
    assert candidates(tmp_path) == []
    assert owner(tmp_path, tmp_path / "dev/ttyUSB2") is None


def test_a_lock_of_a_living_process(root: Path) -> None:
    port, lock = root / "dev/ttyUSB2", root / "var/lock/LCK..ttyUSB2"
    lock.parent.mkdir(parents=True)
    lock.write_text("      4711\n")
    assert owner(root, port) is None, "it has ended and left its lock"
    running(root, 4711, "pppd")
    assert owner(root, port) == f"{port} is locked by process 4711: it is left alone"
    lock.write_text("nonsense")
    assert owner(root, port) is None


def test_modem_manager_has_them_all_but_those_it_is_told_to_leave(root: Path) -> None:
    port = root / "dev/ttyUSB2"
    running(root, 1, "systemd")
    assert owner(root, port) is None
    running(root, 500, "ModemManager")
    said = owner(root, port)
    assert said is not None
    assert said.startswith(f"ModemManager runs and has the modems: {port} is left alone")
    assert "ModemManager is asked instead" in said
    assert "ID_MM_PORT_IGNORE" in said
    udev = root / "run/udev/data/c188:2"
    udev.parent.mkdir(parents=True)
    udev.write_text("I:1\nE:ID_MM_PORT_IGNORE=1\nG:systemd\n")
    assert owner(root, port) is None


def test_modem_manager_is_seen_where_processes_are_hidden(root: Path) -> None:
    units = root / "run/systemd/units"
    units.mkdir(parents=True)
    (units / "invocation:ModemManager.service").symlink_to("0f0f0f0f")
    assert "ModemManager runs" in (owner(root, root / "dev/ttyUSB2") or "")
    assert owner(root, root / "dev/pts/7") is None, "it wants no port that is no hardware"
