"""What the link is judged by, as frozen values.

Pure data. Made by netlink, probe, modem and the engines' reports; read by link.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from edge.state import FailureKind
from edge.units import Seconds

Registration = Literal["home", "roaming", "searching", "denied", "none"]

Measure = Literal["rssi", "rsrp"]
"""Scales of strength: of everything received, or of the cell's own reference signal (LTE)."""


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
    dbm: int | None = None
    measure: Measure = "rssi"
    operator: str | None = None
    interface: str | None = None
    """The network interface that the modem is behind."""

    @property
    def registered(self) -> bool | None:
        return None if self.registration is None else self.registration in ("home", "roaming")


Evidence: TypeAlias = Kernel | Answered | Lost | Portal | Modem
