"""Tools and the choice among them: Chat Completions JSON <-> ToolSpec and ToolChoice.

Knows one tool entry and one choice, not the request around them. For this package.
"""

from __future__ import annotations

from typing import Any

from edge.chat import ToolChoice, ToolSpec
from edge.dialects.fields import Fields, Raw, bad
from edge.errors import BadRequest

_MODES: dict[str, ToolChoice] = {
    "auto": ToolChoice(),
    "none": ToolChoice("none"),
    "required": ToolChoice("any"),
}


def parse_tool(value: Raw, path: str) -> ToolSpec:
    """One entry of ``tools``. A function without parameters takes none."""
    fields = Fields.of(value, path)
    if (fields.maybe_text("type") or "function") != "function":
        raise bad(fields.at("type"), "Input should be 'function': no other kind is served here")
    function = fields.object("function")
    name = function.text("name")
    if not name:
        raise bad(function.at("name"), "String should have at least 1 character")
    parameters = function.maybe_object("parameters")
    schema: Raw = {"type": "object", "properties": {}} if parameters is None else parameters.value
    return ToolSpec(
        name=name,
        description=function.maybe_text("description") or "",
        schema=schema,
        strict=function.flag("strict"),
    )


def render_tool(tool: ToolSpec) -> dict[str, Any]:
    """One entry of ``tools``; for the client's own tools only."""
    function: dict[str, Any] = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    function["parameters"] = tool.schema
    if tool.strict:
        function["strict"] = True
    return {"type": "function", "function": function}


def parse_choice(fields: Fields, names: set[str]) -> ToolChoice:
    """``tool_choice`` with ``parallel_tool_calls``, checked against the tools' ``names``."""
    given = fields.value.get("tool_choice")
    mode = _choice(given, fields.at("tool_choice"))
    if mode.mode in ("any", "tool") and not names:
        raise bad("tool_choice", "is only allowed when 'tools' are specified")
    if mode.name is not None and mode.name not in names:
        raise BadRequest(f"Tool '{mode.name}' not found in provided tools")
    # Null is the default, which is true.
    parallel = fields.value.get("parallel_tool_calls") is None or fields.flag("parallel_tool_calls")
    return ToolChoice(mode.mode, mode.name, parallel)


def _choice(given: Raw, path: str) -> ToolChoice:
    if given is None:
        return ToolChoice()
    if isinstance(given, str) and given in _MODES:
        return _MODES[given]
    if not isinstance(given, dict):
        raise bad(path, "Input should be 'auto', 'none', 'required' or an object")
    fields = Fields(given, path)
    if fields.text("type") != "function":
        raise bad(fields.at("type"), "Input should be 'function'")
    return ToolChoice("tool", fields.object("function").text("name"))


def render_choice(choice: ToolChoice) -> dict[str, Any]:
    """The members for the request: none where they are the default."""
    members: dict[str, Any] = {}
    match choice.mode:
        case "any":
            members["tool_choice"] = "required"
        case "none":
            members["tool_choice"] = "none"
        case "tool":
            members["tool_choice"] = {"type": "function", "function": {"name": choice.name}}
        case "auto":
            pass
    if not choice.parallel:
        members["parallel_tool_calls"] = False
    return members
