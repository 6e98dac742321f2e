"""Notices that an answer is later than it should be, and whether the network is to blame.

Three things are late each in its own time: the connection, the acknowledgement of what was sent,
which comes from the other machine's kernel however long its model thinks, and the first content.
Knows the event loop's timers and one socket; for this package.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from statistics import quantiles
from typing import Any

from edge.engines.base import Late, nobody
from edge.engines.upstream.acknowledged import sent_again
from edge.units import Seconds

LOOK_EVERY = Seconds(0.1)

CONNECTION_LATE = Seconds(0.8)
"""A first packet that is lost is sent again after one second."""

SENT_AGAIN = 2
"""Times that the same bytes were sent without an answer. The kernel waits for the usual way there
and back first, and at least 0.2 s; so this is some 0.6 s on a good link."""

CONTENT_LATE = Seconds(10.0)
"""Where it is not known how long an upstream usually takes."""

LEAST_LATE, MOST_LATE = Seconds(3.0), Seconds(30.0)
USUALLY = 2.0
"""Times as long as three answers in four take."""

REMEMBERED = 50
FEWEST = 5
"""Answers by which is judged, and with which it is begun."""


class History:
    """How long an upstream's first content took, lately."""

    def __init__(self) -> None:
        self._took: deque[float] = deque(maxlen=REMEMBERED)

    def learn(self, took: Seconds) -> None:
        self._took.append(took)

    def patience(self) -> Seconds:
        """After so long an answer is late."""
        if len(self._took) < FEWEST:
            return CONTENT_LATE
        usual = quantiles(self._took, n=4)[2]
        return Seconds(min(MOST_LATE, max(LEAST_LATE, USUALLY * usual)))


class Doubt:
    """About one answer, from when it is asked for until ``settled``; used on the event loop."""

    def __init__(self, late: Late, history: History, clock: Callable[[], float]) -> None:
        self._late = late
        self._history = history
        self._clock = clock
        self._began = clock()
        self._socket: Any = None
        self._timer: asyncio.TimerHandle | None = None
        self.network: str | None = None
        """Why the network is in doubt, if it is."""

    @property
    def is_open(self) -> bool:
        """Begun, and not settled."""
        return self._timer is not None

    @property
    def is_heeded(self) -> bool:
        """Whether somebody else is asked when this is late."""
        return self._late is not nobody

    @property
    def waited(self) -> Seconds:
        """Since it was asked for."""
        return Seconds(self._clock() - self._began)

    def begin(self) -> None:
        """Look from now on."""
        self._began = self._clock()
        self._timer = asyncio.get_running_loop().call_later(LOOK_EVERY, self._again)

    def connected(self, transport: asyncio.BaseTransport | None) -> None:
        """The request goes over that connection."""
        self._socket = transport.get_extra_info("socket") if transport is not None else None

    def settled(self, *, content: bool) -> None:
        """There is ``content``, or there will be none; said for the first time it counts."""
        if self._timer is None:
            return
        self._timer.cancel()
        self._timer = None
        if content:
            self.network = None
            self._history.learn(self.waited)

    def _again(self) -> None:
        self.look()
        if self._timer is not None:
            self._timer = asyncio.get_running_loop().call_later(LOOK_EVERY, self._again)

    def look(self) -> None:
        """Once; a timer does it every LOOK_EVERY."""
        if self._timer is None:
            return
        waited = self.waited
        self.network = self._network(waited)
        if self.network is not None:
            self._late(self.network)
        elif waited >= (patience := self._history.patience()):
            self._late(f"no word of its answer for {patience:.1f} s")

    def _network(self, waited: Seconds) -> str | None:
        if self._socket is None:
            return f"no connection for {waited:.1f} s" if waited >= CONNECTION_LATE else None
        if (sent_again(self._socket) or 0) >= SENT_AGAIN:
            return f"nothing of the request has arrived for {waited:.1f} s"
        return None
