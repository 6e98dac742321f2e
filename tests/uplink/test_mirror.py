"""The kernel's tables, kept true through dumps, events, losses and silence."""

from __future__ import annotations

import errno

import pytest

from edge.uplink.evidence import Kernel
from edge.uplink.mirror import ALL, Mirror
from tests.uplink.made import (
    DEL_ADDRESS,
    DEL_LINK,
    DEL_ROUTE,
    NEW_ADDRESS,
    NEW_LINK,
    NEW_ROUTE,
    UP,
    address,
    end,
    link,
    message,
    recorded,
    route,
)

PORT = 4711
CARRIER_ONLY = UP


class Kernels:
    """Answers dumps out of what it holds, as the kernel would."""

    def __init__(self) -> None:
        self.mirror = Mirror(PORT)
        self.sequence = 0
        self.holds: dict[str, list[bytes]] = {
            "link": [link(1, "lo", 0x10009), link(2, "eth0"), link(3, "wlan0")],
            "address": [address(2, "192.0.2.1"), address(3, "198.51.100.1")],
            "route4": [route(2, "192.0.2.2"), route(3, "198.51.100.2", metric=600)],
            "route6": [],
        }

    def asked(self) -> str | None:
        """The kind of the dump that is asked for now, if one is."""
        request = self.mirror.request()
        if request is None:
            return None
        self.sequence += 1
        number, family = int.from_bytes(request[4:6], "little"), request[16]
        return {18: "link", 22: "address", 26: "route4" if family == 2 else "route6"}[number]

    def part(self, kind: str, flags: int = 2) -> None:
        number = {"link": NEW_LINK, "address": NEW_ADDRESS}.get(kind, NEW_ROUTE)
        for body in self.holds[kind]:
            self.mirror.feed(message(number, body, flags=flags, sequence=self.sequence, port=PORT))

    def done(self, error: int = 0) -> None:
        self.mirror.feed(end(error, sequence=self.sequence, port=PORT))

    def serve(self) -> list[str]:
        """Answers until nothing is asked; which dumps those were."""
        kinds = []
        while kind := self.asked():
            kinds.append(kind)
            self.part(kind)
            self.done()
        return kinds

    def tell(self, kind: int, body: bytes, flags: int = 0) -> None:
        self.mirror.feed(message(kind, body, flags=flags, sequence=99, port=1234))

    @property
    def says(self) -> tuple[bool, str]:
        facts = self.mirror.facts()
        assert facts is not None
        return facts.usable, facts.reason


@pytest.fixture
def kernel() -> Kernels:
    made = Kernels()
    assert made.serve() == list(ALL)
    return made


def test_nothing_is_said_before_everything_was_told_once() -> None:
    kernel = Kernels()
    assert kernel.asked() == "link"
    assert kernel.asked() is None, "one dump at a time"
    kernel.part("link")
    assert kernel.mirror.facts() is None
    kernel.done()
    assert kernel.serve() == ["address", "route4", "route6"]
    assert kernel.mirror.facts() == Kernel(True, "eth0 leads out", ("eth0", "wlan0"))


def test_the_next_best_way_is_taken_when_one_is_gone(kernel: Kernels) -> None:
    kernel.tell(NEW_LINK, link(2, "eth0", CARRIER_ONLY, 2))
    assert kernel.says == (True, "wlan0 leads out")
    kernel.tell(NEW_LINK, link(3, "wlan0", CARRIER_ONLY, 5))
    assert kernel.says == (False, "eth0 has no carrier")
    kernel.tell(NEW_LINK, link(2, "eth0"))
    assert kernel.says == (True, "eth0 leads out")


def test_an_address_is_needed_too(kernel: Kernels) -> None:
    kernel.tell(DEL_ADDRESS, address(3, "198.51.100.1"))
    kernel.tell(DEL_ADDRESS, address(2, "192.0.2.1"))
    assert kernel.says == (False, "eth0 has no address")
    kernel.tell(NEW_ADDRESS, address(2, "169.254.7.7", scope=253))
    assert kernel.says == (False, "eth0 has no address")
    kernel.tell(NEW_ADDRESS, address(2, "192.0.2.77"))
    assert kernel.says == (True, "eth0 leads out")


def test_routes_go_silently_with_an_interface_that_is_set_down(kernel: Kernels) -> None:
    kernel.holds["route4"] = []
    kernel.tell(NEW_LINK, link(2, "eth0", 0, 2))
    kernel.tell(NEW_LINK, link(3, "wlan0", 0, 2))
    assert kernel.says[0] is False
    assert kernel.serve() == ["route4", "route6"]
    kernel.tell(NEW_LINK, link(2, "eth0"))
    assert kernel.says == (False, "no interface leads out: there is no default route")
    kernel.tell(NEW_ROUTE, route(2, "192.0.2.2"))
    assert kernel.says == (True, "eth0 leads out")


