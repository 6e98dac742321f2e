"""Laptop - box - internet: two hosts on a cable and a bad link behind one of them.

The link is ``hw/sim/shaper.py``; all of it goes when the block ends. In the box's namespace the
name ``cloud.example`` stands for the internet's one host, and no other name stands for anything.
Needs root, iproute2 and TUN devices.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.system.hosts import ip, two_hosts

SHAPER = Path(__file__).parents[2] / "hw" / "sim" / "shaper.py"
DEVICE = "up0"
UPLINK_ADDRESS = "203.0.113.1"
CLOUD_ADDRESS = "203.0.113.2"
CLOUD_NAME = "cloud.example"
NAMES = Path("/etc/netns")

RURAL = {"delay_ms": 1000, "rate_kbit": 64, "loss": 0.1}
"""One bar behind a hill."""


@dataclass(frozen=True)
class Shaper:
    """The link between box and internet, as the running program has it."""

    process: subprocess.Popen[str]

    def set(self, **wishes: Any) -> dict[str, Any]:
        """How the link is afterwards, with what it has carried."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(wishes) + "\n")
        self.process.stdin.flush()
        said = self.heard()
        assert "error" not in said, said
        return said

    def drop(self) -> None:
        """From now on nothing gets through, and nobody is told."""
        self.set(drop=True)

    def clear(self) -> None:
        """A perfect link again."""
        self.set(clear=True)

    def heard(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        said: dict[str, Any] = json.loads(self.process.stdout.readline())
        return said


@dataclass(frozen=True)
class Journey:
    """Three hosts, each a network namespace, and the link between the latter two."""

    laptop: str
    box: str
    internet: str
    shaper: Shaper


@contextmanager
def cloudy() -> Iterator[Journey]:
    """All of it, for as long as the block lasts."""
    if not Path("/dev/net/tun").exists():
        pytest.fail("this test needs TUN devices: load the kernel's module tun")
    with ExitStack() as stack:
        lan = stack.enter_context(two_hosts())
        internet = lan.box.replace("cd-box", "cd-net")
        ip("netns", "add", internet)
        stack.callback(ip, "netns", "del", internet)
        ip("-n", internet, "link", "set", "lo", "up")
        stack.enter_context(names_of(lan.box))
        shaper = stack.enter_context(_shaper(lan.box, internet))
        for host, address in ((lan.box, UPLINK_ADDRESS), (internet, CLOUD_ADDRESS)):
            ip("-n", host, "address", "add", f"{address}/30", "dev", DEVICE)
            ip("-n", host, "link", "set", DEVICE, "up")
        ip("-n", lan.box, "route", "add", "default", "via", CLOUD_ADDRESS)
        yield Journey(lan.laptop, lan.box, internet, shaper)


@contextmanager
def names_of(host: str) -> Iterator[None]:
    """What ``ip netns exec`` puts in the place of the machine's own files."""
    folder = NAMES / host
    folder.mkdir(parents=True)
    try:
        (folder / "hosts").write_text(f"127.0.0.1 localhost\n{CLOUD_ADDRESS} {CLOUD_NAME}\n")
        (folder / "resolv.conf").write_text(f"nameserver {CLOUD_ADDRESS}\n")
        yield
    finally:
        shutil.rmtree(folder)


@contextmanager
def _shaper(left: str, right: str) -> Iterator[Shaper]:
    words = ("--left", left, "--right", right, "--device", DEVICE, "--seed", "7")
    with subprocess.Popen(
        [sys.executable, str(SHAPER), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            shaper = Shaper(process)
            assert shaper.heard() == {"ready": DEVICE}
            yield shaper
        finally:
            process.kill()
