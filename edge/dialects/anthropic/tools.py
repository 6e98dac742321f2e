"""Tools and the choice among them: Messages API JSON <-> ToolSpec and ToolChoice.

Knows one tool entry and one choice, not the request around them. For this package.
"""

from __future__ import annotations

from typing import Literal, get_args

from edge.chat import CacheMark, ToolChoice, ToolSpec
from edge.dialects.fields import Fields, Raw, bad

Mode = Literal["auto", "any", "tool", "none"]
_MODES: dict[str, Mode] = {mode: mode for mode in get_args(Mode)}


def parse_cache(fields: Fields) -> CacheMark | None:
    """A block's cache_control, unknown lifetimes taken as the default."""
    mark = fields.maybe_object("cache_control")
    if mark is None:
        return None
    return CacheMark("1h" if mark.maybe_text("ttl") == "1h" else "5m")


def render_cache(mark: CacheMark | None) -> dict[str, Raw]:
    """The member to merge into a block, or nothing."""
    if mark is None:
        return {}
    lifetime = {} if mark.ttl == "5m" else {"ttl": mark.ttl}
    return {"cache_control": {"type": "ephemeral", **lifetime}}


def parse_tool(value: Raw, path: str) -> ToolSpec:
    """One entry of ``tools``: the client's own, or one of the server's kinds."""
    fields = Fields.of(value, path)
    kind = fields.maybe_text("type") or "custom"
    return _parse_custom(fields.tagged("custom")) if kind == "custom" else _server(fields, kind)


def _parse_custom(fields: Fields) -> ToolSpec:
    name = fields.text("name")
    if not name:
        raise bad(fields.at("name"), "String should have at least 1 character")
    return ToolSpec(
        name=name,
        description=fields.maybe_text("description") or "",
        schema=fields.object("input_schema").value,
        strict=fields.flag("strict"),
        deferred=fields.flag("defer_loading"),
        cache=parse_cache(fields),
    )


def _server(fields: Fields, kind: str) -> ToolSpec:
    """A server tool; some toolsets carry no name of their own."""
    return ToolSpec(
        name=fields.maybe_text("name") or kind,
        kind=kind,
        deferred=fields.flag("defer_loading"),
        cache=parse_cache(fields),
    )


def render_tool(tool: ToolSpec) -> dict[str, Raw]:
    """One entry of ``tools``."""
    entry: dict[str, Raw] = {"name": tool.name}
    if tool.kind == "custom":
        entry |= {"description": tool.description, "input_schema": tool.schema}
    else:
        entry["type"] = tool.kind
    if tool.strict:
        entry["strict"] = True
    if tool.deferred:
        entry["defer_loading"] = True
    return entry | render_cache(tool.cache)


def parse_choice(fields: Fields | None) -> ToolChoice:
    """``tool_choice``; absent means auto with parallel calls."""
    if fields is None:
        return ToolChoice()
    mode = _mode(fields)
    return ToolChoice(
        mode=mode,
        name=fields.tagged("tool").text("name") if mode == "tool" else None,
        parallel=not fields.flag("disable_parallel_tool_use"),
    )


def _mode(fields: Fields) -> Mode:
    given = fields.text("type")
    if given in _MODES:
        return _MODES[given]
    tags = ", ".join(f"'{mode}'" for mode in _MODES)
    raise bad(
        fields.path,
        f"Input tag '{given}' found using 'type' does not match any of the expected tags: {tags}",
    )


def render_choice(choice: ToolChoice) -> dict[str, Raw]:
    """The members for the request: none where it is the default."""
    if choice == ToolChoice():
        return {}
    value: dict[str, Raw] = {"type": choice.mode}
    if choice.name is not None:
        value["name"] = choice.name
    if not choice.parallel:
        value["disable_parallel_tool_use"] = True
    return {"tool_choice": value}
