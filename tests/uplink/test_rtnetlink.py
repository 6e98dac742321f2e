"""The codec against what a kernel has told, and against what none would."""

from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.uplink.rtnetlink import (
    Address,
    DefaultRoute,
    End,
    Interface,
    News,
    dump_request,
    parse,
)
from tests.uplink.made import (
    NEW_ADDRESS,
    NEW_LINK,
    NEW_ROUTE,
    UP,
    address,
    attribute,
    end,
    link,
    message,
    recorded,
    route,
)


def heard(label: str) -> list[News | End]:
    return [one.what for name, data in recorded().datagrams if name == label for one in parse(data)]


def only(data: bytes) -> list[News | End]:
    return [one.what for one in parse(data)]


def things(label: str) -> list[object]:
    return [one.thing for one in heard(label) if isinstance(one, News)]


def test_a_dump_of_links() -> None:
    links = [one for one in things("link") if isinstance(one, Interface)]
    assert {one.name: (one.up, one.carrier, one.loopback) for one in links if one.up} == {
        "lo": (True, True, True),
        "eth0": (True, True, False),
        "far": (True, True, False),
    }
    assert heard("link")[-1] == End()


def test_a_dump_of_addresses() -> None:
    found = {one.address: one.usable for one in things("address") if isinstance(one, Address)}
    assert found[socket.inet_aton("192.0.2.1")]
    assert found[socket.inet_pton(socket.AF_INET6, "2001:db8::1")]
    assert not found[socket.inet_aton("127.0.0.1")]
    assert not any(usable for raw, usable in found.items() if raw[:2] == b"\xfe\x80")


def test_default_routes_and_no_others_one_for_each_way() -> None:
    index = next(one.index for one in things("link") if getattr(one, "name", "") == "eth0")
    assert things("route4") == [
        DefaultRoute(4, index, socket.inet_aton("192.0.2.2"), 0),
        DefaultRoute(4, index, socket.inet_aton("192.0.2.3"), 600),
        DefaultRoute(4, index, socket.inet_aton("192.0.2.4"), 600),
    ]
    gateway = socket.inet_pton(socket.AF_INET6, "2001:db8::2")
    assert things("route6") == [DefaultRoute(6, index, gateway, 1024)]


def test_events() -> None:
    eth0 = [one for one in things("far end down") if getattr(one, "name", "") == "eth0"]
    assert [(one.up, one.carrier) for one in eth0 if isinstance(one, Interface)] == [(True, False)]
    gone = [one for one in heard("route deleted") if isinstance(one, News) and one.gone]
    assert [one.thing.family for one in gone if isinstance(one.thing, DefaultRoute)] == [4]
    replaced = [one for one in heard("route replaced") if isinstance(one, News)]
    assert [one.replaces for one in replaced] == [True]
    assert any(
        isinstance(one, News) and one.gone and isinstance(one.thing, Interface)
        for one in heard("link gone")
    )


@pytest.mark.parametrize(
    ("flags", "state", "carrier"),
    [(0x10001, 6, True), (0x10001, 0, True), (0x10001, 5, False), (0x10000, 6, False), (UP, 2, 0)],
)
def test_what_a_carrier_is(flags: int, state: int, carrier: bool) -> None:
    (news,) = only(message(NEW_LINK, link(2, "wlan0", flags, state)))
    assert isinstance(news, News)
    assert isinstance(news.thing, Interface)
    assert news.thing.carrier == bool(carrier)


def test_what_leads_nowhere_is_no_default_route() -> None:
    for other in (
        route(2, "192.0.2.1", length=24),
        route(2, "192.0.2.1", table=52),
        route(2, "192.0.2.1", kind=7),
        route(2, "192.0.2.1", flags=1),
        b"\x07" + route(2, "192.0.2.1")[1:],
    ):
        assert only(message(NEW_ROUTE, other)) == []
    assert len(only(message(NEW_ROUTE, route(2, "192.0.2.1")))) == 1


def test_a_bridge_s_word_of_its_port_is_none_of_a_link() -> None:
    assert only(message(NEW_LINK, link(2, "eth0", family=socket.AF_BRIDGE))) == []


def test_a_tentative_address_cannot_be_used() -> None:
    (news,) = only(message(NEW_ADDRESS, address(2, "2001:db8::7", flags=0x40)))
    assert isinstance(news, News)
    assert isinstance(news.thing, Address)
    assert not news.thing.usable


def test_several_messages_in_one_datagram_and_errors() -> None:
    data = message(NEW_LINK, link(2, "a")) + end(95, sequence=7, port=9)
    first, second = parse(data)
    assert isinstance(first.what, News)
    assert (second.what, second.sequence, second.port) == (End(95), 7, 9)


def test_requests_are_what_the_kernel_reads() -> None:
    length, kind, flags, sequence, _ = struct.unpack_from("=IHHII", dump_request("route6", 5))
    assert (length, kind, flags, sequence) == (28, 26, 0x301, 5)
    assert dump_request("route6", 5)[16] == socket.AF_INET6
    assert len(dump_request("link", 1)) == 32
    assert len(dump_request("address", 1)) == 24


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_left(data: bytes) -> None:
    list(parse(data))


@given(st.sampled_from(recorded().datagrams), st.data())
def test_damaged_datagrams_are_read_or_left(one: tuple[str, bytes], data: st.DataObject) -> None:
    broken = bytearray(one[1][: data.draw(st.integers(0, len(one[1])))])
    for _ in range(data.draw(st.integers(0, 8))):
        if broken:
            broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    list(parse(bytes(broken)))


def test_next_hops_that_are_cut_off() -> None:
    body = struct.pack("=BBBBBBBBI", socket.AF_INET, 0, 0, 0, 254, 3, 0, 1, 0)
    hop = struct.pack("=HBBi", 8, 0, 0, 3)
    assert len(only(message(NEW_ROUTE, body + attribute(9, hop + hop)))) == 2
    assert len(only(message(NEW_ROUTE, body + attribute(9, hop + hop[:5])))) == 1
