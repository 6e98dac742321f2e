"""Writes grammars, in llguidance's dialect of Lark, for tool calls and JSON documents.

Text only: the engine that compiles it lives in the worker. Markers that are single
tokens of the model's vocabulary are written as token references, since a grammar's text
never matches a special token.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from edge.toolcalls.narrowing import Narrowing, has_text, is_case, is_useful, terminals
from edge.toolcalls.shapes import TagShape, choices_of, target, value_kind
from edge.toolcalls.toolbox import Tool

# Bounded, so that a small model cannot loop on blanks; wide enough for an indented document.
_JSON_BLANK = r"[ \n\t]{1,24}"
_BLANK = r"/[ \n\t]{0,24}/"


class Grammar:
    """One grammar in the making. Rule names hold no underscore at their start and are unique."""

    def __init__(
        self, specials: Mapping[str, int] | None = None, narrowings: Sequence[Narrowing] = ()
    ) -> None:
        self._specials = dict(specials or {})
        useful = [item for item in narrowings if is_useful(item)]
        self._narrowings = {
            (item.tool, item.property): item for item in useful if not is_case(item)
        }
        self._cases = [item for item in useful if is_case(item)]
        self._lines: list[str] = []
        self._count = 0

    def text(self, start: str) -> str:
        """The whole grammar; ``start`` is the body of its first rule."""
        return "\n".join([f"start: {start}", f"BLANK: {_BLANK}", *self._lines]) + "\n"

    def rule(self, body: str, *, lazy: bool = False) -> str:
        """Add a rule; its name."""
        name = self._fresh("r")
        self._lines.append(f"{name}{'[lazy]' if lazy else ''}: {body}")
        return name

    def terminal(self, body: str) -> str:
        """Add a terminal; its name."""
        name = self._fresh("T")
        self._lines.append(f"{name}: {body}")
        return name

    def literal(self, text: str) -> str:
        """``text``, with the markers in it as tokens where the vocabulary has them."""
        if not self._specials:
            return quoted(text)
        pattern = "|".join(re.escape(mark) for mark in sorted(self._specials, key=len)[::-1])
        pieces = [piece for piece in re.split(f"({pattern})", text) if piece]
        return " ".join(
            f"<[{self._specials[piece]}]>" if piece in self._specials else quoted(piece)
            for piece in pieces
        )

    def document(self, schema: Mapping[str, Any]) -> str:
        """A rule for one JSON document of a sanitised schema."""
        guided = {"x-guidance": {"whitespace_pattern": _JSON_BLANK}, **schema}
        return self.rule(f"%json {json.dumps(guided)}")

    def arguments(self, tool: Tool) -> str:
        """A rule for the JSON object of a tool's arguments."""
        schema = tool.sanitised.schema
        cases = [case for case in self._cases if case.tool == tool.name]
        if not is_closed(schema) or not (cases or self._narrowed(tool)):
            return self.document(schema)
        if not cases:
            return self._object(tool, schema, {})
        return self.rule(
            " | ".join(self._object(tool, schema, self._values_of(case)) for case in cases)
        )

    def tagged(self, tool: Tool, shape: TagShape) -> str:
        """A rule for a tool's arguments as tags, up to and with the shape's own closing."""
        schema = tool.sanitised.schema
        required = schema.get("required", ())
        parts: list[str] = []
        for name in possible(schema):
            parameter = self._parameter(tool, name, shape)
            parts.append(f"{parameter} BLANK" if name in required else f"({parameter} BLANK)?")
        return self.rule(" ".join([*parts, self.literal(shape.close)]))

    # --- JSON by hand, for narrowed properties -----------------------------------------

    def _narrowed(self, tool: Tool) -> list[str]:
        properties = tool.sanitised.schema.get("properties", {})
        return [name for name in properties if (tool.name, name) in self._narrowings]

    def _values_of(self, case: Narrowing) -> dict[str, str]:
        """Rules for the two arguments that a case is about."""
        values = {case.property: self._narrow_string(case)}
        if case.where is not None:
            name, value = case.where
            values[name] = quoted(json.dumps(value, ensure_ascii=False))
        if case.unless is not None:
            name, others = case.unless
            values[name] = self._string_but(others)
        return values

    def _string_but(self, others: Sequence[str]) -> str:
        """A JSON string without escapes that begins with none of ``others``."""
        plain = r'/"[^"\\\x00-\x1f]+"/'
        if not others:
            return self.terminal(plain)
        refused = "|".join(
            regex_text(json.dumps(other, ensure_ascii=False)[:-1]) for other in others
        )
        return self.terminal(f"{plain} & ~/({refused})(?s:.*)/")

    def _narrow_string(self, narrowing: Narrowing) -> str:
        return self.rule(f'"\\"" {self._piece(narrowing, escaped=True)} "\\""')

    def _object(self, tool: Tool, schema: Mapping[str, Any], given: Mapping[str, str]) -> str:
        """Members in declared order; a comma before all but the first that is there.

        ``given`` are rules for members that are not as their schema says.
        """
        required = schema.get("required", ())
        first = following = self.rule('""')
        for name in reversed(possible(schema)):
            member = self._member(tool, name, given.get(name))
            after = following
            if name in required:
                first = self.rule(f"{member} {after}")
                following = self.rule(f'BLANK "," BLANK {member} {after}')
            else:
                first = self.rule(f"{member} {after} | {first}")
                following = self.rule(f'(BLANK "," BLANK {member})? {after}')
        return self.rule(f'"{{" BLANK {first} BLANK "}}"')

    def _member(self, tool: Tool, name: str, value: str | None) -> str:
        schema = tool.sanitised.schema
        narrowing = self._narrowings.get((tool.name, name))
        if value is None and narrowing is not None:
            value = self._narrow_string(narrowing)
        elif value is None:
            value = self.document(fragment(schema, schema["properties"][name]))
        return self.rule(f'{quoted(json.dumps(name))} BLANK ":" BLANK {value}')

    def _piece(self, narrowing: Narrowing, *, escaped: bool) -> str:
        """What may stand in a narrowed property's place; empty text for nothing."""
        if not has_text(narrowing):
            return ""
        name = self._fresh("S")
        self._lines.append(terminals(narrowing, name, escaped=escaped))
        return f"{name}?" if narrowing.or_empty else name

    # --- tags ---------------------------------------------------------------------------

    def _parameter(self, tool: Tool, name: str, shape: TagShape) -> str:
        opener = self.literal(shape.key_open + name + shape.key_close)
        if shape.value_open:
            opener += " BLANK " + self.literal(shape.value_open)
        return self.rule(f"{opener} {self._tag_value(tool, name, shape)}")

    def _tag_value(self, tool: Tool, name: str, shape: TagShape) -> str:
        schema = tool.sanitised.schema
        value = schema["properties"][name]
        narrowing = self._narrowings.get((tool.name, name))
        pad = r"/\n?/" if shape.padded else ""
        close = f"{pad} {self.literal(shape.value_close)}"
        if narrowing is not None:
            return f"{pad} {self._piece(narrowing, escaped=False)} {close}"
        match value_kind(schema, value):
            case "json":
                return f"{pad} {self.document(fragment(schema, value))} {close}"
            case "choice":
                choices = choices_of(target(schema, value)) or {}
                return f"{pad} ({' | '.join(quoted(choice) for choice in choices)}) {close}"
            case "text":
                return self._raw_text(shape)

    def _raw_text(self, shape: TagShape) -> str:
        if shape.value_close in self._specials:
            return f"{self.terminal('/(?s:.*)/')} {self.literal(shape.value_close)}"
        return self.rule(f"/(?s:.*){regex_text(shape.value_close)}/", lazy=True)

    def _fresh(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"


def quoted(text: str) -> str:
    """A Lark string literal."""
    return json.dumps(text, ensure_ascii=False)


def regex_text(text: str) -> str:
    """``text`` as a literal inside ``/.../``."""
    return re.sub(r"([\\/.+*?()\[\]{}|^$])", r"\\\1", text).replace("\n", "\\n")


def is_closed(schema: Mapping[str, Any]) -> bool:
    """Whether ``schema`` is an object of declared properties and nothing else."""
    known = {"type", "properties", "required", "additionalProperties", "$defs"}
    return set(schema) <= known and schema.get("additionalProperties") is False


def possible(schema: Mapping[str, Any]) -> list[str]:
    """The declared properties that may be there at all."""
    return [name for name, value in schema.get("properties", {}).items() if value is not False]


def fragment(root: Mapping[str, Any], schema: Any) -> dict[str, Any]:
    """A part of a sanitised schema that stands alone."""
    whole = dict(schema) if isinstance(schema, Mapping) else {}
    if "$defs" in root:
        whole["$defs"] = root["$defs"]
    return whole


def object_tail(tool: Tool, narrowings: Sequence[Narrowing], *, braces: int) -> str:
    """What may follow ``"arguments":`` in a call written as one JSON object.

    Ends with the last brace and nothing else, so that the engine knows when it is done.
    """
    grammar = Grammar(narrowings=narrowings)
    closing = ' BLANK "}"' * braces
    return grammar.text(f"BLANK {grammar.arguments(tool)}{closing}")


def object_only(tool: Tool, narrowings: Sequence[Narrowing]) -> str:
    """The arguments' JSON object, where the tool's name stands in the wrapping."""
    grammar = Grammar(narrowings=narrowings)
    return grammar.text(f"BLANK {grammar.arguments(tool)}")


def tags_tail(
    tool: Tool, narrowings: Sequence[Narrowing], shape: TagShape, specials: Mapping[str, int]
) -> str:
    """What may follow the opener of a call written as tags."""
    grammar = Grammar(specials, narrowings)
    return grammar.text(f"BLANK {grammar.tagged(tool, shape)}")
