"""Joins what is known of the uplink: the kernel, real traffic, probes and the modem.

The thin shell around link: it has the clock, the tasks, the log's one line at each change, and
those who want to be told. Knows what it is given as plain functions, so it knows neither sockets
nor ports. Constructed by app; engines report to it, routing reads it, all on the event loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from edge.state import FailureKind, LinkLevel, LinkState, Outcome
from edge.units import Seconds
from edge.uplink.evidence import Answered, Evidence, Kernel, Lost, Modem
from edge.uplink.link import Link
from edge.uplink.pause import Pause, pause
from edge.uplink.spacing import Spacing

log = logging.getLogger(__name__)

LOOK_EVERY = Seconds(1.0)
"""While the link is not well: what only time decides is seen so late at most."""

WORDS: Mapping[FailureKind, str] = {
    "unreachable": "there is no way to it",
    "timeout": "no connection in time",
    "reset": "the connection broke",
    "stall": "nothing came for too long",
    "refused": "it refused the connection",
    "stranger": "something else answered in its place",
}

Told: TypeAlias = Callable[[LinkState], None]
Probe: TypeAlias = Callable[[frozenset[str]], Awaitable[Evidence]]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where evidence comes from. Each runs until cancelled, or returns if it has nothing."""

    kernel: Callable[[Callable[[Kernel], None]], Awaitable[None]]
    probe: Probe | None = None
    """Tries the link once, if it can by another upstream than those named; never raises."""
    modem: Callable[[Callable[[Modem], None]], Awaitable[None]] | None = None


class Watch:
    """The picture of one box's uplink. ``over_link``: the upstreams that are reached by it."""

    def __init__(
        self,
        sources: Sources,
        over_link: frozenset[str],
        *,
        clock: Callable[[], float],
        spacing: Spacing,
        metered: Callable[[str | None], bool | None],
        pause: Pause = pause,
    ) -> None:
        self._sources = sources
        self.over_link = over_link
        self._clock = clock
        self._spacing = spacing
        self._metered = metered
        self._pause = pause
        self._link = Link()
        self._stir = asyncio.Event()
        self._level: LinkLevel | None = None
        self._subscribers: list[Told] = []

    def state(self) -> LinkState | None:
        """The picture now; None while nothing is known."""
        self._link.look(self._clock())
        return self._note()

    def report(self, upstream: str, outcome: Outcome) -> None:
        """How a real request went."""
        if upstream not in self.over_link:
            return
        if outcome.failure is None:
            self._saw(Answered(upstream, outcome.first_byte))
        else:
            self._saw(Lost(upstream, outcome.failure, WORDS[outcome.failure]))

    def asked(self) -> None:
        """Somebody has a request and wants to know whether the link would carry it."""
        self._spacing.asked(self._clock())
        self._rouse()

    def subscribe(self, told: Told) -> Callable[[], None]:
        """``told`` is called at each change of level, until what is returned is called.

        It is called on the event loop and must neither block nor raise.
        """
        self._subscribers.append(told)
        return lambda: self._subscribers.remove(told)

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow_kernel(), name="uplink: kernel")
            tasks.create_task(self._look_and_probe(), name="uplink: probes")
            if self._sources.modem is not None:
                tasks.create_task(self._follow_modem(self._sources.modem), name="uplink: modem")

    async def _follow_kernel(self) -> None:
        await self._sources.kernel(self._saw_way)

    async def _follow_modem(
        self, modem: Callable[[Callable[[Modem], None]], Awaitable[None]]
    ) -> None:
        await modem(self._saw_way)

    async def _look_and_probe(self) -> None:
        """Never more than one probe at a time: it is made here, and waited for."""
        while True:
            self._stir.clear()
            wait = self._wait()
            if wait is not None and wait <= 0 and self._sources.probe is not None:
                evidence = await self._sources.probe(self._link.own_trouble)
                self._spacing.made(self._clock())
                self._saw(evidence)
            else:
                await self._pause(self._stir, self._until_look(wait))
                self.state()

    def _wait(self) -> Seconds | None:
        """Until the next probe; None where none is due as things are."""
        if self._sources.probe is None:
            return None
        now = self._clock()
        return self._spacing.wait(self._link.urgency(now), now)

    def _until_look(self, wait: Seconds | None) -> Seconds | None:
        if wait is None:
            return None if self._is_settled else LOOK_EVERY
        return min(wait, LOOK_EVERY)

    @property
    def _is_settled(self) -> bool:
        return self._link.urgency(self._clock()) == "none"

    def _saw_way(self, fact: Kernel | Modem) -> None:
        self._saw(fact)
        if self._link.urgency(self._clock()) == "now":
            # The link is another one: what failed before was not this.
            self._spacing.afresh(self._clock())

    def _saw(self, evidence: Evidence) -> None:
        self._link.saw(evidence, self._clock())
        self._note()
        self._rouse()

    def _rouse(self) -> None:
        """Look anew; not while all is well, when every request would wake somebody for nothing."""
        if not self._is_settled:
            self._stir.set()

    def _note(self) -> LinkState | None:
        """The state with what it costs; a change of level is told."""
        seen = self._link.state
        if seen is None:
            return None
        state = replace(seen, metered=self._metered(self._link.interface))
        if state.level != self._level:
            before, self._level = self._level, state.level
            was = f" (was {before})" if before else ""
            log.info("the uplink is %s%s: %s", state.level, was, state.reason)
            for told in tuple(self._subscribers):
                told(state)
        return state
