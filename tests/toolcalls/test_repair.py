"""Arguments that are nearly right."""

from typing import Any

import pytest

from edge.toolcalls.repair import coerce


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"type": "integer"}, "5", 5),
        ({"type": "integer"}, "five", "five"),
        ({"type": "integer"}, "5.5", "5.5"),
        ({"type": "number"}, " 5.5 ", 5.5),
        ({"type": "boolean"}, "True", True),
        ({"type": "boolean"}, "yes", "yes"),
        ({"type": "string"}, 5, "5"),
        ({"type": "string"}, True, "true"),
        ({"type": "string"}, "5", "5"),
        ({"type": "string"}, None, None),
        ({"type": ["string", "integer"]}, "5", "5"),
        ({"type": "null"}, "null", None),
        ({"type": "array"}, '["a"]', ["a"]),
        ({"type": "object"}, '{"a": 1}', {"a": 1}),
        ({"type": "object"}, "[1]", "[1]"),
        ({"type": "array"}, "[" * 5000, "[" * 5000),
        ({"enum": ["add", "Del"]}, "ADD", "add"),
        ({"enum": ["add", "ADD"]}, "Add", "Add"),
        ({"enum": [1, 2]}, "2", 2),
        ({}, "5", "5"),
        (True, "5", "5"),
        ({"type": "array", "items": {"type": "integer"}}, ["1", 2], [1, 2]),
        ({"$ref": "#/$defs/n", "$defs": {"n": {"type": "integer"}}}, "3", 3),
    ],
)
def test_coerce(schema: Any, value: Any, expected: Any) -> None:
    result = coerce(schema if isinstance(schema, dict) else {}, schema, value)
    assert result == expected
    assert type(result) is type(expected)


def test_objects() -> None:
    schema = {
        "type": "object",
        "properties": {
            "n": {"type": "integer"},
            "s": {"type": "string"},
            "z": {"type": ["null", "string"]},
            "any": {},
        },
        "required": ["n"],
    }
    given = {"n": "1", "s": None, "z": None, "any": None, "more": 1}
    assert coerce(schema, schema, given) == {"n": 1, "z": None, "any": None, "more": 1}
    closed = {**schema, "additionalProperties": False}
    assert coerce(closed, closed, {"n": None, "more": 1}) == {"n": None}
