"""Arguments that are nearly right, made right without losing anything.

Pure: a value and a schema in, a value out. Only changes that keep the meaning: a number
written as a string, an object written as its JSON text, a null for a property that may
be left out, an enum's value in another case, an invented key that the schema forbids.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from edge.toolcalls.lenient import loads
from edge.toolcalls.schemas import resolve

_MAX_DEPTH = 20


def coerce(root: Mapping[str, Any], schema: Any, value: Any, depth: int = _MAX_DEPTH) -> Any:
    """``value`` brought closer to ``schema``, with its references into ``root``."""
    schema = _target(root, schema)
    if not isinstance(schema, Mapping) or depth == 0:
        return value
    value = _scalar(schema, value)
    if isinstance(value, dict):
        return _object(root, schema, value, depth)
    if isinstance(value, list) and "items" in schema:
        return [coerce(root, schema["items"], item, depth - 1) for item in value]
    return value


def _target(root: Mapping[str, Any], schema: Any) -> Any:
    for _ in range(_MAX_DEPTH):
        if not isinstance(schema, Mapping) or "$ref" not in schema:
            break
        schema = resolve(root, schema["$ref"])
    return schema


def _object(
    root: Mapping[str, Any], schema: Mapping[str, Any], value: dict[str, Any], depth: int
) -> dict[str, Any]:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return value
    required = schema.get("required", ())
    result: dict[str, Any] = {}
    for key, item in value.items():
        if key in properties:
            item = coerce(root, properties[key], item, depth - 1)
            if item is not None or key in required or _allows(properties[key], "null"):
                result[key] = item
        elif schema.get("additionalProperties") is not False:
            result[key] = item
    return result


def _scalar(schema: Mapping[str, Any], value: Any) -> Any:
    if "enum" in schema:
        return _enum(schema["enum"], value)
    if "type" not in schema or _fits(schema, value):
        return value
    if isinstance(value, str):
        return _from_string(schema, value)
    if _allows(schema, "string") and isinstance(value, (int, float)):
        return json.dumps(value)
    return value


def _enum(values: Any, value: Any) -> Any:
    if value in values or not isinstance(value, str):
        return value
    near = [item for item in values if isinstance(item, str) and item.lower() == value.lower()]
    if len(near) == 1:
        return near[0]
    same = [item for item in values if not isinstance(item, str) and json.dumps(item) == value]
    return same[0] if len(same) == 1 else value


def _from_string(schema: Mapping[str, Any], value: str) -> Any:
    text = value.strip()
    if text.lower() in ("true", "false") and _allows(schema, "boolean"):
        return text.lower() == "true"
    if text[:1] in ("{", "["):
        parsed = loads(text)
        return parsed if parsed is not None and _fits(schema, parsed) else value
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return value
    return parsed if _fits(schema, parsed) else value


def _allows(schema: Any, kind: str) -> bool:
    if not isinstance(schema, Mapping) or "type" not in schema:
        return True
    names = schema["type"]
    return kind == names or (not isinstance(names, str) and kind in names)


def _fits(schema: Mapping[str, Any], value: Any) -> bool:
    match value:
        case None:
            return _allows(schema, "null")
        case bool():
            return _allows(schema, "boolean")
        case int():
            return _allows(schema, "integer") or _allows(schema, "number")
        case float():
            return _allows(schema, "number") or (value.is_integer() and _allows(schema, "integer"))
        case str():
            return _allows(schema, "string")
        case list():
            return _allows(schema, "array")
        case dict():
            return _allows(schema, "object")
        case _:
            return False
