"""The decoder alone, on classes made for this."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import pytest

from edge.config.decode import decode
from edge.config.settings import Between
from edge.errors import ConfigError

FILE = Path("/etc/box/config.toml")


@dataclass(frozen=True)
class Key:
    file: Path


@dataclass(frozen=True)
class Door:
    width: Annotated[float, Between(0.5, 2)]
    colour: Literal["red", "green"] = "red"
    lock: Literal["none", "latch"] | Key = "none"


@dataclass(frozen=True)
class House:
    rooms: int
    heated: bool
    doors: Mapping[str, Door]
    owners: tuple[str, ...] = ()
    garden: Path | None = None


def house(**changes: object) -> House:
    return decode(House, {"rooms": 3, "heated": True, "doors": {}} | changes, FILE)


def complaint(**changes: object) -> str:
    with pytest.raises(ConfigError) as caught:
        house(**changes)
    return str(caught.value).removeprefix(f"{FILE}: ")


def test_values_of_every_kind() -> None:
    doors = {"front": {"width": 1, "lock": {"file": "keys/front"}}}
    assert house(owners=["a", "b"], garden="/garden", doors=doors) == House(
        rooms=3,
        heated=True,
        doors={"front": Door(width=1.0, lock=Key(Path("/etc/box/keys/front")))},
        owners=("a", "b"),
        garden=Path("/garden"),
    )


def test_a_home_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    assert house(garden="~/roses").garden == Path("/home/somebody/roses")


def test_an_empty_optional_path_is_none() -> None:
    assert house(garden="").garden is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"rooms": "3"}, "rooms: expected a whole number, got a text"),
        ({"rooms": True}, "rooms: expected a whole number, got true"),
        ({"rooms": 3.5}, "rooms: expected a whole number, got the number 3.5"),
        ({"heated": 1}, "heated: expected true or false, got the number 1"),
        ({"heated": {}}, "heated: expected true or false, got a table"),
        ({"doors": []}, "doors: expected a table, got a list"),
        ({"doors": {"a": 1}}, "doors.a: expected a table, got the number 1"),
        ({"doors": {"a": {}}}, "doors.a.width: this key is missing"),
        ({"doors": {"a": {"width": "x"}}}, "doors.a.width: expected a number, got a text"),
        (
            {"doors": {"a": {"width": 9}}},
            "doors.a.width: expected a number from 0.5 to 2, got 9.0",
        ),
        (
            {"doors": {"a": {"width": float("nan")}}},
            "doors.a.width: expected a number from 0.5 to 2, got nan",
        ),
        (
            {"doors": {"a": {"width": 1, "colour": "blue"}}},
            'doors.a.colour: expected "red" or "green", got "blue"',
        ),
        ({"owners": ["a", 2]}, "owners: expected a text, got the number 2"),
        ({"garden": 1}, "garden: expected a text, got the number 1"),
        (
            {"garden": "~nobody-of-this-name/x"},
            'garden: nobody\'s home is known for the "~" it begins with',
        ),
        ({"garden": "~\0"}, "garden: a path cannot hold a null character"),
        ({"rooms": 2**63}, "rooms: a whole number has 64 bits at most"),
        ({"heated": -(2**63) - 1}, "heated: a whole number has 64 bits at most"),
        (
            {"doors": {"a": {"width": 10**400}}},
            "doors.a.width: a whole number has 64 bits at most",
        ),
    ],
)
def test_wrong_values(changes: dict[str, object], expected: str) -> None:
    assert complaint(**changes) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"room": 1}, "room: unknown key; did you mean rooms?"),
        ({"doors": {"a": {"widht": 1}}}, "doors.a.widht: unknown key; did you mean doors.a.width?"),
        ({"zzz": 1}, "zzz: unknown key; known here: rooms, heated, doors, owners, garden"),
    ],
)
def test_unknown_keys(changes: dict[str, object], expected: str) -> None:
    assert complaint(**changes) == expected


def test_what_may_be_a_secret_is_not_repeated() -> None:
    said = complaint(doors={"a": {"width": 1, "lock": "sk-ant-secret"}})
    assert said == 'doors.a.lock: expected "none" or "latch" or { file = ... }, got a text'
