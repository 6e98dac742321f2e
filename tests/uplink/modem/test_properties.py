"""What ModemManager's properties mean: recorded ones, and those that no desk has."""

from __future__ import annotations

from typing import Any

import pytest

from edge.uplink.bus.objects import Objects, Signal, Tree
from edge.uplink.evidence import Modem
from edge.uplink.modem.properties import MODEM, MODEM_MANAGER, NETWORK, SIGNAL, reading
from tests.uplink.recorded import objects, plain, recording

PORTS = [("ttyUSB2", 3), ("wwan0", 2)]


def made(state: int = 11, network: dict[str, Any] | None = None, **facts: Any) -> Objects:
    """One modem; ``facts`` are properties of its main interface."""
    modem = {"State": state, "Ports": PORTS, **facts}
    return {"/m/0": {MODEM: modem, NETWORK: network or {"RegistrationState": 1}}}


def test_a_recorded_modem_from_being_plugged_in_to_its_network() -> None:
    recorded = recording("modemmanager.json")
    disabled = objects(recorded["disabled"])
    assert reading(disabled, None) == Modem(measure="percent"), "its radio is off: all is unknown"
    home = Modem("home", 64, "percent", "Example Mobile", None, "4G")
    assert reading(objects(recorded["home"]), None) == home
    tree, told = Tree(MODEM_MANAGER.interfaces, disabled), []
    (path,) = disabled
    for member, body in recorded["signals"]:
        if member == "PropertiesChanged":
            interface, changed, gone = body
            values = {name: plain(typed) for name, typed in changed.items()}
            said = (interface, values, gone)
            assert tree.take(Signal(":1.1", path, "", member, "sa{sv}as", said))
            now = reading(tree.objects, None)
            assert now is not None
            told.append(now.registration)
    assert told == [None, None, None, None, "home", "home", "home"]
    assert reading(tree.objects, None) == home


@pytest.mark.parametrize(
    ("state", "told", "meaning"),
    [
        (11, 1, "home"),
        (11, 5, "roaming"),
        (11, 2, "searching"),
        (8, 3, "denied"),
        (8, 8, "denied"),
        (8, 11, "denied"),
        (7, 0, "none"),
        (8, 6, "none"),
        (8, 9, "home"),
        (8, 10, "roaming"),
        (8, 4, "home"),
        (7, 4, "searching"),
        (6, 4, None),
        (8, 99, "home"),
        (3, 1, None),
        (2, 1, None),
        (-1, 1, None),
        (0, 1, None),
    ],
)
def test_registration(state: int, told: int, meaning: str | None) -> None:
    found = reading(made(state, {"RegistrationState": told}), None)
    assert found is not None
    assert found.registration == meaning
    assert found.registered is (None if meaning is None else meaning in ("home", "roaming"))


def test_a_modem_that_knows_no_3gpp() -> None:
    found = reading({"/m/0": {MODEM: {"State": 8, "AccessTechnologies": 1 << 12}}}, None)
    assert found == Modem("home", measure="percent", technology="3G")


@pytest.mark.parametrize(
    ("bits", "name"),
    [
        (1 << 14, "4G"),
        (1 << 14 | 1 << 15, "5G"),
        (1 << 15, "5G"),
        (1 << 16, "4G"),
        (1 << 5 | 1 << 8, "3G"),
        (1 << 4, "2G"),
        (1 << 0, None),
        (0, None),
    ],
)
def test_technology(bits: int, name: str | None) -> None:
    found = reading(made(AccessTechnologies=bits), None)
    assert found is not None
    assert found.technology == name


def with_cell(cell: str, **values: float) -> Objects:
    start = made(SignalQuality=(40, True))
    return {"/m/0": {**start["/m/0"], SIGNAL: {"Lte": {}, cell: values}}}


def test_strength_is_the_cell_s_where_that_is_known() -> None:
    found = reading(with_cell("Lte", rsrp=-101.4, rsrq=-11.0), None)
    assert found is not None
    assert (found.strength, found.measure) == (-101, "rsrp")
    found = reading(with_cell("Nr5g", rsrp=-88.0), None)
    assert found is not None
    assert (found.strength, found.measure) == (-88, "rsrp")


@pytest.mark.parametrize("dbm", [-32768.0, 0.0, float("nan")])
def test_a_strength_that_is_none_leaves_the_percentage(dbm: float) -> None:
    found = reading(with_cell("Lte", rsrp=dbm), None)
    assert found is not None
    assert (found.strength, found.measure) == (40, "percent")


@pytest.mark.parametrize("quality", [(40, False), (0, True), None, "much", (1,)])
def test_a_quality_that_is_old_or_nothing_says_nothing(quality: object) -> None:
    found = reading(made(SignalQuality=quality), None)
    assert found is not None
    assert found.strength is None


def test_the_modem_that_is_meant() -> None:
    both: Objects = {
        "/m/0": {MODEM: {"State": 11, "Ports": [("ttyUSB0", 3)]}},
        "/m/1": {MODEM: {"State": 3, "Ports": [("cdc-wdm0", 6), ("wwan0", 2)]}},
        "/m/2": {MODEM: {"State": 8, "Ports": [("cdc-wdm1", 6), ("wwan1", 2)]}},
        "/sim": {NETWORK: {}},
    }

    def behind(port: str | None) -> str | None:
        found = reading(both, port)
        return found.interface if found else "none"

    assert behind(None) == "wwan1", "the one that leads somewhere, and is on a network"
    assert behind("cdc-wdm0") == "wwan0"
    assert behind("ttyUSB0") is None
    assert reading(both, "ttyUSB7") is None
    assert reading({}, None) is None


def test_what_is_not_as_documented_is_unknown() -> None:
    strange = {MODEM: {"State": "on", "Ports": 7, "AccessTechnologies": "LTE"}, NETWORK: {}}
    assert reading({"/m/0": strange}, None) == Modem(measure="percent")