def test_an_interface_that_is_pulled_out(kernel: Kernels) -> None:
    kernel.tell(DEL_LINK, link(2, "eth0", 0, 1))
    assert kernel.says == (True, "wlan0 leads out")
    kernel.tell(DEL_LINK, link(3, "wlan0", 0, 1))
    assert kernel.says == (False, "no network interface has a carrier")


def test_a_route_that_goes_and_one_that_takes_another_s_place(kernel: Kernels) -> None:
    kernel.tell(DEL_ROUTE, route(2, "192.0.2.2"))
    assert kernel.says == (True, "wlan0 leads out")
    kernel.tell(NEW_ROUTE, route(2, "192.0.2.9", metric=600), flags=0x100)
    assert kernel.says == (True, "eth0 leads out")
    kernel.tell(DEL_ROUTE, route(2, "192.0.2.9", metric=600))
    assert kernel.says == (False, "no interface leads out: there is no default route")


def test_either_family_will_do(kernel: Kernels) -> None:
    kernel.holds["route4"] = []
    kernel.tell(DEL_ROUTE, route(2, "192.0.2.2"))
    kernel.tell(DEL_ROUTE, route(3, "198.51.100.2", metric=600))
    kernel.tell(NEW_ROUTE, route(3, "2001:db8::1", metric=1024))
    assert kernel.says == (False, "wlan0 has no address")
    kernel.tell(NEW_ADDRESS, address(3, "2001:db8::5"))
    assert kernel.says == (True, "wlan0 leads out")


def test_after_a_loss_everything_is_asked_for_again(kernel: Kernels) -> None:
    kernel.holds["link"] = [link(1, "lo", 0x10009), link(2, "eth0", CARRIER_ONLY, 2)]
    kernel.mirror.overrun()
    assert kernel.says == (True, "eth0 leads out"), "until it is known better"
    assert kernel.serve() == list(ALL)
    assert kernel.says == (False, "eth0 has no carrier")


def test_a_loss_within_a_dump_does_not_begin_a_second_one_beside_it(kernel: Kernels) -> None:
    kernel.mirror.overrun()
    assert kernel.asked() == "link"
    kernel.mirror.overrun()
    assert kernel.asked() is None
    kernel.part("link")
    kernel.done()
    assert kernel.serve() == ["link", "address", "route4", "route6"]


def test_what_happens_within_a_dump_makes_it_stale(kernel: Kernels) -> None:
    kernel.mirror.overrun()
    assert kernel.asked() == "link"
    kernel.part("link")
    kernel.tell(NEW_LINK, link(2, "eth0", CARRIER_ONLY, 2))
    kernel.holds["link"][1] = link(2, "eth0", CARRIER_ONLY, 2)
    kernel.done()
    assert "link" in kernel.serve()
    assert kernel.says == (True, "wlan0 leads out")


def test_a_dump_that_the_kernel_calls_inconsistent_is_taken_again(kernel: Kernels) -> None:
    kernel.mirror.overrun()
    assert kernel.asked() == "link"
    kernel.part("link", flags=2 | 0x10)
    kernel.done()
    assert kernel.serve()[0] == "link"


def test_a_family_that_the_kernel_lacks_has_no_routes() -> None:
    kernel = Kernels()
    while kind := kernel.asked():
        if kind == "route6":
            kernel.done(errno.EOPNOTSUPP)
        else:
            kernel.part(kind)
            kernel.done()
    assert kernel.says == (True, "eth0 leads out")


def test_a_busy_kernel_is_asked_again(kernel: Kernels) -> None:
    kernel.mirror.overrun()
    assert kernel.asked() == "link"
    kernel.done(errno.EBUSY)
    assert kernel.says == (True, "eth0 leads out")
    assert kernel.serve() == list(ALL)


def test_answers_to_nobody_s_question_are_left(kernel: Kernels) -> None:
    kernel.mirror.feed(end(sequence=77, port=PORT))
    kernel.mirror.feed(message(NEW_LINK, link(2, "eth0", 0, 2), sequence=77, port=PORT))
    assert kernel.says == (True, "eth0 leads out")


def test_what_a_real_kernel_told() -> None:
    recording = recorded()
    mirror = Mirror(recording.port)
    reasons: list[str] = []
    for label, data in recording.datagrams:
        if label in ALL:
            mirror.request()
        mirror.feed(data)
        facts = mirror.facts()
        if facts is not None and reasons[-1:] != [facts.reason]:
            reasons.append(facts.reason)
    assert reasons == [
        "eth0 leads out",
        "eth0 has no carrier",
        "eth0 leads out",
        "no interface leads out: there is no default route",
        "no network interface has a carrier",
    ]
