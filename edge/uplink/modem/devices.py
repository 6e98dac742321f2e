"""Which serial ports belong to a modem, what network interface is behind one, and who has it.

Reads the kernel's and udev's files below ``root``; unknown is None. Blocking: run it off the
event loop. Used by follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

MANAGER = "ModemManager"
_IGNORED = ("E:ID_MM_DEVICE_IGNORE=1", "E:ID_MM_PORT_IGNORE=1")
LOCKS = ("run/lock", "var/lock")


def candidates(root: Path) -> list[Path]:
    """Ports of USB devices that have a network interface as well, which no other toy has."""
    ttys = sorted((root / "sys/class/tty").glob("tty[UA][SC][BM]*"))
    return [root / "dev" / tty.name for tty in ttys if interface_behind(root, tty.name)]


def interface_behind(root: Path, tty: str) -> str | None:
    """The network interface of the same USB device."""
    device = _usb_device(root / "sys/class/tty" / tty / "device")
    if device is None:
        return None
    return next((net.name for net in sorted(device.glob("*/net/*"))), None)


def _usb_device(place: Path) -> Path | None:
    try:
        inside = place.resolve(strict=True)
    except OSError:
        return None
    return next((one for one in (inside, *inside.parents) if (one / "idVendor").is_file()), None)


def owner(root: Path, port: Path) -> str | None:
    """Why a port is somebody else's, None if nobody is known to have it."""
    holder = _lock_holder(root, port.name)
    if holder is not None:
        return f"{port} is locked by process {holder}: it is left alone"
    is_hardware = (root / "sys/class/tty" / port.name / "device").exists()
    if is_hardware and _manager_runs(root) and not _is_ignored(root, port.name):
        return (
            f"{MANAGER} runs and has the modems: {port} is left alone, and {MANAGER} is asked "
            f'instead. For codriver to read it give it the udev property ID_MM_PORT_IGNORE="1"'
        )
    return None


def _lock_holder(root: Path, name: str) -> int | None:
    """The living process that a lock file names (Filesystem Hierarchy Standard, /var/lock)."""
    for folder in LOCKS:
        try:
            holder = int((root / folder / f"LCK..{name}").read_text("ascii").split()[0])
        except (OSError, ValueError, IndexError):
            continue
        if (root / "proc" / str(holder)).is_dir():
            return holder
    return None


def _manager_runs(root: Path) -> bool:
    """A hardened unit does not see other users' processes, but systemd's link for the unit."""
    unit = root / f"run/systemd/units/invocation:{MANAGER}.service"
    return unit.is_symlink() or MANAGER in _processes(root)


def _processes(root: Path) -> Iterator[str]:
    for comm in (root / "proc").glob("[0-9]*/comm"):
        try:
            yield comm.read_text("utf-8", "replace").strip()
        except OSError:  # it has just ended
            continue


def _is_ignored(root: Path, name: str) -> bool:
    """Whether udev has told ModemManager to leave it alone."""
    try:
        number = (root / "sys/class/tty" / name / "dev").read_text("ascii").strip()
        properties = (root / "run/udev/data" / f"c{number}").read_text("utf-8", "replace")
    except OSError:
        return False
    return any(word in properties.splitlines() for word in _IGNORED)
