"""Schemas made fit for a grammar, and values held against the original."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from edge.errors import UnsatisfiableSchema
from edge.toolcalls import Validator, output_grammar, sanitise
from edge.toolcalls.schemas import is_plain_pattern, resolve, sanitised

STRING = {"type": "string"}
CLOSED = {"type": "object", "properties": {"a": STRING}, "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "maxLength": 524288}, STRING),
        ({"type": "string", "maxLength": 10}, {"type": "string", "maxLength": 10}),
        ({"type": "array", "maxItems": 10**9}, {"type": "array"}),
        ({"type": "string", "format": "uuid"}, {"type": "string", "format": "uuid"}),
        ({"type": "string", "format": "uri-template"}, STRING),
        ({"type": "string", "pattern": "^(?!x)"}, STRING),
        ({"type": "string", "pattern": "^[a-z]+$"}, {"type": "string", "pattern": "^[a-z]+$"}),
        ({"type": "string", "title": "T", "default": "x", "x-order": 1, "$schema": "s"}, STRING),
        ({"type": "string", "nullable": True}, STRING),
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
        ({"enum": ["a", 1, None]}, {"enum": ["a", 1, None]}),
        ({"const": {"a": 1}}, {"const": {"a": 1}}),
        ({"type": "object", "properties": {"a": STRING}}, CLOSED),
        (
            {"type": "object", "properties": {"a": STRING}, "additionalProperties": True},
            {"type": "object", "properties": {"a": STRING}, "additionalProperties": {}},
        ),
        (
            {"type": "object", "properties": {"a": True}, "required": ["a", "b"]},
            {
                "type": "object",
                "properties": {"a": {}, "b": {}},
                "required": ["a", "b"],
                "additionalProperties": False,
            },
        ),
        ({"type": "object"}, {"type": "object"}),
        ({"oneOf": [STRING, {"type": "null"}]}, {"anyOf": [STRING, {"type": "null"}]}),
        ({"anyOf": [False, STRING]}, {"anyOf": [STRING]}),
        ({"anyOf": [{"type": "object", "properties": {"a": STRING}}]}, {"anyOf": [CLOSED]}),
        (
            {"allOf": [{"properties": {"a": STRING}}, {"properties": {"b": STRING}}]},
            {"allOf": [{"properties": {"a": STRING}}, {"properties": {"b": STRING}}]},
        ),
        ({"type": "array", "items": [STRING]}, {"type": "array", "prefixItems": [STRING]}),
        ({"type": "array", "uniqueItems": True}, {"type": "array"}),
        ({"patternProperties": {"(?=x)": {}, "^x": {}}}, {"patternProperties": {"^x": {}}}),
        ({"not": STRING, "type": "null"}, {"type": "null"}),
    ],
)
def test_sanitise(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    assert sanitise(schema) == expected


def test_references_become_definitions() -> None:
    schema = {
        "definitions": {"n": {"type": "object", "properties": {"n": {"$ref": "#/definitions/n"}}}},
        "type": "object",
        "properties": {"r": {"$ref": "#/definitions/n"}, "s": {"$ref": "#/properties/t"}},
    }
    result = sanitised({**schema, "properties": {**schema["properties"], "t": STRING}})
    assert result.schema["properties"]["r"] == {"$ref": "#/$defs/r0"}
    assert result.schema["$defs"]["r0"]["properties"]["n"] == {"$ref": "#/$defs/r0"}
    assert result.schema["$defs"]["r1"] == STRING
    assert result.exact


@pytest.mark.parametrize(
    ("schema", "exact"),
    [
        ({"type": "string", "minLength": 1}, True),
        ({"type": "string", "maxLength": 524288}, False),
        ({"type": "string", "format": "uri"}, False),
        ({"type": "string", "pattern": "a"}, False),
        ({"oneOf": [STRING]}, False),
        ({"type": "array", "items": STRING, "minItems": 2}, True),
        ({"type": "object", "properties": {"a": STRING}, "minProperties": 1}, False),
        ({"type": "object", "propertyNames": STRING}, False),
    ],
)
def test_says_when_a_bound_was_dropped(schema: dict[str, Any], exact: bool) -> None:
    assert sanitised(schema).exact is exact


HARD = [
    {"type": "object", "properties": {"a": STRING, "b": STRING}, "minProperties": 1},
    {"oneOf": [STRING, {"type": "string", "minLength": 3}]},
    {"type": "string", "format": "regex"},
    {"type": "string", "pattern": "(a)\\1"},
    {"type": "string", "pattern": "\\bfoo\\b"},
    {"type": "string", "pattern": "^[\\w.-]+@[\\w-]+\\.[a-z]{2,}$"},
    {"type": "string", "pattern": "^(/[^/ ]*)+/?$"},
    {"if": STRING, "then": {"minLength": 2}},
    {"type": "array", "contains": STRING, "uniqueItems": True},
    {"type": "object", "propertyNames": STRING, "additionalProperties": {}},
    {"type": "object", "properties": {"a": STRING}, "unevaluatedProperties": False},
    {"type": "object", "properties": {"a": {"$ref": "#"}}},
    {"$defs": {"a": False}, "anyOf": [{"$ref": "#/$defs/a"}, STRING]},
    {"type": "object", "properties": {"a": False, "b": STRING}},
    {"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}], "$defs": {"a": CLOSED, "b": {}}},
    {"allOf": [{"properties": {"a": STRING}}, {"properties": {"b": STRING}}], "type": "object"},
    {"type": "object", "patternProperties": {"^x": STRING}, "properties": {"a": STRING}},
    {"anyOf": [{"required": ["a"]}, {"required": ["b"]}], "type": "object",
     "properties": {"a": STRING, "b": STRING}},
    {"type": "number", "minimum": -9007199254740991, "exclusiveMaximum": 9007199254740991},
    {"type": "integer", "multipleOf": 5, "minimum": 1},
    {"type": "array", "prefixItems": [STRING], "items": False},
    {"type": "array", "minItems": 10000},
    {},
]  # fmt: skip


@pytest.mark.parametrize("schema", HARD, ids=json.dumps)
def test_what_engines_refuse_compiles_once_sanitised(
    schema: dict[str, Any], compile_grammar: Callable[[str], object]
) -> None:
    Validator(schema)
    compile_grammar(output_grammar(schema))


@pytest.mark.parametrize(
    ("pattern", "plain"),
    [
        ("^[a-z]+$", True),
        ("a|b", True),
        ("\\d{1,3}", True),
        ("^https?:\\/\\/", True),
        ("(?=x)", False),
        ("(?<!x)y", False),
        ("\\bx", False),
        ("(a)\\1", False),
        ("[a", False),
        ("(a", False),
        ("[a&&b]", False),
        ("x" * 600, False),
    ],
)
def test_plain_patterns(pattern: str, plain: bool) -> None:
    assert is_plain_pattern(pattern) is plain


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "any"},
        {"properties": {"a": 3}},
        {"$ref": "#/$defs/none"},
        {"$ref": "https://example.org/schema.json"},
        {"allOf": [False]},
    ],
)
def test_sanitise_refuses(schema: dict[str, Any]) -> None:
    with pytest.raises(UnsatisfiableSchema):
        sanitise(schema)


def deep(levels: int, key: str = "items") -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {key: {"x": schema} if key == "properties" else schema}
    return schema


@pytest.mark.parametrize("key", ["items", "properties", "not"])
def test_ten_thousand_levels_are_refused(key: str) -> None:
    for use in (sanitise, Validator):
        with pytest.raises(UnsatisfiableSchema, match="nested deeper"):
            use(deep(10_000, key))


def test_resolve() -> None:
    root = {"$defs": {"a/b": {"type": "null"}}, "list": [{}, {"type": "string"}]}
    assert resolve(root, "#") is root
    assert resolve(root, "#/$defs/a~1b") == {"type": "null"}
    assert resolve(root, "#/list/1") == STRING
    for wrong in ("#/list/9", "#/list/x", "#/$defs/a/b", 3, "other.json"):
        with pytest.raises(UnsatisfiableSchema):
            resolve(root, wrong)


def test_validator_names_the_place() -> None:
    validator = Validator({"type": "object", "properties": {"a": {"type": "integer"}}})
    assert validator.check({"a": 1}) is None
    assert validator.check({"a": "x"}) == 'a: "x" is not of type "integer"'
    assert validator.check([]) == 'the value: [] is not of type "object"'


@pytest.mark.parametrize(
    "schema",
    [
        {"exclusiveMinimum": True, "minimum": 0},
        {"type": "array", "items": [STRING]},
        {"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {}},
        {"$schema": "http://example.org/unknown"},
    ],
)
def test_older_drafts_are_taken(schema: dict[str, Any]) -> None:
    Validator(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "any"},
        {"pattern": "["},
        {"required": "a"},
        {"$ref": "#/nowhere"},
        {"$ref": "https://example.org/x.json"},
    ],
)
def test_invalid_schemas_are_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(UnsatisfiableSchema, match="not valid"):
        Validator(schema)
