"""Follows the objects of one service on the system bus, whatever goes away and comes back.

The shell between connection and objects. A service that does not run is waited for and never
started; a bus that is not there is tried again with growing pauses. Only signals of the service's
own connection count, for anybody may send one. Knows no object's meaning. Called through modem
and app.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TypeAlias

from edge.units import Seconds
from edge.uplink.bus.connection import (
    ANSWER_TIMEOUT,
    DAEMON,
    DAEMON_PATH,
    Bus,
    BusGone,
    Refused,
    use,
)
from edge.uplink.bus.objects import ALL, Objects, Service, Signal, Tree
from edge.uplink.pause import Pause, pause

log = logging.getLogger(__name__)

TRY_AGAIN = Seconds(1.0)
TRY_AGAIN_AT_MOST = Seconds(60.0)
"""After the bus or what was known is lost; each pause is twice the one before."""

OBJECTS = "org.freedesktop.DBus.ObjectManager"
PROPERTIES = "org.freedesktop.DBus.Properties"

_NOBODY = "org.freedesktop.DBus.Error.NameHasNoOwner"
_NOT_ALLOWED = "org.freedesktop.DBus.Error.AccessDenied"


Tell: TypeAlias = Callable[[Objects | None], None]
"""Gets the objects at every change, and None when nothing is known of them any more."""


async def follow(
    service: Service,
    tell: Tell,
    address: str,
    *,
    pause: Pause = pause,
    patience: Seconds = ANSWER_TIMEOUT,
) -> None:
    """Until cancelled."""
    length, follower = TRY_AGAIN, _Follower(service, tell)
    while True:
        why = await use(address, follower.run, patience)
        if follower.is_known:
            length = TRY_AGAIN
        follower.lose(why)
        await pause(asyncio.Event(), length)
        length = Seconds(min(TRY_AGAIN_AT_MOST, length * 2))


class _Follower:
    """What is known of the service, over all its connections."""

    def __init__(self, service: Service, tell: Tell) -> None:
        self._service = service
        self._tell = tell
        self._said = ""
        self.is_known = False

    async def run(self, bus: Bus) -> None:
        """Raises BusGone, in the end."""
        for rule in _rules(self._service):
            await bus.match(rule)
        owner = await _owner(bus, self._service.name)
        while True:
            if owner is None:
                self.lose("it does not run")
                owner = await self._wait_for_owner(bus)
            else:
                owner = await self._hear(bus, owner)

    def lose(self, why: str) -> None:
        """Nothing is known any more. The same reason is said once."""
        if self.is_known:
            self._tell(None)
        if self.is_known or why != self._said:
            log.info("%s is not asked: %s", self._service.title, why)
        self.is_known, self._said = False, why

    async def _wait_for_owner(self, bus: Bus) -> str | None:
        while True:
            signal = await bus.signals.get()
            if _is_of_owner(signal):
                return _new_owner(signal)

    async def _hear(self, bus: Bus, owner: str) -> str | None:
        """Tell all and follow it; returns who has the service's name next.

        What was signalled while the objects were asked for is in the queue, and is taken before
        anything is told: taken twice, it leaves things as they are.
        """
        tree = await self._ask(bus, owner)
        waiting = _taken(bus)
        while True:
            for signal in waiting:
                if _is_of_owner(signal):
                    return _new_owner(signal)
            said = [tree.take(signal) for signal in waiting if signal.sender == owner]
            if all(said):
                self._say(tree.objects)
                waiting = [await bus.signals.get(), *_taken(bus)]
            else:
                tree = await self._ask(bus, owner)
                waiting = _taken(bus)

    async def _ask(self, bus: Bus, owner: str) -> Tree:
        """Asked by its connection's own name, so that nobody else answers. Raises BusGone."""
        try:
            answer = await bus.call(owner, self._service.root, OBJECTS, "GetManagedObjects")
        except Refused as error:
            if error.name == _NOT_ALLOWED:
                raise BusGone("codriver is not allowed to") from None
            raise
        signature, body = answer
        if signature != ALL:
            raise BusGone("it answers something else")
        return Tree(self._service.interfaces, body[0])

    def _say(self, objects: Objects) -> None:
        if not self.is_known:
            log.info("%s is asked over the system bus", self._service.title)
        self.is_known = True
        self._tell(objects)


def _rules(service: Service) -> tuple[str, ...]:
    """What the bus should send: the service's coming and going, and its objects' changes."""
    by, root = f"type='signal',sender='{service.name}'", service.root
    return (
        f"type='signal',sender='{DAEMON}',path='{DAEMON_PATH}',interface='{DAEMON}',"
        f"member='NameOwnerChanged',arg0='{service.name}'",
        f"{by},interface='{OBJECTS}',path='{root}'",
        *(
            f"{by},interface='{PROPERTIES}',member='PropertiesChanged',arg0='{name}'"
            for name in sorted(service.interfaces)
        ),
    )


async def _owner(bus: Bus, name: str) -> str | None:
    """The connection that has the name now."""
    try:
        (owner,) = await bus.ask_daemon("GetNameOwner", name)
    except Refused as error:
        if error.name == _NOBODY:
            return None
        raise
    return str(owner)


def _is_of_owner(signal: Signal) -> bool:
    """The bus sends only what the rules ask for: this one is of the service's name."""
    return (signal.sender, signal.member) == (DAEMON, "NameOwnerChanged")


def _new_owner(signal: Signal) -> str | None:
    return str(signal.body[2]) or None


def _taken(bus: Bus) -> list[Signal]:
    """What is in the queue, in its order."""
    taken = []
    while not bus.signals.empty():
        taken.append(bus.signals.get_nowait())
    return taken
