"""Tables of a TOML file to frozen dataclasses, driven by the classes' own annotations.

Knows no key of codriver's configuration. Its errors name the file, the key, what
was expected and what stood there; a text is repeated only where a closed set of
words was expected, never where a secret could have slipped in. Called by load.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from pathlib import Path
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from edge.config.settings import Between, ByName
from edge.errors import ConfigError

T = TypeVar("T")

_WORDS: Mapping[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "a table",
}


_INT_LOW, _INT_HIGH = -(2**63), 2**63 - 1
"""What TOML promises; Python's parser reads more than can be printed or made a float."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in which file a value stands; ``root`` is the class of the whole file."""

    file: Path
    root: type
    key: str = ""

    def at(self, name: str) -> Place:
        return Place(self.file, self.root, f"{self.key}.{name}" if self.key else name)

    def error(self, complaint: str) -> ConfigError:
        where = f"{self.file}: {self.key}" if self.key else str(self.file)
        return ConfigError(f"{where}: {complaint}")


def decode(kind: type[T], value: object, file: Path) -> T:
    """The whole file's table as ``kind``. Raises ConfigError at the first fault."""
    whole: T = _table(kind, value, Place(file, kind))
    return whole


def _value(kind: Any, value: object, place: Place) -> Any:
    if isinstance(value, int) and not _INT_LOW <= value <= _INT_HIGH:
        raise place.error("a whole number has 64 bits at most")
    if get_origin(kind) is Annotated:
        inner, *marks = get_args(kind)
        return _in_range(_value(inner, value, place), marks, place)
    kind = getattr(kind, "__supertype__", kind)
    if get_origin(kind) in (Union, UnionType):
        return _either(kind, value, place)
    if get_origin(kind) is Literal:
        return _word(get_args(kind), value, place)
    if get_origin(kind) is tuple:
        items = _expect(list, value, place)
        return tuple(_value(get_args(kind)[0], item, place) for item in items)
    if get_origin(kind) is not None:
        return _named_tables(get_args(kind)[1], value, place)
    if is_dataclass(kind):
        return _table(kind, value, place)
    return _scalar(kind, value, place)


def _table(kind: Any, value: object, place: Place) -> Any:
    hints, by_name = get_type_hints(kind, include_extras=True), named_field(kind)
    table = _gathered(_expect(dict, value, place), by_name, hints)
    for name in table:
        if name not in hints:
            raise place.at(name).error(f"unknown key{_suggestion(place, name, hints)}")
    for spec in fields(kind):
        if spec.name not in table and _is_required(spec):
            raise place.at(spec.name).error("this key is missing")
    return kind(
        **{
            name: _value(hints[name], table[name], place if name == by_name else place.at(name))
            for name in table
        }
    )


def named_field(kind: type) -> str | None:
    """The field of a table that takes its other tables by their names, if there is one."""
    for name, hint in get_type_hints(kind, include_extras=True).items():
        if any(isinstance(mark, ByName) for mark in getattr(hint, "__metadata__", ())):
            return name
    return None


def _gathered(
    table: dict[str, Any], by_name: str | None, hints: Mapping[str, Any]
) -> dict[str, Any]:
    """The table with its other tables where its class has them."""
    if by_name is None:
        return table
    own = {name: item for name, item in table.items() if name in hints and name != by_name}
    others = {name: item for name, item in table.items() if name not in own}
    tables = {name: item for name, item in others.items() if isinstance(item, dict)}
    strangers = {name: item for name, item in others.items() if name not in tables}
    return {by_name: tables, **own, **strangers}


def _is_required(spec: Field[Any]) -> bool:
    return spec.default is MISSING and spec.default_factory is MISSING


def _named_tables(kind: Any, value: object, place: Place) -> Mapping[str, Any]:
    table = _expect(dict, value, place)
    return MappingProxyType(
        {name: _value(kind, item, place.at(name)) for name, item in table.items()}
    )


def _either(kind: Any, value: object, place: Place) -> Any:
    """Either an optional value, where the empty text is None, or a word or a table."""
    options = [option for option in get_args(kind) if option is not NoneType]
    if len(options) < len(get_args(kind)) and value == "":
        return None
    if len(options) == 1:
        return _value(options[0], value, place)
    tables = [option for option in options if is_dataclass(option)]
    if isinstance(value, dict):
        return _value(tables[0], value, place)
    words = [word for option in options for word in get_args(option)]
    if value in words:
        return value
    keys = ", ".join(f"{spec.name} = ..." for spec in fields(tables[0]))
    raise place.error(f"expected {_quoted(words)} or {{ {keys} }}, got {_kind_of(value)}")


def _word(words: tuple[str, ...], value: object, place: Place) -> str:
    text = _expect(str, value, place)
    if text not in words:
        raise place.error(f'expected {_quoted(list(words))}, got "{text}"')
    return text


def _scalar(kind: type, value: object, place: Place) -> Any:
    if kind is float and type(value) is int:
        return float(value)
    if kind is Path:
        return _path(_expect(str, value, place), place)
    return _expect(kind, value, place)


def _path(text: str, place: Place) -> Path:
    """Beside the configuration file where it is relative; ``~`` is somebody's home."""
    if "\0" in text:
        raise place.error("a path cannot hold a null character")
    try:
        return place.file.parent / Path(text).expanduser()
    except RuntimeError:
        raise place.error('nobody\'s home is known for the "~" it begins with') from None


def _in_range(value: Any, marks: list[Any], place: Place) -> Any:
    for mark in marks:
        if isinstance(mark, Between) and not mark.low <= value <= mark.high:
            raise place.error(f"expected a number from {mark.low:g} to {mark.high:g}, got {value}")
    return value


def _expect(kind: type[T], value: object, place: Place) -> T:
    """``value`` itself if it is exactly of that type: true is not the number 1."""
    if type(value) is not kind:
        raise place.error(f"expected {_WORDS[kind]}, got {_kind_of(value)}")
    return value


def _kind_of(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"the number {value}"
    return _WORDS.get(type(value), "a date or time")


def _quoted(words: list[str]) -> str:
    texts = [f'"{word}"' for word in words]
    return " or ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def _suggestion(place: Place, name: str, hints: Mapping[str, Any]) -> str:
    """The nearest key of this table, else a key elsewhere whose name is near."""
    here = difflib.get_close_matches(name, hints, n=1)
    if here:
        return f"; did you mean {place.at(here[0]).key}?"
    elsewhere = {key.rpartition(".")[2]: key for key in _keys(place.root)}
    near = difflib.get_close_matches(name, elsewhere, n=1)
    if near:
        return f"; did you mean {elsewhere[near[0]]}?"
    return f"; known here: {', '.join(hints)}"


def _keys(kind: Any, prefix: str = "") -> list[str]:
    """Every key that has a fixed name, in full."""
    found: list[str] = []
    by_name = named_field(kind)
    for name, hint in get_type_hints(kind).items():
        if name == by_name:
            continue
        found.append(f"{prefix}{name}")
        if is_dataclass(hint):
            found += _keys(hint, f"{prefix}{name}.")
    return found
