"""A real kernel, in network namespaces of our own: what it tells arrives, and soon."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from edge.uplink.netlink import OPEN_AGAIN_AFTER, follow
from tests.system.hosts import BOX_ADDRESS, LAPTOP_ADDRESS, Lan, ip, on, two_hosts


@dataclass
class Follower:
    process: subprocess.Popen[str]

    def line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the follower has ended"
        return line.strip()

    def next(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.line())
        return said

    def until(self, usable: bool) -> dict[str, Any]:
        """The next that says so; what lies between are steps on the way."""
        while (said := self.next())["usable"] != usable:
            pass
        return said


@pytest.fixture
def lan() -> Iterator[Lan]:
    with two_hosts() as hosts:
        ip("-n", hosts.box, "route", "add", "default", "via", LAPTOP_ADDRESS)
        yield hosts


@contextmanager
def following(host: str, *words: str) -> Iterator[Follower]:
    command = on(host, "-m", "tests.uplink.follower", *words)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Follower(process)
        finally:
            process.kill()


def timed(what: str, act: Callable[[], None], follower: Follower, usable: bool) -> str:
    """Its reason. The time is shown and not judged: this machine has other work as well."""
    before = time.monotonic()
    act()
    said = follower.until(usable)
    print(f"{what}: told {(said['at'] - before) * 1000:.1f} ms after the command began")
    return str(said["reason"])


def test_links_addresses_and_routes_are_followed(lan: Lan) -> None:
    def box(*words: str) -> Callable[[], None]:
        return lambda: ip("-n", lan.box, *words)

    def far(*words: str) -> Callable[[], None]:
        return lambda: ip("-n", lan.laptop, *words)

    default = ("default", "via", LAPTOP_ADDRESS)
    with following(lan.box) as follower:
        assert follower.next()["reason"] == "eth0 leads out"
        none = "no interface leads out: there is no default route"
        far_down = far("link", "set", "eth0", "down")
        assert timed("carrier lost", far_down, follower, False) == "eth0 has no carrier"
        timed("carrier back", far("link", "set", "eth0", "up"), follower, True)
        assert timed("route deleted", box("route", "del", *default), follower, False) == none
        timed("route back", box("route", "add", *default), follower, True)
        flush = box("address", "del", f"{BOX_ADDRESS}/24", "dev", "eth0")
        assert timed("address deleted", flush, follower, False) == "eth0 has no address"
        box("address", "add", f"{BOX_ADDRESS}/24", "dev", "eth0")()
        timed("address and route back", box("route", "add", *default), follower, True)
        timed("link down", box("link", "set", "eth0", "down"), follower, False)
        box("link", "set", "eth0", "up")()
        # The kernel took the route with the link, and said nothing of it.
        timed("link up and route back", box("route", "add", *default), follower, True)
        timed("link gone", box("link", "del", "eth0"), follower, False)


def test_a_route_of_ipv6_alone_leads_out(lan: Lan) -> None:
    ip("-n", lan.box, "route", "del", "default")
    with following(lan.box) as follower:
        assert follower.next()["usable"] is False
        ip("-n", lan.box, "address", "add", "2001:db8::1/64", "dev", "eth0", "nodad")
        ip("-n", lan.box, "-6", "route", "add", "default", "via", "2001:db8::2")
        assert follower.until(True)["reason"] == "eth0 leads out"


def test_what_was_lost_on_the_way_is_asked_for_again(lan: Lan) -> None:
    with following(lan.box, "2048") as follower:
        assert follower.next()["usable"] is True
        assert follower.line() == "stuck"
        for number in range(40):
            ip("-n", lan.box, "address", "add", f"198.51.100.{number + 1}/32", "dev", "lo")
        ip("-n", lan.box, "route", "del", "default")
        assert follower.process.stdin is not None
        follower.process.stdin.write("\n")
        follower.process.stdin.flush()
        assert follower.until(False)["reason"].endswith("there is no default route")


async def test_without_netlink_nothing_is_told() -> None:
    await follow(lambda facts: pytest.fail(f"told {facts}"), family=None)


async def test_a_socket_that_cannot_be_opened_is_tried_again_after_a_while() -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await follow(lambda facts: pytest.fail(f"told {facts}"), family=9999, sleep=sleep)
    assert pauses == [OPEN_AGAIN_AFTER] * 2
