"""A bad link between two network namespaces: delay, jitter, loss, a narrow rate, silence.

    python hw/sim/shaper.py --left BOX --right INTERNET [--device up0] [--seed 1]

Makes a TUN device in each namespace and carries IP packets between them; addresses and routes
are the caller's affair. It stands in for tc's netem, which small kernels lack. Reads JSON lines
from standard input and answers each with one: what is named in a line changes, in both
directions or in that of "direction" ("out" is left to right, "in" the other way):

    {"delay_ms": 1000, "jitter_ms": 50, "loss": 0.1, "rate_kbit": 64, "queue_bytes": 16000}
    {"drop": true}      nothing gets through any more, and nobody is told; false ends it
    {"clear": true}     a perfect link again
    {"report": true}    only asks: what was carried, lost, and had no room

It ends with its input. Linux, as root. Nothing of codriver depends on it. ``Line`` is pure.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import json
import os
import random
import select
import struct
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

NAMESPACES = Path("/run/netns")
PACKET = 65_536
BATCH = 64
"""Packets that one direction may read before the other has its turn."""
BURST_BYTES = 3_000
"""What a rate lets through at once: two packets."""

_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_CLONE_NEWNET = 0x40000000


@dataclass(frozen=True)
class Shape:
    """One direction of a link. ``rate_kbit`` 0 is without limit."""

    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    loss: float = 0.0
    rate_kbit: float = 0.0
    queue_bytes: int = 64_000
    drop: bool = False

    def changed(self, wishes: dict[str, Any]) -> Shape:
        """With those values. Raises ValueError with a sentence."""
        for name, value in wishes.items():
            known = {field.name: type(field.default) for field in fields(self)}
            if name not in known:
                raise ValueError(f"nothing is called {name}: there is {', '.join(known)}")
            if isinstance(value, bool) != (known[name] is bool):
                raise ValueError(f"{name}: expected {known[name].__name__}")
            if not isinstance(value, int | float) or not 0 <= value < 1e9:
                raise ValueError(f"{name}: expected a number that is not negative")
        if wishes.get("loss", 0) > 1:
            raise ValueError("loss: expected a share from 0 to 1")
        return replace(self, **wishes)


@dataclass
class Counts:
    carried: int = 0
    lost: int = 0
    no_room: int = 0


class Line:
    """One direction: packets in, packets out when they are due, in order."""

    def __init__(self, draw: Callable[[], float]) -> None:
        self.shape = Shape()
        self.counts = Counts()
        self._draw = draw
        self._free_at = 0.0
        self._under_way: deque[tuple[float, bytes]] = deque()

    def turn(self, shape: Shape) -> None:
        """From now on like this; what is under way when all is dropped is dropped too."""
        self.shape = shape
        if shape.drop:
            self.counts.lost += len(self._under_way)
            self._under_way.clear()
            self._free_at = 0.0

    def take(self, packet: bytes, now: float) -> None:
        shape = self.shape
        if shape.drop or (shape.loss and self._draw() < shape.loss):
            self.counts.lost += 1
            return
        leaves = self._leaves(len(packet), now)
        if leaves is None:
            self.counts.no_room += 1
            return
        jitter = shape.jitter_ms * self._draw() if shape.jitter_ms else 0.0
        due = leaves + (shape.delay_ms + jitter) / 1000
        if self._under_way:  # jitter does not overtake
            due = max(due, self._under_way[-1][0])
        self._under_way.append((due, packet))

    def due(self, now: float) -> Iterable[bytes]:
        """Those that have arrived."""
        while self._under_way and self._under_way[0][0] <= now:
            self.counts.carried += 1
            yield self._under_way.popleft()[1]

    def next_due(self) -> float | None:
        return self._under_way[0][0] if self._under_way else None

    def _leaves(self, size: int, now: float) -> float | None:
        """When it has left a sender of that rate; None if the queue before it is full."""
        if not self.shape.rate_kbit:
            return now
        per_byte = 8 / (self.shape.rate_kbit * 1000)
        begins = max(self._free_at, now - BURST_BYTES * per_byte)
        if begins - now > self.shape.queue_bytes * per_byte:
            return None
        self._free_at = begins + size * per_byte
        return max(now, self._free_at)


def open_tun(namespace: str, device: str) -> int:
    """A TUN device there, of which the descriptor is returned. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(NAMESPACES / namespace, os.O_RDONLY)
    try:
        _enter(libc, there)
        descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        wish = struct.pack("16sH22x", device.encode(), _IFF_TUN | _IFF_NO_PI)
        fcntl.ioctl(descriptor, _TUNSETIFF, wish)
    finally:
        _enter(libc, here)
        os.close(there)
        os.close(here)
    return descriptor


