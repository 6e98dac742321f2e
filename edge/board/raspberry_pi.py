"""Reads a Raspberry Pi's revision code. Pure.

The bits are NOQuuuWuFMMMCCCCPPPPTTTTTTTTRRRR (Raspberry Pi documentation, "revision
codes"); only new-style codes (F set) are read, those before 2014 have too little memory to
matter. Called by probe.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.units import Bytes

_NEW_STYLE = 1 << 23

_TYPES = {
    0x00: "A",
    0x01: "B",
    0x02: "A+",
    0x03: "B+",
    0x04: "2B",
    0x06: "CM1",
    0x08: "3B",
    0x09: "Zero",
    0x0A: "CM3",
    0x0C: "Zero W",
    0x0D: "3B+",
    0x0E: "3A+",
    0x10: "CM3+",
    0x11: "4B",
    0x12: "Zero 2 W",
    0x13: "400",
    0x14: "CM4",
    0x15: "CM4S",
    0x17: "5",
    0x18: "CM5",
    0x19: "500",
    0x1A: "CM5 Lite",
    0x1B: "CM0",
}
_COMPATIBLE = {
    "4B": "raspberrypi,4-model-b",
    "400": "raspberrypi,400",
    "CM4": "raspberrypi,4-compute-module",
    "5": "raspberrypi,5-model-b",
    "500": "raspberrypi,500",
    "CM5": "raspberrypi,5-compute-module",
    "CM5 Lite": "raspberrypi,5-compute-module",
}
"""The device tree's name by type, for where the device tree is hidden (containers)."""

_PROCESSORS = ("BCM2835", "BCM2836", "BCM2837", "BCM2711", "BCM2712")
_LARGEST_KNOWN_MEMORY = 6  # 16 GB; 7 means "ask the firmware"


@dataclass(frozen=True, slots=True)
class Revision:
    """What the code says; None where it names something newer than this table."""

    type: str | None
    processor: str | None
    memory: Bytes | None
    revision: int

    @property
    def compatible(self) -> tuple[str, ...]:
        """What the board's device tree calls it."""
        name = _COMPATIBLE.get(self.type or "")
        return () if name is None else (name,)


def decode(code: int) -> Revision | None:
    """The revision behind a code such as 0xd04170; None for an old-style or absent one."""
    if not code & _NEW_STYLE:
        return None
    memory, processor = code >> 20 & 0x7, code >> 12 & 0xF
    return Revision(
        type=_TYPES.get(code >> 4 & 0xFF),
        processor=_PROCESSORS[processor] if processor < len(_PROCESSORS) else None,
        memory=Bytes(2**28 << memory) if memory <= _LARGEST_KNOWN_MEMORY else None,
        revision=code & 0xF,
    )
