"""What a modem's answers mean: registration, strength, operator.

Pure; a line that is not understood means nothing (None). Source: 3GPP TS 27.007, sections 7.2
(+CREG), 10.1.20 (+CGREG), 10.1.22 (+CEREG), 10.1.47 (+C5GREG), 7.3 (+COPS), 8.5 (+CSQ) and 8.69
(+CESQ). Used by follow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from edge.uplink.evidence import Registration, Technology

PACKET = ("+C5GREG", "+CEREG", "+CGREG")
"""Registrations that carry packets, the newest network first; +CREG is for calls."""
CALLS = "+CREG"

REGISTRATIONS: Mapping[int, Registration] = {
    0: "none",
    1: "home",
    2: "searching",
    3: "denied",
    5: "roaming",
    6: "none",  # for short messages only, at home
    7: "none",  # and roaming
    8: "denied",  # emergency calls only
    9: "home",  # circuit switched fallback not preferred
    10: "roaming",
}
"""As 3GPP numbers them (TS 27.007), and ModemManager after it."""

_TECHNOLOGIES: Mapping[int, Technology] = {
    0: "2G",  # GSM
    1: "2G",
    2: "3G",  # UTRAN
    3: "2G",  # EDGE
    4: "3G",  # HSDPA
    5: "3G",
    6: "3G",
    7: "4G",  # E-UTRAN
    8: "2G",  # GSM for things
    9: "4G",  # and LTE for them
    10: "4G",  # behind a 5G core
    11: "5G",  # NR
    12: "5G",
    13: "5G",  # beside LTE
}

_UNKNOWN_CSQ, _UNKNOWN_CESQ = 99, 255


def registration(line: str) -> tuple[str, Registration | None] | None:
    """Which registration a line tells of, and what it is; None for any other line.

    Asked for, it begins with how it is told (<n>,<stat>); told unasked it does not (<stat>).
    Only a number can stand second when it was asked for: places of cells are quoted.
    """
    name, _, rest = line.partition(":")
    if name not in (*PACKET, CALLS):
        return None
    values = [value.strip() for value in rest.split(",")]
    second = values[1] if len(values) > 1 else ""
    stat = second if re.fullmatch(r"\d{1,2}", second) else values[0]
    return name, REGISTRATIONS.get(int(stat)) if re.fullmatch(r"\d{1,2}", stat) else None


def best_registration(known: Mapping[str, Registration | None]) -> Registration | None:
    """How the modem stands for packets, out of what each command says."""
    packets = [state for name in PACKET if (state := known.get(name)) is not None]
    if not packets:
        return known.get(CALLS)
    order: tuple[Registration, ...] = ("home", "roaming", "searching", "denied", "none")
    return min(packets, key=order.index)


def rssi(line: str) -> int | None:
    """dBm of everything received, by +CSQ; its ends mean "or less" and "or more"."""
    (value,) = _numbers(line, "+CSQ", 1) or (_UNKNOWN_CSQ,)
    return -113 + 2 * value if 0 <= value <= 31 else None


def rsrp(line: str) -> int | None:
    """dBm of an LTE cell's reference signal, by +CESQ."""
    values = _numbers(line, "+CESQ", 6) or (_UNKNOWN_CESQ,)
    return values[-1] - 141 if 0 <= values[-1] <= 97 else None


def operator(line: str) -> str | None:
    """The network's name, by +COPS."""
    found = re.match(r'\+COPS: *\d+ *, *\d+ *, *"([^"]{1,64})"', line)
    return found[1].strip() or None if found else None


def technology(line: str) -> Technology | None:
    """What the cell is, by the <AcT> of +COPS."""
    found = re.match(r'\+COPS: *\d+ *, *\d+ *, *"[^"]*" *, *(\d{1,2})', line)
    return _TECHNOLOGIES.get(int(found[1])) if found else None


def _numbers(line: str, name: str, count: int) -> tuple[int, ...] | None:
    """The first values of an answer, if they are numbers and that many."""
    if not line.startswith(f"{name}:"):
        return None
    values = [value.strip() for value in line.partition(":")[2].split(",")][:count]
    if len(values) < count or not all(re.fullmatch(r"\d{1,3}", value) for value in values):
        return None
    return tuple(int(value) for value in values)
