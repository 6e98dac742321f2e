"""The tables of wrappers and the small questions asked of schemas."""

from typing import Any

import pytest

from edge.toolcalls.shapes import (
    MARKERS,
    WRAPPERS,
    Family,
    choices_of,
    is_plain_text,
    target,
    value_kind,
)


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, "text"),
        ({"type": ["string", "null"]}, "text"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "text"),
        ({}, "text"),
        ({"type": "integer"}, "json"),
        ({"type": "object"}, "json"),
        ({"properties": {}}, "json"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "json"),
        ({"enum": ["a", 1]}, "choice"),
        ({"const": "a"}, "choice"),
        ({"$ref": "#/$defs/r0"}, "json"),
        (False, "text"),
    ],
)
def test_value_kind(schema: Any, kind: str) -> None:
    assert value_kind({"$defs": {"r0": {"type": "integer"}}}, schema) == kind


def test_plain_text() -> None:
    assert is_plain_text({}, {"type": "string"})
    assert is_plain_text({}, {"anyOf": [{"type": "string"}, {"type": "null"}]})
    assert not is_plain_text({}, {"type": "string", "minLength": 1})
    assert not is_plain_text({}, {"type": "integer"})
    assert not is_plain_text({}, False)


def test_choices() -> None:
    assert choices_of({"enum": ["a", 1, None]}) == {"a": "a", "1": 1, "null": None}
    assert choices_of({"type": "string"}) is None
    assert choices_of(True) is None


def test_a_circle_of_references_ends() -> None:
    root = {"$defs": {"a": {"$ref": "#/$defs/a"}}}
    assert target(root, {"$ref": "#/$defs/a"}) == {"$ref": "#/$defs/a"}


def test_every_family_has_its_markers() -> None:
    assert set(MARKERS) == set(Family)
    assert all(closer for closer in WRAPPERS.values())
