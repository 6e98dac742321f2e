"""What answers mean, those of real modems and those of none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.uplink.modem.meanings import (
    best_registration,
    operator,
    registration,
    rsrp,
    rssi,
    technology,
)


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("+CREG: 0,1", ("+CREG", "home")),
        ("+CREG: 1", ("+CREG", "home")),
        ("+CEREG: 0,5", ("+CEREG", "roaming")),
        ('+CEREG: 2,1,"1A2B","01C3D4E5",7', ("+CEREG", "home")),
        ('+CEREG: 5,"1A2B","01C3D4E5",7', ("+CEREG", "roaming")),
        ("+CGREG: 0, 2", ("+CGREG", "searching")),
        ("+C5GREG: 0,3", ("+C5GREG", "denied")),
        ("+CREG: 0,4", ("+CREG", None)),
        ("+CREG: 0,8", ("+CREG", "denied")),
        ("+CREG: 0,99", ("+CREG", None)),
        ("+CREG: x", ("+CREG", None)),
        ("+CREG:", ("+CREG", None)),
        ("+CSQ: 1,1", None),
        ("RING", None),
    ],
)
def test_registration(line: str, meaning: object) -> None:
    assert registration(line) == meaning


def test_packets_matter_and_the_best_of_them() -> None:
    assert best_registration({"+CREG": "home", "+CEREG": "searching"}) == "searching"
    assert best_registration({"+CGREG": "none", "+CEREG": "roaming"}) == "roaming"
    assert best_registration({"+CGREG": "home", "+CEREG": "none"}) == "home"
    assert best_registration({"+CREG": "home"}) == "home"
    assert best_registration({"+CEREG": None, "+CREG": "denied"}) == "denied"
    assert best_registration({}) is None


@pytest.mark.parametrize(
    ("line", "dbm"),
    [
        ("+CSQ: 0,99", -113),
        ("+CSQ: 20,99", -73),
        ("+CSQ: 31,0", -51),
        ("+CSQ: 99,99", None),
        ("+CSQ: 199,99", None),
        ("+CSQ:", None),
        ("+CSQ: a,b", None),
        ("OK", None),
    ],
)
def test_strength_of_everything(line: str, dbm: int | None) -> None:
    assert rssi(line) == dbm


@pytest.mark.parametrize(
    ("line", "dbm"),
    [
        ("+CESQ: 99,99,255,255,20,50", -91),
        ("+CESQ: 99,99,255,255,20,97", -44),
        ("+CESQ: 99,99,255,255,20,255", None),
        ("+CESQ: 99,99,255,255,20", None),
    ],
)
def test_strength_of_the_cell(line: str, dbm: int | None) -> None:
    assert rsrp(line) == dbm


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('+COPS: 0,0,"Telekom.de",7', "Telekom.de"),
        ('+COPS: 0,2,"26201"', "26201"),
        ("+COPS: 0", None),
        ('+COPS: 0,0," ",7', None),
    ],
)
def test_the_operator(line: str, name: str | None) -> None:
    assert operator(line) == name


@given(st.text(max_size=80), st.sampled_from(["", "+CREG: ", "+CSQ: ", "+CESQ: ", "+COPS: "]))
def test_no_line_is_too_strange(text: str, begin: str) -> None:
    for read in (registration, rssi, rsrp, operator, technology):
        read(begin + text)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('+COPS: 0,0,"Example",7', "4G"),
        ('+COPS: 0,2,"00101",0', "2G"),
        ('+COPS: 0,2,"00101", 6', "3G"),
        ('+COPS: 0,2,"00101",13', "5G"),
        ('+COPS: 0,2,"00101",77', None),
        ('+COPS: 0,2,"00101"', None),
        ("+COPS: 0", None),
    ],
)
def test_technology(line: str, name: str | None) -> None:
    assert technology(line) == name
