"""Refuses schemas that no JSON document can meet, before any work is done for them.

Finds the clear cases (false, an empty enum, crossed bounds, a required property that
cannot be); says nothing about the rest. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jsonschema_rs

from edge.chat import JsonObject, ToolSpec
from edge.errors import UnsatisfiableSchema
from edge.toolcalls.schemas import Validator, resolve, sanitised

_PAIRS = (
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
    ("minimum", "maximum"),
)
_MAX_HOPS = 50


def check_satisfiable(schema: JsonObject) -> None:
    """Raise UnsatisfiableSchema, with the reason, where nothing can meet ``schema``."""
    Validator(schema)
    sanitised(schema)
    reason = _flaw(schema, schema, _MAX_HOPS)
    if reason is not None:
        raise UnsatisfiableSchema(f"No JSON document can meet the schema: {reason}.")


def check_tools(tools: Sequence[ToolSpec]) -> None:
    """``check_satisfiable`` for every tool with a schema of its own; the error names it."""
    for tool in tools:
        if tool.kind != "custom":
            continue
        try:
            check_satisfiable(tool.schema)
            if not _may_be_object(tool.schema):
                raise UnsatisfiableSchema("A tool's input schema must describe an object.")
        except UnsatisfiableSchema as error:
            raise UnsatisfiableSchema(f"tools.{tool.name}: {error}") from error


def _may_be_object(schema: JsonObject) -> bool:
    kinds = schema.get("type", "object")
    return kinds == "object" or (isinstance(kinds, (list, tuple)) and "object" in kinds)


def _flaw(root: JsonObject, schema: Any, hops: int) -> str | None:
    """Why nothing meets ``schema``; None where something may."""
    if schema is False:
        return "it is false"
    if not isinstance(schema, Mapping) or hops == 0:
        return None
    return (
        _crossed(schema)
        or _no_value(schema)
        or _missing_property(root, schema, hops)
        or _missing_items(root, schema, hops)
        or _branches(root, schema, hops)
    )


def _crossed(schema: Mapping[str, Any]) -> str | None:
    for low, high in _PAIRS:
        a, b = _number(schema.get(low)), _number(schema.get(high))
        if a is not None and b is not None and a > b:
            return f"{low} ({a}) is greater than {high} ({b})"
    for low, high in (("exclusiveMinimum", "maximum"), ("minimum", "exclusiveMaximum")):
        a, b = _number(schema.get(low)), _number(schema.get(high))
        if a is not None and b is not None and a >= b:
            return f"{low} ({a}) leaves nothing below {high} ({b})"
    return None


def _number(value: Any) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _no_value(schema: Mapping[str, Any]) -> str | None:
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if values is None or "$ref" in schema:
        return None
    if not values:
        return "its enum is empty"
    plain = {key: schema[key] for key in schema if key in ("type", "enum", "const", "minLength")}
    check = jsonschema_rs.validator_for(plain)
    if not any(check.is_valid(value) for value in schema.get("enum", values)):
        return "none of its enum or const values meets the rest of it"
    return None


def _missing_property(root: JsonObject, schema: Mapping[str, Any], hops: int) -> str | None:
    properties = schema.get("properties", {})
    closed = schema.get("additionalProperties") is False and "patternProperties" not in schema
    if schema.get("type") not in ("object", None) or not isinstance(properties, Mapping):
        return None
    for name in schema.get("required", ()) if "type" in schema else ():
        if name not in properties and closed:
            return f"the required property {name!r} is not allowed"
        reason = _flaw(root, properties.get(name, True), hops - 1)
        if reason is not None:
            return f"the required property {name!r} cannot be: {reason}"
    return None


def _missing_items(root: JsonObject, schema: Mapping[str, Any], hops: int) -> str | None:
    if schema.get("type") != "array" or "prefixItems" in schema or not schema.get("minItems"):
        return None
    reason = _flaw(root, schema.get("items", True), hops - 1)
    return f"its items cannot be: {reason}" if reason is not None else None


def _branches(root: JsonObject, schema: Mapping[str, Any], hops: int) -> str | None:
    if "$ref" in schema:
        reason = _flaw(root, resolve(root, schema["$ref"]), hops - 1)
        if reason is not None:
            return reason
    for branch in schema.get("allOf", ()):
        reason = _flaw(root, branch, hops - 1)
        if reason is not None:
            return reason
    for key in ("anyOf", "oneOf"):
        reasons = [_flaw(root, branch, hops - 1) for branch in schema.get(key, ())]
        if reasons and all(reason is not None for reason in reasons):
            return f"no branch of {key} can be met ({reasons[0]})"
    return None
