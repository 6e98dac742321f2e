"""What boxes say, and what strangers may say instead."""

import json

from hypothesis import given
from hypothesis import strategies as st

from edge.lan.box import Box, Offer, box_from, boxes_as_json, clean, format_boxes, txt_record

OFFER = Offer(
    name="Car",
    id="0a1b2c3d",
    version="0.1.0",
    port=4141,
    auth="token",
    model="Qwen2.5-Coder-0.5B",
    board="Raspberry Pi 5",
)
CAR = Box(
    name="Car",
    addresses=("192.168.7.5", "fe80::5%2"),
    port=4141,
    id="0a1b2c3d",
    version="0.1.0",
    model="Qwen2.5-Coder-0.5B",
    board="Raspberry Pi 5",
    auth="token",
)


def wire(txt: dict[str, str]) -> dict[bytes, bytes | None]:
    return {key.encode(): value.encode() for key, value in txt.items()}


def test_what_is_said_is_what_is_found() -> None:
    txt = txt_record(OFFER)
    assert next(iter(txt)) == "txtvers", "DNS-SD wants it first"
    assert (txt["api"], txt["tls"]) == ("anthropic", "none")
    assert box_from("Car._codriver._tcp.local.", CAR.addresses, 4141, wire(txt)) == CAR


def test_every_txt_string_fits() -> None:
    long = Offer(name="x", id="0", version="1", port=1, auth="none", model="\u00e4" * 500)
    assert all(len(f"{key}={value}".encode()) <= 255 for key, value in txt_record(long).items())


def test_nothing_said_is_none() -> None:
    box = box_from("x", (), 1, {b"auth": b"magic", b"model": None, b"id": b""})
    assert box == Box(name="x", addresses=(), port=1)
    assert box.url is None


@given(
    name=st.text(),
    txt=st.dictionaries(
        st.sampled_from([b"id", b"version", b"model", b"board", b"auth", b"x"]),
        st.none() | st.binary(max_size=255),
    ),
)
def test_a_stranger_cannot_reach_the_terminal(name: str, txt: dict[bytes, bytes | None]) -> None:
    boxes = [box_from(name, ("10.0.0.1",), 80, txt)]
    assert all(line.isprintable() for line in format_boxes(boxes).split("\n"))
    assert len(format_boxes(boxes).split("\n")) == 2
    assert len(json.loads(boxes_as_json(boxes))) == 1


def test_clean_cuts_between_characters() -> None:
    assert clean("\x1b[31m\u00e4\u00e4\n", 6) == "[31m\u00e4"


def test_url_brackets_ipv6() -> None:
    assert CAR.url == "http://192.168.7.5:4141"
    assert Box(name="x", addresses=("fe80::5%2",), port=80).url == "http://[fe80::5%2]:80"


def test_format_boxes() -> None:
    other = Box(name="B", addresses=(), port=1)
    assert format_boxes([CAR, other]).split("\n") == [
        "NAME  MODEL               BOARD           ADDRESS                  AUTH",
        "Car   Qwen2.5-Coder-0.5B  Raspberry Pi 5  http://192.168.7.5:4141  token",
        "B     -                   -               -                        -",
    ]
    assert format_boxes([]) == "No box found on this LAN."


def test_boxes_as_json() -> None:
    assert json.loads(boxes_as_json([CAR])) == [
        {
            "name": "Car",
            "addresses": ["192.168.7.5", "fe80::5%2"],
            "port": 4141,
            "id": "0a1b2c3d",
            "version": "0.1.0",
            "model": "Qwen2.5-Coder-0.5B",
            "board": "Raspberry Pi 5",
            "auth": "token",
            "url": "http://192.168.7.5:4141",
        }
    ]
