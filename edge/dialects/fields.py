"""Typed reading of a JSON object whose faults are named by path.

Knows JSON and the words in which the Messages API and many OpenAI-compatible servers name
a fault, no dialect's fields. For the dialects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from edge.errors import BadRequest

# Any only here, at the JSON edge: msgspec has already decoded the bytes.
Raw: TypeAlias = Any

MAX_DEPTH = 200
"""Deeper nesting is refused before anything walks the value recursively."""


def bad(path: str, sentence: str) -> BadRequest:
    """The error for the value at ``path``."""
    return BadRequest(f"{path}: {sentence}" if path else sentence)


def join(path: str, key: str | int) -> str:
    """The path of ``key`` inside ``path``."""
    return f"{path}.{key}" if path else str(key)


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object and where it stands in the request. A null field counts as absent."""

    value: Mapping[str, Raw]
    path: str

    @classmethod
    def of(cls, value: Raw, path: str) -> Fields:
        """``value`` as an object. Raises BadRequest."""
        if not isinstance(value, dict):
            raise bad(path, "Input should be a valid dictionary")
        return cls(value, path)

    def at(self, key: str) -> str:
        """The path of a field."""
        return join(self.path, key)

    def tagged(self, tag: str) -> Fields:
        """The same object with its kind in the path, as the API names members of a union."""
        return Fields(self.value, join(self.path, tag))

    def required(self, key: str) -> Raw:
        """A field that must be there. Raises BadRequest."""
        if self.value.get(key) is None:
            raise bad(self.at(key), "Field required")
        return self.value[key]

    def text(self, key: str) -> str:
        """A required string."""
        self.required(key)
        return self.maybe_text(key) or ""

    def maybe_text(self, key: str) -> str | None:
        """An optional string."""
        value = self.value.get(key)
        if value is not None and not isinstance(value, str):
            raise bad(self.at(key), "Input should be a valid string")
        return value

    def flag(self, key: str) -> bool:
        """An optional boolean, False where absent."""
        value = self.value.get(key)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise bad(self.at(key), "Input should be a valid boolean")
        return value

    def maybe_whole(self, key: str, at_least: int | None = None) -> int | None:
        """An optional whole number."""
        value = self.value.get(key)
        if value is None:
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise bad(self.at(key), "Input should be a valid integer")
        if at_least is not None and value < at_least:
            raise bad(self.at(key), f"Input should be greater than or equal to {at_least}")
        return value

    def maybe_share(self, key: str) -> float | None:
        """An optional number from 0 to 1."""
        return self.maybe_number(key, 0, 1)

    def maybe_number(self, key: str, low: int, high: int) -> float | None:
        """An optional number from ``low`` to ``high``."""
        value = self.value.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise bad(self.at(key), "Input should be a valid number")
        if not low <= value <= high:
            raise bad(self.at(key), f"range: {low}..{high}")
        return float(value)

    def items(self, key: str) -> list[Raw]:
        """An optional list, empty where absent."""
        value = self.value.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise bad(self.at(key), "Input should be a valid list")
        return value

    def maybe_object(self, key: str) -> Fields | None:
        """An optional object."""
        value = self.value.get(key)
        return None if value is None else Fields.of(value, self.at(key))

    def object(self, key: str) -> Fields:
        """A required object."""
        return Fields.of(self.required(key), self.at(key))


def decode_object(body: bytes) -> Fields:
    """A request body as an object at the root. Raises BadRequest."""
    value = checked(body)
    if not isinstance(value, dict):
        raise BadRequest("The request body is not valid: it should be a JSON object")
    return Fields(value, "")


def checked(text: bytes) -> Raw:
    """JSON of a request as a value that can be walked recursively. Raises BadRequest."""
    try:
        value = msgspec.json.decode(text)
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise BadRequest(f"The request body is not valid JSON: {error}") from error
    if isinstance(value, dict | list):
        _check_depth(value)
    return value


def _check_depth(value: Raw) -> None:
    """Refuse what a recursive reader further in could not walk; itself not recursive."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return
    raise _too_deep()


def _too_deep() -> BadRequest:
    return BadRequest(
        f"The request body is not valid JSON: it is nested more than {MAX_DEPTH} levels deep"
    )
