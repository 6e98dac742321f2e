"""While the box runs: gives memory back before the kernel takes a process for it.

Looks at the kernel's pressure figures and asks the pool of models to give something back when
everything stands still too often. The rule (``Relief``) is pure. Started by the daemon.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from edge.units import Seconds

log = logging.getLogger(__name__)

LOOK_EVERY = Seconds(5.0)

ALARMING, CALM = 10.0, 2.0
"""Percent of the time in which nothing ran for want of memory: from where on it counts, and below
which it is over."""

LOOKS = 2
"""So many alarming looks in a row before anything is given up: a load alone causes one."""

REST_LOOKS = 6
"""After something was given up its effect is waited for."""


@dataclass(slots=True)
class Relief:
    """Decides at each look whether something has to be given up."""

    _alarming: int = 0
    _rest: int = 0

    def look(self, pressure: float | None) -> bool:
        """True when it is time. ``pressure`` in percent, None unknown."""
        self._rest = max(0, self._rest - 1)
        if pressure is None or pressure < CALM:
            self._alarming = 0
        elif pressure >= ALARMING:
            self._alarming += 1
        if self._alarming < LOOKS or self._rest:
            return False
        self._alarming, self._rest = 0, REST_LOOKS
        return True


async def watch(
    read: Callable[[], float | None],
    relieve: Callable[[str], str],
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Until cancelled. ``relieve`` gives something back and says what, or nothing."""
    relief = Relief()
    while True:
        await sleep(LOOK_EVERY)
        pressure = await asyncio.to_thread(read)
        if relief.look(pressure):
            reason = f"nothing ran for want of memory in {pressure:.0f} % of the last ten seconds"
            log.warning("%s: %s", reason, relieve(reason) or "there is nothing to give back")
