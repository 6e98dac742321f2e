"""What clients send again and again, read once: parsed values by the bytes they were parsed from.

Every request of a session repeats the tools and the turns of the one before, byte for byte. Knows
no dialect; a dialect's door owns one. Values are shared between requests: nobody changes them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar, cast

import msgspec

from edge.dialects.fields import Fields, Raw, checked, decode_object
from edge.errors import BadRequest

T = TypeVar("T")

MOST_BYTES = 4_194_304
"""Of pieces kept, the one not met for longest forgotten first: some long sessions. What is parsed
of them takes several times as much memory."""
LONGEST = 524_288
"""Bytes of a piece that is worth keeping; what is longer holds an image."""


class Pieces:
    """A bounded memory, for one event loop."""

    def __init__(self, most_bytes: int = MOST_BYTES, longest: int = LONGEST) -> None:
        self._most = most_bytes
        self._longest = longest
        self._size = 0
        self._kept: OrderedDict[tuple[str, bytes], object] = OrderedDict()

    def read(self, kind: str, raw: msgspec.Raw, parse: Callable[[Raw], T]) -> T:
        """``parse`` of the JSON value in ``raw``, or what it gave before. ``kind`` tells parsers
        apart. Raises what ``parse`` does, and BadRequest."""
        key = (kind, bytes(raw))
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return cast(T, found)  # this kind's parser made it
        value = parse(decoded(raw))
        if len(key[1]) <= self._longest:
            self._keep(key, value)
        return value

    def _keep(self, key: tuple[str, bytes], value: object) -> None:
        self._kept[key] = value
        self._size += len(key[1])
        while self._size > self._most:
            (_, forgotten), _ = self._kept.popitem(last=False)
            self._size -= len(forgotten)


def split(body: bytes, names: frozenset[str]) -> dict[str, Raw]:
    """A request body's fields; those of ``names`` as msgspec.Raw. Raises BadRequest."""
    try:
        fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        return {
            name: raw if name in names and bytes(raw) != b"null" else decoded(raw)
            for name, raw in fields.items()
        }
    except (ValueError, RecursionError, BadRequest):
        # Said of the whole body it is said where in it.
        return dict(decode_object(body).value)


def decoded(raw: msgspec.Raw) -> Raw:
    """The value in ``raw``. Raises BadRequest."""
    return checked(bytes(raw))


def items(raw: Raw) -> list[msgspec.Raw] | None:
    """The raw items of a raw list; None if it is none."""
    try:
        return msgspec.json.decode(raw, type=list[msgspec.Raw])
    except (ValueError, RecursionError):
        return None


def required_items(fields: Fields, name: str) -> list[msgspec.Raw]:
    """Those of a field that was left raw and must be there. Raises BadRequest."""
    found = items(fields.required(name))
    # What is no list is told as any other field is.
    return fields.items(name) if found is None else found
