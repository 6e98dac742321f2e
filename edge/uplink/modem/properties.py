"""What ModemManager's objects mean: which modem is followed, and what it says of the radio.

Pure; what is not understood is unknown (None). Source: ModemManager's D-Bus interfaces Modem
(State, Ports, AccessTechnologies, SignalQuality), Modem.Modem3gpp (RegistrationState,
OperatorName) and Modem.Signal (Lte, Nr5g), with the enumerations MMModemState,
MMModemPortType, MMModemAccessTechnology and MMModem3gppRegistrationState. Used by managed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.uplink.bus.objects import Interfaces, Objects, Properties, Service
from edge.uplink.evidence import Measure, Modem, Registration, Technology
from edge.uplink.modem.meanings import REGISTRATIONS

MODEM = "org.freedesktop.ModemManager1.Modem"
NETWORK = "org.freedesktop.ModemManager1.Modem.Modem3gpp"
SIGNAL = "org.freedesktop.ModemManager1.Modem.Signal"

MODEM_MANAGER = Service(
    "ModemManager",
    "org.freedesktop.ModemManager1",
    "/org/freedesktop/ModemManager1",
    frozenset((MODEM, NETWORK, SIGNAL)),
)

_ENABLED, _SEARCHING, _REGISTERED = 6, 7, 8
"""States of a modem; below them ModemManager has not switched its radio on, and does not know
what a modem does that connects by itself. What is above is registered, too."""

_NET = 2
"""The kind of a port that is a network interface."""

_STATES: Mapping[int, Registration] = {**REGISTRATIONS, 11: "denied"}
"""With one of ModemManager's own: restricted local services only."""

_TECHNOLOGIES: tuple[tuple[int, Technology], ...] = (
    (1 << 15, "5G"),
    (1 << 14 | 1 << 16 | 1 << 17, "4G"),  # LTE, Cat-M, NB-IoT
    (1 << 5 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 11 | 1 << 12 | 1 << 13, "3G"),
    (1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 10, "2G"),
)
"""Bits of what is in use, the newest first: UMTS to HSPA+ and EV-DO; GSM to EDGE and 1xRTT."""

_LEAST_DBM, _MOST_DBM = -150.0, -30.0
"""What is outside is no strength of a signal: some modems have a number for unknown."""


def reading(objects: Objects, port: str | None) -> Modem | None:
    """What ``port``'s modem says, or the one that is most of use; None if there is no such."""
    modems = [one for _, one in sorted(objects.items()) if MODEM in one and _has(one, port)]
    if not modems:
        return None
    best = max(modems, key=lambda one: (_interface(one) is not None, _state(one)))
    strength, measure = _strength(best)
    return Modem(
        _registration(best),
        strength,
        measure,
        _text(best.get(NETWORK, {}).get("OperatorName")),
        _interface(best),
        _technology(best),
    )


def _has(modem: Interfaces, port: str | None) -> bool:
    return port is None or any(name == port for name, _ in _ports(modem))


def _ports(modem: Interfaces) -> list[tuple[str, int]]:
    ports = modem[MODEM].get("Ports")
    return [(name, kind) for name, kind in ports] if isinstance(ports, list) else []


def _interface(modem: Interfaces) -> str | None:
    return next((name for name, kind in _ports(modem) if kind == _NET), None)


def _state(modem: Interfaces) -> int:
    return _number(modem[MODEM].get("State")) or 0


def _registration(modem: Interfaces) -> Registration | None:
    """By the network's own word, else by what state the modem is in."""
    state = _state(modem)
    if state < _ENABLED:
        return None
    told = _number(modem.get(NETWORK, {}).get("RegistrationState"))
    if told is not None and told in _STATES:
        return _STATES[told]
    if state >= _REGISTERED:
        return "home"  # or roaming: it can be used
    return "searching" if state == _SEARCHING else None


def _technology(modem: Interfaces) -> Technology | None:
    bits = _number(modem[MODEM].get("AccessTechnologies")) or 0
    return next((name for mask, name in _TECHNOLOGIES if bits & mask), None)


def _strength(modem: Interfaces) -> tuple[int | None, Measure]:
    """Of the cell where somebody has switched that on, else what every modem has. A quality of
    0 is also that of a modem whose radio is off, so it says nothing."""
    for cell in ("Lte", "Nr5g"):
        dbm = _dbm(modem.get(SIGNAL, {}), cell, "rsrp")
        if dbm is not None:
            return dbm, "rsrp"
    match modem[MODEM].get("SignalQuality"):
        case (int(percent), True) if percent > 0:
            return percent, "percent"
    return None, "percent"


def _dbm(signal: Properties, cell: str, name: str) -> int | None:
    values = signal.get(cell)
    found = values.get(name) if isinstance(values, Mapping) else None
    if isinstance(found, float) and _LEAST_DBM < found < _MOST_DBM:
        return round(found)
    return None


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def _text(value: Any) -> str | None:
    return (value.strip() or None) if isinstance(value, str) else None
