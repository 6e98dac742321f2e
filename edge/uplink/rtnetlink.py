"""The part of rtnetlink that the uplink needs: dump requests, and what the kernel tells.

Pure; bytes in, values out, and whatever is cut off or unknown is left out. Layouts and numbers:
rtnetlink(7), netlink(7) and the kernel's uapi headers (linux/netlink.h, rtnetlink.h, if_link.h,
if_addr.h). Knows no socket. Used by mirror.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

Family = Literal[4, 6]

GROUPS = 0x1 | 0x10 | 0x40 | 0x100 | 0x400
"""RTMGRP_LINK, IPV4_IFADDR, IPV4_ROUTE, IPV6_IFADDR, IPV6_ROUTE."""

# Address families as Linux numbers them, on whatever system this runs.
_UNSPEC, _INET, _INET6 = 0, 2, 10

_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_LINK = struct.Struct("=BxHiII")  # family, type, index, flags, change
_ADDRESS = struct.Struct("=BBBBI")  # family, prefix length, flags, scope, index
_ROUTE = struct.Struct("=BBBBBBBBI")  # family, dst, src, tos, table, protocol, scope, type, flags
_ATTRIBUTE = struct.Struct("=HH")
_NEXT_HOP = struct.Struct("=HBBi")  # length, flags, hops, index

_ERROR, _DONE = 2, 3
_NEW_LINK, _DEL_LINK, _GET_LINK = 16, 17, 18
_NEW_ADDRESS, _DEL_ADDRESS, _GET_ADDRESS = 20, 21, 22
_NEW_ROUTE, _DEL_ROUTE, _GET_ROUTE = 24, 25, 26
_REQUEST_DUMP = 0x1 | 0x300
_INTERRUPTED = 0x10
_REPLACE = 0x100

_IFLA_IFNAME, _IFLA_OPERSTATE = 3, 16
_IFA_LOCAL_OR_PEER, _IFA_LOCAL, _IFA_FLAGS = 1, 2, 8
_RTA_OIF, _RTA_GATEWAY, _RTA_PRIORITY, _RTA_MULTIPATH, _RTA_TABLE = 4, 5, 6, 9, 15

_UP, _LOOPBACK, _LOWER_UP = 0x1, 0x8, 0x10000
_OPERATIONAL = (0, 6)
"""IF_OPER_UNKNOWN (drivers that do not say) and IF_OPER_UP."""
_SCOPE_LINK = 253
_DAD_FAILED, _TENTATIVE = 0x08, 0x40
_TABLE_MAIN = 254
_UNICAST = 1
_DEAD = 0x1
_TYPE_MASK = 0x3FFF
"""Without the flags NLA_F_NESTED and NLA_F_NET_BYTEORDER."""

Kind = Literal["link", "address", "route4", "route6"]

_DUMPS: dict[Kind, tuple[int, int]] = {
    "link": (_GET_LINK, _UNSPEC),
    "address": (_GET_ADDRESS, _UNSPEC),
    "route4": (_GET_ROUTE, _INET),
    "route6": (_GET_ROUTE, _INET6),
}

_FAMILIES: dict[int, Family] = {_INET: 4, _INET6: 6}


@dataclass(frozen=True, slots=True)
class Interface:
    index: int
    name: str
    up: bool
    """As an administrator wants it."""
    carrier: bool
    """Whether packets can leave it."""
    loopback: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """``usable``: for talking beyond the cable, and not under examination."""

    index: int
    family: Family
    address: bytes
    usable: bool


@dataclass(frozen=True, slots=True)
class DefaultRoute:
    family: Family
    index: int
    gateway: bytes
    metric: int


Thing: TypeAlias = Interface | Address | DefaultRoute


@dataclass(frozen=True, slots=True)
class News:
    """Something is there, or is gone. ``replaces``: others of its metric are gone with it."""

    thing: Thing
    gone: bool = False
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """A dump is over; ``error`` is an errno where it failed."""

    error: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """``port`` is whose request it answers; ``interrupted``: the dump is not consistent."""

    port: int
    sequence: int
    interrupted: bool
    what: News | End


def dump_request(kind: Kind, sequence: int) -> bytes:
    """Asks for everything of that kind."""
    number, family = _DUMPS[kind]
    body = {
        _GET_LINK: _LINK.pack(family, 0, 0, 0, 0),
        _GET_ADDRESS: _ADDRESS.pack(family, 0, 0, 0, 0),
        _GET_ROUTE: _ROUTE.pack(family, 0, 0, 0, 0, 0, 0, 0, 0),
    }[number]
    length = _HEADER.size + len(body)
    return _HEADER.pack(length, number, _REQUEST_DUMP, sequence, 0) + body


def parse(data: bytes) -> Iterator[Message]:
    """What is of interest in one datagram."""
    while len(data) >= _HEADER.size:
        length, number, flags, sequence, port = _HEADER.unpack_from(data)
        if not _HEADER.size <= length <= len(data):
            return
        body, data = data[_HEADER.size : length], data[_aligned(length) :]
        interrupted = bool(flags & _INTERRUPTED)
        for what in _read(number, flags, body):
            yield Message(port, sequence, interrupted, what)


def _read(number: int, flags: int, body: bytes) -> Iterator[News | End]:
    try:
        match number:
            case int(_) if number in (_ERROR, _DONE):
                yield End(-struct.unpack_from("=i", body)[0] if len(body) >= 4 else 0)
            case int(_) if number in (_NEW_LINK, _DEL_LINK):
                yield from (News(one, number == _DEL_LINK) for one in _links(body))
            case int(_) if number in (_NEW_ADDRESS, _DEL_ADDRESS):
                yield from (News(one, number == _DEL_ADDRESS) for one in _addresses(body))
            case int(_) if number in (_NEW_ROUTE, _DEL_ROUTE):
                replaces = number == _NEW_ROUTE and bool(flags & _REPLACE)
                for place, one in enumerate(_routes(body)):
                    yield News(one, number == _DEL_ROUTE, replaces and place == 0)
            case _:
                pass
    except struct.error:
        return


def _links(body: bytes) -> Iterator[Interface]:
    family, _, index, flags, _ = _LINK.unpack_from(body)
    if family != _UNSPEC:  # a bridge tells of its ports in this way
        return
    given = dict(_attributes(body[_LINK.size :]))
    name = given.get(_IFLA_IFNAME, b"").rstrip(b"\0").decode("utf-8", "replace")
    operational = given.get(_IFLA_OPERSTATE, b"\0")[:1] or b"\0"
    carrier = bool(flags & _UP and flags & _LOWER_UP) and operational[0] in _OPERATIONAL
    yield Interface(index, name, bool(flags & _UP), carrier, bool(flags & _LOOPBACK))


def _addresses(body: bytes) -> Iterator[Address]:
    family, _, flags, scope, index = _ADDRESS.unpack_from(body)
    if family not in _FAMILIES:
        return
    given = dict(_attributes(body[_ADDRESS.size :]))
    if _IFA_FLAGS in given:
        (flags,) = struct.unpack_from("=I", given[_IFA_FLAGS])
    address = given.get(_IFA_LOCAL, given.get(_IFA_LOCAL_OR_PEER, b""))
    usable = scope < _SCOPE_LINK and not flags & (_DAD_FAILED | _TENTATIVE)
    yield Address(index, _FAMILIES[family], address, usable)


def _routes(body: bytes) -> Iterator[DefaultRoute]:
    """A default route of the main table, once for each interface that it may take."""
    family, length, _, _, table, _, _, kind, flags = _ROUTE.unpack_from(body)
    if family not in _FAMILIES or length != 0 or kind != _UNICAST or flags & _DEAD:
        return
    given = dict(_attributes(body[_ROUTE.size :]))
    if _number(given.get(_RTA_TABLE), table) != _TABLE_MAIN:
        return
    metric = _number(given.get(_RTA_PRIORITY), 0)
    if _RTA_OIF in given:
        index = _number(given[_RTA_OIF], 0)
        yield DefaultRoute(_FAMILIES[family], index, given.get(_RTA_GATEWAY, b""), metric)
    for index, gateway in _next_hops(given.get(_RTA_MULTIPATH, b"")):
        yield DefaultRoute(_FAMILIES[family], index, gateway, metric)


def _next_hops(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= _NEXT_HOP.size:
        length, flags, _, index = _NEXT_HOP.unpack_from(data)
        if not _NEXT_HOP.size <= length <= len(data):
            return
        given = dict(_attributes(data[_NEXT_HOP.size : length]))
        if not flags & _DEAD:
            yield index, given.get(_RTA_GATEWAY, b"")
        data = data[_aligned(length) :]


def _number(value: bytes | None, otherwise: int) -> int:
    return otherwise if value is None else int(struct.unpack_from("=I", value)[0])


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(data)
        if not _ATTRIBUTE.size <= length <= len(data):
            return
        yield kind & _TYPE_MASK, data[_ATTRIBUTE.size : length]
        data = data[_aligned(length) :]


def _aligned(length: int) -> int:
    return (length + 3) & ~3