def _enter(libc: ctypes.CDLL, namespace: int) -> None:
    if libc.setns(namespace, _CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


class Shaper:
    """Two lines between two descriptors. "out" is from the first to the second."""

    def __init__(self, left: int, right: int, draw: Callable[[], float]) -> None:
        self.lines = {"out": Line(draw), "in": Line(draw)}
        self._ways = [(left, right, self.lines["out"]), (right, left, self.lines["in"])]
        self._asked = b""

    def run(self, control: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Until the input ends."""
        watched = [control, *(source for source, _, _ in self._ways)]
        while True:
            ready, _, _ = select.select(watched, [], [], self._patience(clock()))
            if control in ready and not self._obey(control):
                return
            for source, sink, line in self._ways:
                if source in ready:
                    self._read(source, line, clock)
                for packet in line.due(clock()):
                    self._write(sink, packet, line)

    def _patience(self, now: float) -> float | None:
        dues = [due for _, _, line in self._ways if (due := line.next_due()) is not None]
        return max(0.0, min(dues) - now) if dues else None

    def _read(self, source: int, line: Line, clock: Callable[[], float]) -> None:
        for _ in range(BATCH):
            try:
                packet = os.read(source, PACKET)
            except (BlockingIOError, OSError):
                return
            line.take(packet, clock())

    def _write(self, sink: int, packet: bytes, line: Line) -> None:
        try:
            os.write(sink, packet)
        except OSError:  # the device is down, or its queue is full
            line.counts.lost += 1

    def _obey(self, control: int) -> bool:
        """Read what was asked, answer each line. False at the end of the input."""
        data = os.read(control, PACKET)
        self._asked += data
        while b"\n" in self._asked:
            line, _, self._asked = self._asked.partition(b"\n")
            print(json.dumps(self.answer(line)), flush=True)
        return bool(data)

    def answer(self, line: bytes) -> dict[str, Any]:
        """Do what one line of JSON asks, and say how things are."""
        try:
            wishes = json.loads(line)
            if not isinstance(wishes, dict):
                raise ValueError("expected a JSON object")
            self._turn(wishes)
        except ValueError as error:
            return {"error": str(error)}
        return {
            name: {"shape": asdict(line.shape), "counts": asdict(line.counts)}
            for name, line in self.lines.items()
        }

    def _turn(self, wishes: dict[str, Any]) -> None:
        names = [wishes.pop("direction")] if "direction" in wishes else list(self.lines)
        clear, _ = wishes.pop("clear", False), wishes.pop("report", None)
        if names[0] not in self.lines:
            raise ValueError('direction: expected "out" or "in"')
        shapes = {
            name: (Shape() if clear else self.lines[name].shape).changed(wishes) for name in names
        }
        for name, shape in shapes.items():
            self.lines[name].turn(shape)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="A bad link between two network namespaces.")
    parser.add_argument("--left", required=True, help="a network namespace, as ip netns names it")
    parser.add_argument("--right", required=True, help="the other one")
    parser.add_argument("--device", default="up0", help="the name of both TUN devices")
    parser.add_argument("--seed", type=int, help="the same losses every time")
    given = parser.parse_args(arguments)
    try:
        left, right = (open_tun(name, given.device) for name in (given.left, given.right))
    except OSError as error:
        print(f"no TUN device can be made: {error}; this needs root and Linux", file=sys.stderr)
        return 1
    draw = random.Random(given.seed).random
    print(json.dumps({"ready": given.device}), flush=True)
    Shaper(left, right, draw).run(sys.stdin.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
