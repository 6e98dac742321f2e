"""The tools on offer, found by the names that models write, with their schemas made ready.

Pure. Schemas are prepared when a tool is first named: most of them never are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from edge.chat import ToolSpec
from edge.errors import UnsatisfiableSchema
from edge.toolcalls.lenient import loads
from edge.toolcalls.repair import coerce
from edge.toolcalls.schemas import Sanitised, Validator, sanitised
from edge.toolcalls.shapes import ValueKind, choices_of, is_plain_text, target, value_kind

_PREFIXES = ("functions.", "function.", "tools.", "tool.")


class Tool:
    """One tool and what its schema was made into."""

    def __init__(self, spec: ToolSpec) -> None:
        self.spec = spec
        self.name = spec.name

    @cached_property
    def sanitised(self) -> Sanitised:
        """The schema for a grammar. Raises UnsatisfiableSchema."""
        return sanitised({**self.spec.schema, "type": "object"})

    @cached_property
    def validator(self) -> Validator | None:
        """None where the schema is invalid: then no call of this tool can be valid."""
        try:
            return Validator(self.spec.schema)
        except UnsatisfiableSchema:
            return None

    @cached_property
    def guardable(self) -> bool:
        """Whether a grammar can be written for the arguments."""
        try:
            return bool(self.sanitised.schema) and self.validator is not None
        except UnsatisfiableSchema:
            return False

    @cached_property
    def properties(self) -> Mapping[str, Any]:
        properties = self.spec.schema.get("properties")
        return properties if isinstance(properties, Mapping) else {}

    @cached_property
    def taggable(self) -> bool:
        """Whether a grammar can be written for the arguments as tags."""
        return self.guardable and "properties" in self.sanitised.schema

    @cached_property
    def exact_in_tags(self) -> bool:
        """Whether every call that a grammar of tags lets through is valid."""
        schema = self.sanitised.schema
        combined = any(key in schema for key in ("anyOf", "allOf", "$ref"))
        return (
            self.sanitised.exact
            and not combined
            and all(
                value_kind(schema, value) != "text" or is_plain_text(schema, value)
                for value in schema.get("properties", {}).values()
            )
        )

    def kind(self, name: str) -> ValueKind:
        """How the argument ``name`` stands between tags."""
        if not self.taggable:
            return "text"
        schema = self.sanitised.schema
        return value_kind(schema, schema["properties"].get(name))

    def choice(self, name: str, text: str) -> Any:
        """The value of an enum that ``text`` stands for."""
        schema = self.sanitised.schema
        return (choices_of(target(schema, schema["properties"].get(name))) or {}).get(text, text)

    def is_valid(self, arguments: Any) -> bool:
        return (
            isinstance(arguments, dict)
            and self.validator is not None
            and self.validator.check(arguments) is None
        )

    def settle(self, arguments: Any) -> str | None:
        """Valid JSON text for ``arguments``, repaired if need be; None where nothing helps."""
        if isinstance(arguments, str):
            arguments = loads(arguments)
        if not isinstance(arguments, dict):
            return None
        if not self.is_valid(arguments):
            try:
                arguments = coerce(self.spec.schema, self.spec.schema, arguments)
            except UnsatisfiableSchema:
                return None
        return json.dumps(arguments, ensure_ascii=False) if self.is_valid(arguments) else None


class Toolbox:
    """Looks tools up by name: exact first, then whatever the case, then without a prefix."""

    def __init__(self, tools: Sequence[ToolSpec]) -> None:
        self.tools = [Tool(spec) for spec in tools if spec.kind == "custom"]
        self._exact = {tool.name: tool for tool in self.tools}
        self._folded: dict[str, Tool | None] = {}
        for tool in self.tools:
            folded = tool.name.casefold()
            self._folded[folded] = None if folded in self._folded else tool
        self._known = [prefix + name for name in self._folded for prefix in ("", *_PREFIXES)]

    def find(self, name: str) -> Tool | None:
        name = name.strip()
        for prefix in ("", *_PREFIXES):
            if name.startswith(prefix):
                bare = name[len(prefix) :]
                found = self._exact.get(bare) or self._folded.get(bare.casefold())
                if found is not None:
                    return found
        return None

    def may_become(self, start: str) -> bool:
        """Whether ``start`` is the beginning of a name that ``find`` knows."""
        folded = start.lstrip().casefold()
        return any(known.startswith(folded) for known in self._known)
