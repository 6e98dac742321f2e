"""How many threads compute: one less while somebody else wants the cores; pure.

llama.cpp's threads wait for each other at every layer. Where another process takes a core
away, all of them stand still: one thread less loses a share of the speed, one too many
loses ten times. Knows seconds only.
"""

from __future__ import annotations

from edge.units import Seconds

CROWDED = 3.0
"""A step that takes so many times the usual was disturbed."""

DISTURBED_STEPS = 3
"""So many disturbed steps in a row make a busy board."""

QUIET_SECONDS = Seconds(5.0)
"""How long fewer threads are used before all are tried again; twice as long after each
try that failed, up to QUIET_LIMIT."""

QUIET_LIMIT = Seconds(80.0)

_NEW = 0.1
"""Weight of the newest undisturbed step: contexts grow, boards heat up."""


class Threads:
    """``now`` is how many to use for the next step."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.now = most
        self._usual: float | None = None
        self._disturbed = 0
        self._quiet = QUIET_SECONDS
        self._since: float = 0.0

    def learn(self, took: Seconds, clock: float) -> None:
        """A step of one token took so long with ``now`` threads; ``clock`` is the time."""
        if self.now < self._most:
            self._try_again(clock)
        elif self._usual is None or took < CROWDED * self._usual:
            self._usual = took if self._usual is None else _mixed(self._usual, took)
            self._calm()
        else:
            self._disturbed += 1
            if self._disturbed >= DISTURBED_STEPS and self._most > 1:
                self._give_way(clock)

    def _try_again(self, clock: float) -> None:
        """All threads once more; a single disturbed step ends the try."""
        if clock - self._since >= self._quiet:
            self.now, self._disturbed = self._most, DISTURBED_STEPS - 1

    def _calm(self) -> None:
        self._disturbed = max(0, self._disturbed - 1)
        if self._disturbed == 0:
            self._quiet = QUIET_SECONDS

    def _give_way(self, clock: float) -> None:
        self.now, self._since = self._most - 1, clock
        self._quiet = min(QUIET_LIMIT, Seconds(2 * self._quiet))


def _mixed(old: float, new: float) -> float:
    return (1 - _NEW) * old + _NEW * new
