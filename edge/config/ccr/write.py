"""What was converted, as a TOML file with its hints as comments; never with a key. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from edge.config.ccr.convert import Converted, Route
from edge.config.ccr.providers import Upstream


def as_toml(found: Converted, keys: Mapping[str, str]) -> str:
    """``keys``: by upstream, the file that holds its key; for the others a hint says how."""
    blocks = ["# Made from a configuration of claude-code-router."]
    if found.notes:
        blocks.append("\n".join(["# Not taken over:", *(f"# - {_line(n)}" for n in found.notes)]))
    blocks += [_upstream(one, keys.get(one.name)) for one in found.upstreams]
    blocks += [_route(one) for one in found.routes]
    return "\n\n".join(blocks) + "\n"


def _upstream(one: Upstream, key_file: str | None) -> str:
    lines = [
        f"[upstreams.{one.name}]",
        f"dialect = {_value(one.dialect)}",
        f"url = {_value(one.url)}",
    ]
    if one.models:
        lines.append(f"# models there: {_line(', '.join(one.models))}")
    if key_file is not None:
        lines.append(f"credential = {{ file = {_value(key_file)} }}")
        return "\n".join(lines)
    if one.variable is not None:
        lines.append(f"# Its key was in the environment variable {one.variable}.")
    if one.variable is not None or one.key is not None:
        lines.append("# Put its key into a file that only codriver can read, and name it here:")
        lines.append(f'# credential = {{ file = "{one.name}.key" }}')
        lines.append('credential = "none"')
    elif one.dialect == "openai":
        lines.append('credential = "none"')
    return "\n".join(lines)


def _route(one: Route) -> str:
    lines = [f"[routes.{one.name}]", f"order = {_value(list(one.order))}"]
    if one.threshold is not None:
        lines.append(f"threshold = {one.threshold}")
    if one.when is not None:
        lines.append(f"when = {_value(one.when)}")
    return "\n".join(lines)


def _value(value: Any) -> str:
    match value:
        case Mapping():
            inside = ", ".join(f"{key} = {_value(item)}" for key, item in value.items())
            return f"{{ {inside} }}"
        case list():
            return f"[{', '.join(map(_value, value))}]"
        case _:
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _line(text: str) -> str:
    """Fit for a comment, which ends with its line."""
    return "".join(char if char.isprintable() else " " for char in text)
