"""A box on one host, a laptop on another, a cable between them: no address is typed.

The hosts are two network namespaces of this machine, the cable a veth pair; both go
when the test ends. Needs root and iproute2.
"""

import json
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

ANNOUNCE = """
import asyncio, sys
from edge.lan.box import Offer
from edge.lan.discovery import Announcer

async def main():
    offer = Offer("Car", sys.argv[1], "0.1.0", 4141, "token", "coder", "Raspberry Pi 5")
    async with Announcer(offer, ["0.0.0.0"]) as announcer:
        print(announcer.name, *announcer.addresses, flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""

FIND = ("-m", "edge", "find", "--json", "--seconds", "2")


@dataclass(frozen=True)
class Lan:
    """Two hosts on one cable, each a network namespace."""

    box: str
    laptop: str


@pytest.fixture
def lan() -> Iterator[Lan]:
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


def on(host: str, *words: str) -> list[str]:
    """The command that runs Python with ``words`` on ``host``."""
    return ["ip", "netns", "exec", host, sys.executable, *words]


@contextmanager
def announcing(host: str, box_id: str) -> Iterator[str]:
    """A daemon of that id on ``host``, for as long as the block lasts; its first line."""
    with subprocess.Popen(
        on(host, "-c", ANNOUNCE, box_id), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as daemon:
        assert daemon.stdout is not None
        try:
            yield daemon.stdout.readline().strip()
        finally:
            daemon.communicate(timeout=20)
    assert daemon.returncode == 0


def find(host: str) -> list[dict[str, object]]:
    done = subprocess.run(
        on(host, *FIND), stdout=subprocess.PIPE, text=True, check=False, timeout=60
    )
    boxes: list[dict[str, object]] = json.loads(done.stdout)
    assert done.returncode == (0 if boxes else 1)
    return boxes


def test_a_laptop_finds_the_box_on_its_lan(lan: Lan) -> None:
    with announcing(lan.box, "0a1b2c3d") as said:
        assert said == f"Car {BOX_ADDRESS}"
        assert find(lan.laptop) == [
            {
                "name": "Car",
                "addresses": [BOX_ADDRESS],
                "port": 4141,
                "id": "0a1b2c3d",
                "version": "0.1.0",
                "model": "coder",
                "board": "Raspberry Pi 5",
                "auth": "token",
                "url": f"http://{BOX_ADDRESS}:4141",
            }
        ]
    assert find(lan.laptop) == []


def test_two_boxes_of_one_name_are_both_found(lan: Lan) -> None:
    with announcing(lan.box, "00000001") as first, announcing(lan.laptop, "00000002") as second:
        assert [first, second] == [f"Car {BOX_ADDRESS}", f"Car-2 {LAPTOP_ADDRESS}"]
        found = {box["name"]: box["id"] for box in find(lan.laptop)}
    assert found == {"Car": "00000001", "Car-2": "00000002"}
