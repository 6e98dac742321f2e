"""Datagrams as the kernel makes them: recorded ones, and small ones of our own."""

from __future__ import annotations

import json
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

RECORDING = Path(__file__).parent / "recordings" / "veth.json"

NEW_LINK, DEL_LINK, NEW_ADDRESS, DEL_ADDRESS, NEW_ROUTE, DEL_ROUTE = 16, 17, 20, 21, 24, 25
UP, RUNNING = 0x1, 0x1 | 0x10000


@dataclass(frozen=True)
class Recording:
    port: int
    datagrams: list[tuple[str, bytes]]


def recorded() -> Recording:
    read = json.loads(RECORDING.read_text())
    return Recording(
        read["port"], [(label, bytes.fromhex(data)) for label, data in read["datagrams"]]
    )


def attribute(kind: int, value: bytes) -> bytes:
    data = struct.pack("=HH", 4 + len(value), kind) + value
    return data + b"\0" * (-len(data) % 4)


def message(kind: int, body: bytes, *, flags: int = 0, sequence: int = 0, port: int = 0) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, flags, sequence, port) + body


def link(index: int, name: str, flags: int = RUNNING, state: int = 6, family: int = 0) -> bytes:
    fixed = struct.pack("=BxHiII", family, 1, index, flags, 0)
    return fixed + attribute(3, name.encode() + b"\0") + attribute(16, bytes([state]))


def address(index: int, text: str, *, scope: int = 0, flags: int = 0) -> bytes:
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    raw = socket.inet_pton(family, text)
    return (
        struct.pack("=BBBBI", family, 24, flags & 0xFF, scope, index)
        + attribute(1, raw)
        + attribute(8, struct.pack("=I", flags))
    )


def route(
    index: int,
    gateway: str,
    *,
    metric: int = 0,
    length: int = 0,
    table: int = 254,
    kind: int = 1,
    flags: int = 0,
) -> bytes:
    family = socket.AF_INET6 if ":" in gateway else socket.AF_INET
    return (
        struct.pack("=BBBBBBBBI", family, length, 0, 0, min(table, 252), 3, 0, kind, flags)
        + attribute(4, struct.pack("=I", index))
        + attribute(5, socket.inet_pton(family, gateway))
        + attribute(6, struct.pack("=I", metric))
        + attribute(15, struct.pack("=I", table))
    )


def end(error: int = 0, *, sequence: int, port: int) -> bytes:
    kind = 2 if error else 3
    return message(kind, struct.pack("=i", -error), sequence=sequence, port=port)
