"""Schemas that nothing can meet are refused with the reason."""

from typing import Any

import pytest

from edge.chat import ToolSpec
from edge.errors import UnsatisfiableSchema
from edge.toolcalls import check_satisfiable, check_tools


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        (False, "false"),
        ({"enum": []}, "enum is empty"),
        ({"type": "string", "enum": [1, 2]}, "none of its enum"),
        ({"type": "integer", "const": "x"}, "none of its enum"),
        ({"type": "string", "minLength": 5, "maxLength": 2}, "minLength"),
        ({"type": "array", "minItems": 5, "maxItems": 2}, "minItems"),
        ({"type": "object", "minProperties": 2, "maxProperties": 1}, "minProperties"),
        ({"type": "integer", "minimum": 5, "maximum": 2}, "minimum"),
        ({"type": "number", "exclusiveMinimum": 2, "maximum": 2}, "exclusiveMinimum"),
        ({"type": "object", "properties": {"a": False}, "required": ["a"]}, "'a' cannot be"),
        (
            {"type": "object", "properties": {"a": {"enum": []}}, "required": ["a"]},
            "'a' cannot be",
        ),
        (
            {"type": "object", "required": ["z"], "properties": {}, "additionalProperties": False},
            "'z' is not allowed",
        ),
        ({"type": "array", "items": False, "minItems": 1}, "items cannot be"),
        ({"anyOf": [False, {"enum": []}]}, "anyOf"),
        ({"allOf": [{}, {"minLength": 2, "maxLength": 1}]}, "minLength"),
        ({"$ref": "#/$defs/x", "$defs": {"x": False}}, "false"),
    ],
)
def test_refuses(schema: Any, reason: str) -> None:
    with pytest.raises(UnsatisfiableSchema, match=reason):
        check_satisfiable(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object", "properties": {"a": False}},
        {"enum": [None]},
        {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
        {"type": "array", "items": False},
        {"anyOf": [False, {}]},
        {"required": ["a"], "properties": {"a": False}},
    ],
)
def test_takes(schema: dict[str, Any]) -> None:
    check_satisfiable(schema)


def test_deep_nesting() -> None:
    schema: dict[str, Any] = {}
    for _ in range(10_000):
        schema = {"anyOf": [schema]}
    with pytest.raises(UnsatisfiableSchema, match="nested deeper"):
        check_satisfiable(schema)


def test_tools_are_named(recorded: list[ToolSpec]) -> None:
    check_tools(recorded)
    with pytest.raises(UnsatisfiableSchema, match=r"tools\.bad: "):
        check_tools([*recorded, ToolSpec("bad", "", {"type": "object", "enum": []})])
    with pytest.raises(UnsatisfiableSchema, match=r"tools\.text: .*object"):
        check_tools([ToolSpec("text", "", {"type": "string"})])
    check_tools([ToolSpec("web_search", "", {"type": "any"}, kind="web_search_20250305")])
