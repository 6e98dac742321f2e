import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.routing.pins import CLOCK_IS_SET, DAY, LAPSE, Pins

NOW = CLOCK_IS_SET + 50 * DAY


class Clock:
    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "pins.json"


def opened(path: Path, clock: Clock, **kwargs) -> Pins:
    pins = Pins(path, clock, **kwargs)
    pins.load()
    return pins


def saved(pins: Pins) -> None:
    changes = pins.changes()
    assert changes is not None
    pins.save(changes)


def test_a_pin_outlives_a_restart(path: Path):
    pins = opened(path, Clock())
    assert pins.changes() is None
    pins.add("k", "secret")
    saved(pins)
    again = opened(path, Clock())
    pin = again.get("k")
    assert pin is not None
    assert pin.cause == "secret"
    assert again.get("other") is None
    assert not (again.was_lost or again.was_full)
    assert again.changes() is None


def test_a_session_that_is_used_never_lapses_and_its_day_is_written_down(path: Path):
    clock = Clock()
    pins = opened(path, clock)
    pins.add("used", "secret")
    pins.add("left", "secret")
    saved(pins)
    for _ in range(4):
        clock.now += LAPSE / 3
        assert pins.get("used")
        assert not pins.get("used") or pins.changes() is not None
    assert pins.changes() is None, "twice on one day is written once"
    pins.add("new", "secret")
    assert pins.get("used")
    assert pins.get("left") is None


def test_the_clock_of_a_box_without_a_battery_lets_nothing_lapse(path: Path):
    clock = Clock(10.0)
    pins = opened(path, clock)
    pins.add("early", "secret")
    clock.now = NOW
    pins.add("late", "secret")
    assert pins.get("early")


def test_a_full_list_forgets_nobody_and_doubts_everybody_else(path: Path):
    clock = Clock()
    pins = opened(path, clock, most=2)
    for key in ("a", "b", "a", "c"):
        pins.add(key, "secret")
    assert pins.get("a")
    assert pins.get("b")
    assert pins.was_full
    saved(pins)
    again = opened(path, clock, most=2)
    assert again.was_full, "over restarts too"
    clock.now += LAPSE + 1
    assert not again.was_full


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"3",
        b'{"version": 2}',
        b'{"version":1,"full_until":0,"lost_until":0,"pins":{"a":1}}',
        b'{"version":1,"full_until":"x","lost_until":0,"pins":{}}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_a_file_that_is_broken_is_set_aside_and_leaves_a_doubt(path: Path, content: bytes, caplog):
    path.parent.mkdir()
    path.write_bytes(content)
    pins = opened(path, Clock())
    assert pins.was_lost
    assert "cannot be read" in caplog.text
    assert path.with_name("pins.json.unreadable").read_bytes() == content
    saved(pins)
    assert opened(path, Clock()).was_lost


@given(st.binary(max_size=40))
def test_whatever_stands_there_is_no_failure(tmp_path_factory, content: bytes):
    path = tmp_path_factory.mktemp("pins") / "pins.json"
    path.write_bytes(content)
    assert opened(path, Clock()).was_lost


def test_only_digests_are_written(path: Path):
    pins = opened(path, Clock())
    pins.add("0011", "secret")
    saved(pins)
    assert json.loads(path.read_bytes()) == {
        "version": 1,
        "full_until": 0,
        "lost_until": 0,
        "pins": {"0011": ["secret", round(NOW)]},
    }
    assert path.stat().st_mode & 0o077 == 0
