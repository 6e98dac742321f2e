"""A box on one host, a laptop on another, a cable between them: no address is typed."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.system.hosts import BOX_ADDRESS, LAPTOP_ADDRESS, Lan, on

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
