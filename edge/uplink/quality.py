"""Whether a link that carries requests carries them badly.

Pure, without a clock. Answers are graded by how long they took; a few bad ones among the latest
make the link weak, and it stays so until good ones have come in a row for a while, so that
neither a single slow answer nor a single fast one says anything. A low signal makes it weak by
itself. Knows nothing of links that are down. Used by link.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from edge.units import Seconds
from edge.uplink.evidence import Answered, Lost, Measure, Modem
from edge.uplink.flaps import Flaps


@dataclass(frozen=True, slots=True)
class Band:
    """Worse than ``bad`` counts against the link, as good as ``good`` for it, between neither."""

    good: float
    bad: float


ANSWER_SECONDS = Band(good=4.0, bad=8.0)
"""The first byte of an upstream's answer; its own work is in it, so this is generous."""

PROBE_SECONDS = Band(good=1.0, bad=2.0)
"""A connection with TLS, three round trips: a bad one has more than 600 ms each."""

SIGNAL: Mapping[Measure, Band] = {
    "rssi": Band(good=-101, bad=-107),
    "rsrp": Band(good=-114, bad=-120),
    "percent": Band(good=20, bad=10),
}

LATEST = 4
"""So many grades are looked at,"""
BAD_OF_LATEST = 2
"""and so many bad ones among them make a link weak;"""
GRADE_LASTS = Seconds(60.0)
"""one that is older counts no more."""
GOOD_IN_A_ROW = 3
WEAK_AT_LEAST = Seconds(15.0)
WEAK_AT_MOST = Seconds(300.0)
"""Without any grade for so long, what made a link weak is history."""


@dataclass(frozen=True, slots=True)
class _Grade:
    at: float
    good: bool
    why: str


class Quality:
    """The grades of one link since it was last down."""

    def __init__(self) -> None:
        self._grades: deque[_Grade] = deque(maxlen=LATEST)
        self._flaps = Flaps()
        self._weak: str | None = None
        self._since = 0.0
        self._low: str | None = None

    def forget(self) -> None:
        """Another link, or the same after it was down; the signal and the flaps are kept."""
        self._grades.clear()
        self._weak = None

    def suspect(self, why: str, now: float) -> None:
        """Weak until it is seen to be good."""
        self._turn_weak(why, now)

    def answered(self, one: Answered, now: float) -> None:
        band = PROBE_SECONDS if one.probe else ANSWER_SECONDS
        if one.took is None or band.good < one.took < band.bad:
            return
        what = "a probe took" if one.probe else "the first byte took"
        self._add(_Grade(now, one.took <= band.good, f"{what} {one.took:.1f} s"))

    def lost(self, one: Lost, now: float) -> None:
        self._add(_Grade(now, False, f"{one.name}: {one.why}"))

    def signal(self, modem: Modem | None) -> None:
        """The radio's strength; None where no modem is in use, or where it does not say."""
        if modem is None or modem.strength is None:
            self._low = None
            return
        band = SIGNAL[modem.measure]
        limit = band.good if self._low else band.bad + 1
        unit = "%" if modem.measure == "percent" else "dBm"
        is_low = modem.strength < limit
        self._low = f"the signal is low ({modem.strength} {unit})" if is_low else None

    def weak(self, now: float) -> str | None:
        """Why the link is weak, None if it is not."""
        if self._weak is not None and self._is_over(now):
            self.forget()
        return self._weak or self._low

    def _add(self, grade: _Grade) -> None:
        self._grades.append(grade)
        now = grade.at
        bad = [one for one in self._grades if not one.good and now - one.at <= GRADE_LASTS]
        if not grade.good and len(bad) >= BAD_OF_LATEST:
            self._turn_weak(f"{len(bad)} of the latest answers were bad; {grade.why}", now)

    def _turn_weak(self, why: str, now: float) -> None:
        if self._weak is None:
            self._flaps.dropped(now)
            self._since = now
        self._weak = why

    def _is_over(self, now: float) -> bool:
        latest = [one.good for one in self._grades][-GOOD_IN_A_ROW:]
        stood = now - self._since
        last = max((one.at for one in self._grades), default=self._since)
        if now - last >= WEAK_AT_MOST:
            return True
        proved = len(latest) == GOOD_IN_A_ROW and all(latest)
        return proved and stood >= max(WEAK_AT_LEAST, self._flaps.hold(now))
