"""Which addresses lead to the daemon."""

import pytest

from edge.lan.addresses import InterfaceAddress, beyond_loopback, interface_addresses, reachable

LO = InterfaceAddress("lo", "127.0.0.1", 1)
LO6 = InterfaceAddress("lo", "::1", 1)
WIFI = InterfaceAddress("wlan0", "192.168.7.5", 2)
WIFI6 = InterfaceAddress("wlan0", "fe80::5", 2, scope=2)
CABLE = InterfaceAddress("eth0", "169.254.3.4", 3)
ALL = (LO, LO6, WIFI, WIFI6, CABLE)


@pytest.mark.parametrize(
    ("bound", "expected"),
    [
        (["0.0.0.0"], (WIFI, CABLE)),
        (["::"], (WIFI6,)),
        (["0.0.0.0", "::"], (WIFI, WIFI6, CABLE)),
        (["192.168.7.5"], (WIFI,)),
        (["fe80::5%wlan0"], (WIFI6,)),
        (["127.0.0.1"], (LO,)),
        (["10.0.0.1"], ()),
        (["box.lan"], ()),
        ([], ()),
    ],
)
def test_reachable(bound: list[str], expected: tuple[InterfaceAddress, ...]) -> None:
    assert reachable(bound, ALL) == expected


@pytest.mark.parametrize(
    ("bound", "expected"),
    [
        (["127.0.0.1", "::1"], False),
        (["127.0.0.1", "192.168.7.5"], True),
        (["0.0.0.0"], True),
        (["localhost"], True),
        ([], False),
        (["fe80::5%wlan0"], True),
    ],
)
def test_beyond_loopback(bound: list[str], expected: bool) -> None:
    assert beyond_loopback(bound) is expected


def test_this_machine_has_a_loopback_address() -> None:
    found = interface_addresses()
    assert any(item.address == "127.0.0.1" and item.is_loopback for item in found)
    assert not any("%" in item.address for item in found)
