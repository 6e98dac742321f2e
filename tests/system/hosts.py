"""Two hosts on one cable, made of this machine, for tests of what happens on a LAN.

The hosts are network namespaces, the cable is a veth pair; both go when the test ends.
Needs root and iproute2.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

BOX_ADDRESS = "192.0.2.1"
LAPTOP_ADDRESS = "192.0.2.2"


@dataclass(frozen=True)
class Lan:
    """Two hosts on one cable, each a network namespace."""

    box: str
    laptop: str


@contextmanager
def two_hosts() -> Iterator[Lan]:
    """A LAN for as long as the block lasts."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.fail("this test makes network namespaces: run it as root with iproute2 installed")
    mark = secrets.token_hex(3)
    hosts = Lan(f"cd-box-{mark}", f"cd-laptop-{mark}")
    with ExitStack() as stack:
        for host in (hosts.box, hosts.laptop):
            ip("netns", "add", host)
            stack.callback(ip, "netns", "del", host)
            ip("-n", host, "link", "set", "lo", "up")
        ends = ("eth0", "netns", hosts.box), ("eth0", "netns", hosts.laptop)
        ip("link", "add", *ends[0], "type", "veth", "peer", "name", *ends[1])
        plug_in(hosts.box, BOX_ADDRESS)
        plug_in(hosts.laptop, LAPTOP_ADDRESS)
        yield hosts


def ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr.strip()}"


def plug_in(host: str, address: str) -> None:
    ip("-n", host, "address", "add", f"{address}/24", "dev", "eth0")
    ip("-n", host, "link", "set", "eth0", "up")


def at(host: str) -> tuple[str, ...]:
    """What goes before a command to run it on ``host``."""
    return ("ip", "netns", "exec", host)


def on(host: str, *words: str) -> list[str]:
    """The command that runs Python with ``words`` on ``host``."""
    return [*at(host), sys.executable, *words]
