"""JSON schemas of tools: made fit for a grammar, checked for sense, and enforced.

Three views of one schema: ``sanitise`` gives what a grammar engine compiles,
``check_satisfiable`` refuses what no document can meet, ``Validator`` holds a finished
value against the original. Knows no grammar engine; pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from edge.chat import Json, JsonObject
from edge.errors import UnsatisfiableSchema

MAX_SCHEMA_DEPTH = 100
"""Levels of nesting in a schema; real tools stay below twenty."""
MAX_STRING_BOUND = 20_000
"""A longer maxLength is dropped: no answer reaches it, and engines choke on it."""
MAX_ARRAY_BOUND = 500
MAX_REFERENCES = 200

_FORMATS = frozenset(
    ["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid", "uri"]
)
_TYPES = frozenset(["null", "boolean", "object", "array", "number", "string", "integer"])
# fmt: off
_ANNOTATIONS = frozenset([
    "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly",
    "nullable", "$comment", "$schema", "$id", "$anchor", "$defs", "definitions", "id",
    "contentEncoding", "contentMediaType", "contentSchema",
])
# fmt: on
_COMBINATORS = ("anyOf", "oneOf", "allOf", "$ref")
# What a pattern may hold for a linear-time regex engine to read it as ECMAScript does.
_PLAIN_PATTERN = re.compile(
    r"\^?(?:[^\\\[\](){}?*+|^$]|\\[dwsDWS./\\\-+*?()\[\]{}^$|@:]"
    r"|\[\^?(?:[^\\\[\]&~^-]|\\[dwsDWS./\\\-+*?()\[\]{}^$|@:]|-)+\]"
    r"|\((?!\?)|\(\?:|\)|[|?*+]|\{\d{1,3}(?:,\d{0,3})?\})*\$?"
)


@dataclass(frozen=True, slots=True)
class Sanitised:
    """A schema for a grammar. ``exact``: whatever meets it meets the original too."""

    schema: dict[str, Any]
    exact: bool


def sanitise(schema: JsonObject) -> JsonObject:
    """``schema`` as a grammar engine takes it. Raises UnsatisfiableSchema."""
    return sanitised(schema).schema


def sanitised(schema: JsonObject) -> Sanitised:
    """Like ``sanitise``, and says whether a bound had to be dropped."""
    check_depth(schema)
    work = _Sanitiser(schema)
    result = work.convert(schema, closable=True)
    if not isinstance(result, dict):
        raise UnsatisfiableSchema("The JSON schema is false: no document can meet it.")
    definitions = {name: part for name, part in work.definitions.items() if part is not False}
    if definitions:
        result["$defs"] = definitions
    return Sanitised(result, work.exact)


def check_depth(schema: Json) -> None:
    """Raise UnsatisfiableSchema for a schema nested deeper than MAX_SCHEMA_DEPTH."""
    level: list[Any] = [schema]
    for _ in range(MAX_SCHEMA_DEPTH):
        level = [child for node in level for child in _children(node)]
        if not level:
            return
    raise UnsatisfiableSchema(
        f"The JSON schema is nested deeper than {MAX_SCHEMA_DEPTH} levels; flatten it."
    )


def _children(node: Any) -> Sequence[Any]:
    if isinstance(node, Mapping):
        return [child for child in node.values() if isinstance(child, (Mapping, list, tuple))]
    if isinstance(node, (list, tuple)):
        return [child for child in node if isinstance(child, (Mapping, list, tuple))]
    return ()


class _Sanitiser:
    """One conversion; collects the definitions that references need."""

    def __init__(self, root: JsonObject) -> None:
        self._root = root
        self._names: dict[tuple[str, bool], str] = {}
        self._closable: list[bool] = []
        self.definitions: dict[str, Any] = {}
        self.exact = True
        self._keywords: dict[str, Callable[[dict[str, Any], Any], None]] = {
            "type": self._type,
            "properties": self._properties,
            "patternProperties": self._pattern_properties,
            "additionalProperties": self._additional,
            "items": self._items,
            "prefixItems": self._prefix_items,
            "anyOf": self._any_of,
            "oneOf": self._one_of,
            "allOf": self._all_of,
            "$ref": self._reference,
            "format": self._format,
            "pattern": self._pattern,
            "minLength": self._bound(MAX_STRING_BOUND, "minLength"),
            "maxLength": self._bound(MAX_STRING_BOUND, "maxLength"),
            "minItems": self._bound(MAX_ARRAY_BOUND, "minItems"),
            "maxItems": self._bound(MAX_ARRAY_BOUND, "maxItems"),
        }
        for plain in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]:
            self._keywords[plain] = self._keep(plain)
        for plain in ["required", "enum", "const"]:
            self._keywords[plain] = self._keep(plain)

    def convert(self, schema: Any, *, closable: bool) -> Any:
        """``closable``: undeclared keys may be forbidden here without breaking a sibling."""
        if isinstance(schema, bool):
            return {} if schema else False
        if not isinstance(schema, Mapping):
            raise UnsatisfiableSchema("The JSON schema holds a value where a schema belongs.")
        result: dict[str, Any] = {}
        alone = sum(key in schema for key in ("properties", *_COMBINATORS)) <= 1
        self._closable.append(closable and alone)
        for key, value in schema.items():
            keyword = self._keywords.get(key)
            if keyword is not None:
                keyword(result, value)
            elif key not in _ANNOTATIONS and not key.startswith("x-"):
                self.exact = False
        self._finish_object(schema, result, closable=self._closable.pop())
        refused = self.definitions.get(str(result.get("$ref", "")).rsplit("/", 1)[-1]) is False
        return False if refused else result

    def _finish_object(
        self, schema: Mapping[str, Any], result: dict[str, Any], *, closable: bool
    ) -> None:
        properties = result.get("properties")
        if not isinstance(properties, dict):
            return
        if closable and "additionalProperties" not in schema:
            for name in schema.get("required", ()):
                if "patternProperties" not in schema:
                    properties.setdefault(name, {})
            result["additionalProperties"] = False

    # --- one keyword each -------------------------------------------------------------

    def _keep(self, key: str) -> Callable[[dict[str, Any], Any], None]:
        def keep(result: dict[str, Any], value: Any) -> None:
            result[key] = value

        return keep

    def _bound(self, limit: int, key: str) -> Callable[[dict[str, Any], Any], None]:
        def bound(result: dict[str, Any], value: Any) -> None:
            if isinstance(value, (int, float)) and value <= limit:
                result[key] = int(value)
            else:
                self.exact = False

        return bound

    def _type(self, result: dict[str, Any], value: Any) -> None:
        names = [value] if isinstance(value, str) else list(value)
        known = [name for name in names if name in _TYPES]
        if len(known) != len(names):
            raise UnsatisfiableSchema(f"The JSON schema names a type that does not exist: {value}.")
        result["type"] = value if isinstance(value, str) else known

    def _properties(self, result: dict[str, Any], value: Any) -> None:
        result["properties"] = {
            name: self.convert(child, closable=True) for name, child in value.items()
        }

    def _pattern_properties(self, result: dict[str, Any], value: Any) -> None:
        self.exact = False
        value = {name: child for name, child in value.items() if is_plain_pattern(name)}
        result["patternProperties"] = {
            name: self.convert(child, closable=True) for name, child in value.items()
        }

    def _additional(self, result: dict[str, Any], value: Any) -> None:
        result["additionalProperties"] = self.convert(value, closable=True)

    def _items(self, result: dict[str, Any], value: Any) -> None:
        if isinstance(value, (list, tuple)):
            self._prefix_items(result, value)
        else:
            result["items"] = self.convert(value, closable=True)

    def _prefix_items(self, result: dict[str, Any], value: Any) -> None:
        result["prefixItems"] = [self.convert(child, closable=True) for child in value]

    def _one_of(self, result: dict[str, Any], value: Any) -> None:
        self.exact = False
        self._any_of(result, value)

    def _any_of(self, result: dict[str, Any], value: Any) -> None:
        closable = self._closable[-1]
        branches = [self.convert(child, closable=closable) for child in value]
        possible = [branch for branch in branches if branch is not False]
        if "anyOf" in result:
            result.setdefault("allOf", []).append({"anyOf": possible})
        else:
            result["anyOf"] = possible

    def _all_of(self, result: dict[str, Any], value: Any) -> None:
        branches = [self.convert(child, closable=False) for child in value]
        if False in branches:
            raise UnsatisfiableSchema("The JSON schema requires what it also forbids (allOf).")
        result.setdefault("allOf", []).extend(branches)

    def _reference(self, result: dict[str, Any], value: Any) -> None:
        key = (str(value), self._closable[-1])
        if key not in self._names:
            if len(self._names) >= MAX_REFERENCES:
                raise UnsatisfiableSchema("The JSON schema has too many references.")
            name = self._names[key] = f"r{len(self._names)}"
            target = self.convert(resolve(self._root, value), closable=key[1])
            self.definitions[name] = target
        result["$ref"] = f"#/$defs/{self._names[key]}"

    def _format(self, result: dict[str, Any], value: Any) -> None:
        self.exact = False
        if value in _FORMATS:
            result["format"] = value

    def _pattern(self, result: dict[str, Any], value: Any) -> None:
        self.exact = False
        if isinstance(value, str) and is_plain_pattern(value):
            result["pattern"] = value


def is_plain_pattern(pattern: str) -> bool:
    """Whether a linear-time engine reads ``pattern`` as ECMAScript does (no look-around)."""
    if len(pattern) > 500 or not _PLAIN_PATTERN.fullmatch(pattern):
        return False
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def resolve(root: JsonObject, reference: Any) -> Any:
    """What a local ``$ref`` points at. Raises UnsatisfiableSchema where it points nowhere."""
    node: Any = root
    if not isinstance(reference, str) or not reference.startswith("#"):
        raise UnsatisfiableSchema(f"The JSON schema refers to {reference!r}; only '#/...' works.")
    for step in reference[1:].strip("/").split("/") if reference.strip("#/") else ():
        key = step.replace("~1", "/").replace("~0", "~").replace("%25", "%")
        try:
            node = node[int(key)] if isinstance(node, (list, tuple)) else node[key]
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise UnsatisfiableSchema(
                f"The JSON schema refers to {reference!r}, which it does not define."
            ) from error
    return node


# --- validation -----------------------------------------------------------------------


def _no_network(uri: str) -> Any:
    raise ValueError(f"{uri} is not part of the schema")


class Validator:
    """Holds values against the original schema. Raises UnsatisfiableSchema if it is invalid."""

    def __init__(self, schema: JsonObject) -> None:
        check_depth(schema)
        self._validator = _compile(schema)

    def check(self, value: Any) -> str | None:
        """What is wrong with ``value`` first, in one sentence; None where it is valid."""
        error = next(iter(self._validator.iter_errors(value)), None)
        if error is None:
            return None
        where = "/".join(str(step) for step in error.instance_path)
        return f"{where or 'the value'}: {error.message}"


def _compile(schema: JsonObject) -> Any:
    """Newest draft first, then the older ones that clients still write without saying so."""
    reason = ""
    for draft in (None, jsonschema_rs.Draft7, jsonschema_rs.Draft4):
        try:
            return _with_draft(schema, draft)
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            reason = reason or str(error).splitlines()[0]
    raise UnsatisfiableSchema(f"The JSON schema is not valid: {reason}")


def _with_draft(schema: Any, draft: int | None) -> Any:
    if draft is None:
        return jsonschema_rs.validator_for(schema, validate_formats=True, retriever=_no_network)
    classes = {
        jsonschema_rs.Draft7: jsonschema_rs.Draft7Validator,
        jsonschema_rs.Draft4: jsonschema_rs.Draft4Validator,
    }
    return classes[draft](schema, validate_formats=True, retriever=_no_network)
