"""How long a link that came and went has to stand before it is believed again.

Pure, without a clock. Every drop costs a point, points fade with a half-life, and what is left
of them says how long the hold-off is: a link that keeps dropping is soon left alone for a
minute, and one that has become steady is forgiven within the same time. Used by link.
"""

from __future__ import annotations

from edge.units import Seconds

HALF_LIFE = Seconds(60.0)

MOST_POINTS = 6.0
"""More drops than this make nothing worse."""

HOLDS = ((4.5, Seconds(60.0)), (3.5, Seconds(30.0)), (2.5, Seconds(15.0)), (1.5, Seconds(5.0)))
"""From so many points on, so long."""


class Flaps:
    """The points of one link."""

    def __init__(self) -> None:
        self._points = 0.0
        self._at = 0.0

    def dropped(self, now: float) -> None:
        self._points = min(MOST_POINTS, self.points(now) + 1.0)
        self._at = now

    def points(self, now: float) -> float:
        return float(self._points * 0.5 ** (max(0.0, now - self._at) / HALF_LIFE))

    def hold(self, now: float) -> Seconds:
        """How long answers must have come without a break."""
        points = self.points(now)
        return next((hold for least, hold in HOLDS if points >= least), Seconds(0.0))
