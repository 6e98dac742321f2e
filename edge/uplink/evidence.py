"""What the link is judged by, as frozen values.

Pure data. Made by netlink, probe, modem and the engines' reports; read by link.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from edge.state import FailureKind
from edge.units import Seconds

Registration = Literal["home", "roaming", "searching", "denied", "none"]

Measure = Literal["rssi", "rsrp", "percent"]
"""Scales of strength: dBm of everything received, dBm of the cell's own reference signal (LTE,
5G), or what ModemManager makes of whichever its modem tells."""

Technology = Literal["2G", "3G", "4G", "5G"]


@dataclass(frozen=True, slots=True)
class Kernel:
    """Whether packets have a way out as far as the kernel knows, and the reason."""

    usable: bool
    reason: str
    interfaces: tuple[str, ...] = ()
    """Those that default routes lead through, the preferred one first."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Somebody answered over the link, and was who they should be."""

    name: str
    """The upstream, or what was probed."""
    took: Seconds | None = None
    """Until the first byte of an answer, or until a probe was through; None says nothing."""
    probe: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """A request or a probe that the link did not carry. ``why`` is half a sentence."""

    name: str
    kind: FailureKind
    why: str
    probe: bool = False


@dataclass(frozen=True, slots=True)
class Portal:
    """Something else answers in everybody's place. ``why`` says how that showed."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Modem:
    """What the modem says of the radio. None means unknown."""

    registration: Registration | None = None
    strength: int | None = None
    measure: Measure = "rssi"
    operator: str | None = None
    interface: str | None = None
    """The network interface that the modem is behind."""
    technology: Technology | None = None

    @property
    def registered(self) -> bool | None:
        return None if self.registration is None else self.registration in ("home", "roaming")

    @property
    def words(self) -> str:
        """For a person."""
        known = (self.registration or "unknown", self.technology)
        return ", ".join((self.operator or "no operator", *(one for one in known if one)))


Evidence: TypeAlias = Kernel | Answered | Lost | Portal | Modem
