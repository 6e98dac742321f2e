"""A copy of the kernel's links, addresses and default routes, and what it says of the way out.

Pure: takes datagrams, gives the requests to send. Dumps begin it and events keep it true; where
events cannot be trusted to tell everything (the kernel drops a route silently with its link or
its address) the routes are asked for again. Knows no socket. Used by netlink.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from edge.uplink.evidence import Kernel
from edge.uplink.rtnetlink import (
    Address,
    DefaultRoute,
    End,
    Interface,
    Kind,
    Message,
    News,
    Thing,
    dump_request,
    parse,
)

ALL: tuple[Kind, ...] = ("link", "address", "route4", "route6")
ROUTES: tuple[Kind, ...] = ("route4", "route6")

_LATER = (errno.EBUSY, errno.EINTR, errno.ENOBUFS, errno.ENOMEM)
"""Why a dump may be refused that is not refused the next time."""


@dataclass(slots=True)
class _Dump:
    """One under way. ``stale``: something of its kind happened meanwhile."""

    kind: Kind
    sequence: int
    things: list[Thing] = field(default_factory=list)
    stale: bool = False


class Mirror:
    """``port`` is the socket's own: what answers it is a dump's part, all else an event."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._links: dict[int, Interface] = {}
        self._addresses: set[Address] = set()
        self._routes: set[DefaultRoute] = set()
        self._wanted: list[Kind] = list(ALL)
        self._unseen = set(ALL)
        self._dump: _Dump | None = None
        self._sequence = 0

    def request(self) -> bytes | None:
        """What to send now, if anything: the kernel takes one dump at a time."""
        if self._dump is not None or not self._wanted:
            return None
        self._sequence += 1
        self._dump = _Dump(self._wanted.pop(0), self._sequence)
        return dump_request(self._dump.kind, self._sequence)

    def overrun(self) -> None:
        """Datagrams were lost: everything is asked for again."""
        # A dump under way goes on: the kernel makes its parts as there is room for them.
        if self._dump is not None:
            self._dump.stale = True
        self._wanted = list(ALL)

    def feed(self, data: bytes) -> None:
        for message in parse(data):
            dump = self._dump
            if message.port == self._port:
                if dump is not None and message.sequence == dump.sequence:
                    self._take_part(message, dump)
            elif isinstance(message.what, News):
                self._take_event(message.what)

    def facts(self) -> Kernel | None:
        """None before the kernel has told everything once."""
        if self._unseen:
            return None
        ways = list(dict.fromkeys(self._ways()))
        if ways:
            return Kernel(True, f"{ways[0]} leads out", tuple(ways))
        return Kernel(False, self._why_not(), ())

    # --- what the kernel tells ------------------------------------------------------------

    def _take_part(self, message: Message, dump: _Dump) -> None:
        dump.stale = dump.stale or message.interrupted
        match message.what:
            case News(thing):
                dump.things.append(thing)
            case End(error):
                self._dump = None
                if error in _LATER:
                    self._want([dump.kind])
                    return
                # Without IPv6 in the kernel there is nothing to be told of it.
                self._replace(dump.kind, [] if error else dump.things)
                self._unseen.discard(dump.kind)
                if dump.stale:
                    self._want([dump.kind])

    def _replace(self, kind: Kind, things: Iterable[Thing]) -> None:
        """What was seen of that kind before is void."""
        family = {"route4": 4, "route6": 6}.get(kind)
        if kind == "link":
            self._links.clear()
        elif kind == "address":
            self._addresses.clear()
        else:
            self._routes = {one for one in self._routes if one.family != family}
        for thing in things:
            self._add(thing)

    def _take_event(self, news: News) -> None:
        thing = news.thing
        if self._dump is not None and _is_of(thing, self._dump.kind):
            self._dump.stale = True
        if isinstance(thing, DefaultRoute):
            if news.replaces:
                alike = (thing.family, thing.metric)
                self._routes = {r for r in self._routes if (r.family, r.metric) != alike}
            self._want([f"route{thing.family}"])
        if news.gone:
            self._remove(thing)
        else:
            self._add(thing)

    def _add(self, thing: Thing) -> None:
        match thing:
            case Interface():
                self._links[thing.index] = thing
                if not thing.up:
                    self._lose_routes(thing.index)
            case Address():
                self._forget_address(thing)
                self._addresses.add(thing)
            case DefaultRoute():
                self._routes.add(thing)

    def _remove(self, thing: Thing) -> None:
        match thing:
            case Interface():
                self._links.pop(thing.index, None)
                self._addresses = {a for a in self._addresses if a.index != thing.index}
                self._lose_routes(thing.index)
            case Address():
                self._forget_address(thing)
                self._want(ROUTES)
            case DefaultRoute():
                self._routes.discard(thing)

    def _lose_routes(self, index: int) -> None:
        """The kernel takes an interface's routes away with it, and need not say so."""
        kept = {route for route in self._routes if route.index != index}
        if kept != self._routes:
            self._routes = kept
            self._want(ROUTES)

    def _forget_address(self, gone: Address) -> None:
        key = (gone.index, gone.family, gone.address)
        self._addresses = {
            one for one in self._addresses if (one.index, one.family, one.address) != key
        }

    def _want(self, kinds: Iterable[str]) -> None:
        self._wanted = [k for k in ALL if k in self._wanted or k in kinds]

    # --- what it says of the way out ------------------------------------------------------

    def _ways(self) -> Iterator[str]:
        """Names of the interfaces that lead out, the preferred one first."""
        for route in self._sorted_routes():
            if self._trouble(route) is None:
                yield self._links[route.index].name

    def _sorted_routes(self) -> list[DefaultRoute]:
        return sorted(self._routes, key=lambda one: (one.family, one.metric, one.index))

    def _trouble(self, route: DefaultRoute) -> str | None:
        """Why that route leads nowhere."""
        link = self._links.get(route.index)
        if link is None or not link.up:
            return f"{link.name if link else 'an interface'} is down"
        if not link.carrier:
            return f"{link.name} has no carrier"
        has_address = any(
            one.index == route.index and one.family == route.family and one.usable
            for one in self._addresses
        )
        return None if has_address else f"{link.name} has no address"

    def _why_not(self) -> str:
        troubles = [self._trouble(route) for route in self._sorted_routes()]
        if first := next((trouble for trouble in troubles if trouble), None):
            return first
        if not any(link.carrier and not link.loopback for link in self._links.values()):
            return "no network interface has a carrier"
        return "no interface leads out: there is no default route"


def _is_of(thing: Thing, kind: Kind) -> bool:
    match thing:
        case Interface():
            return kind == "link"
        case Address():
            return kind == "address"
        case DefaultRoute(family=family):
            return kind == f"route{family}"
