"""What NetworkManager says of what bytes cost: recorded, and made."""

from __future__ import annotations

import pytest

from edge.uplink.bus.objects import Objects
from edge.uplink.opinion import DEVICE, WHOLE, opinion
from tests.uplink.recorded import objects, recording

RECORDED = objects(recording("networkmanager.json"))


def test_recorded_devices() -> None:
    assert opinion(RECORDED, "eth9") == "yes", "its profile says metered=1"
    assert opinion(RECORDED, "lo") == "guess no"
    assert opinion(RECORDED, "eth8") is None, "unmanaged: NetworkManager has nothing to say"
    assert opinion(RECORDED, "wlan7") == "yes", "unknown here: its own way out counts"
    assert opinion(RECORDED, None) == "yes"


def test_without_networkmanager_there_is_none() -> None:
    assert opinion({}, "eth0") is None
    assert opinion({}, None) is None


@pytest.mark.parametrize(
    ("value", "word"),
    [(0, None), (1, "yes"), (2, "no"), (3, "guess yes"), (4, "guess no"), (9, None), ("1", None)],
)
def test_numbers(value: object, word: str | None) -> None:
    made: Objects = {"/d/1": {DEVICE: {"Interface": "eth0", "DeviceType": 1, "Metered": value}}}
    assert opinion(made, "eth0") == word


def test_a_modem_is_found_by_its_packets_interface() -> None:
    device = {"Interface": "cdc-wdm0", "IpInterface": "wwan0", "DeviceType": 8, "Metered": 3}
    assert opinion({"/d/1": {DEVICE: device}}, "wwan0") == "guess yes"


@pytest.mark.parametrize("kind", [16, 17, 29])
def test_a_tunnel_costs_what_it_goes_through_costs(kind: int) -> None:
    tunnel = {"Interface": "wg0", "IpInterface": "wg0", "DeviceType": kind, "Metered": 4}
    made: Objects = {"/d/1": {DEVICE: tunnel}, "/nm": {WHOLE: {"Metered": 3}}}
    assert opinion(made, "wg0") == "guess yes"
