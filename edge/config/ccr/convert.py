"""A whole configuration of claude-code-router, of version 2's file or what 3 exports. Pure.

Says what could be taken over, and lists what could not: nothing is dropped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from edge.config.ccr.providers import Upstream, first, text, upstreams_of
from edge.config.routes import LOCAL

SCENARIOS = ("default", "background", "think", "longContext", "webSearch", "image")
THRESHOLD = "longContextThreshold"

_SERVER = ("HOST", "PORT", "APIKEY", "LOG", "LOG_LEVEL", "API_TIMEOUT_MS", "NON_INTERACTIVE_MODE")
"""Of the router itself; codriver has settings of its own for what it needs of these."""
_UNSAID: Mapping[str, str] = {
    "CUSTOM_ROUTER_PATH": "the custom router is a script; write its conditions as [routes.NAME]",
    "REWRITE_SYSTEM_PROMPT": "system prompts are not rewritten",
    "PROXY_URL": "upstreams are asked without a proxy",
    "transformers": "transformers of your own have no counterpart",
    "plugins": "plugins have no counterpart",
    "StatusLine": "the status line is the client's own",
    "presets": "presets have no counterpart",
    "Presets": "presets have no counterpart",
    "forceUseImageAgent": "images go to the image route's model itself, without an agent",
    "profiles": "profiles of clients have no counterpart",
}
_GLOBBED = re.compile(r"([*?\[])")


@dataclass(frozen=True, slots=True)
class Route:
    """``when`` is the table of a person's own route, empty for a scenario."""

    name: str
    order: tuple[str, ...]
    threshold: int | None = None
    when: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Converted:
    """``notes``: one sentence for each thing that was not taken over."""

    upstreams: tuple[Upstream, ...]
    routes: tuple[Route, ...]
    notes: tuple[str, ...]


def convert(config: Any) -> Converted:
    """Raises ValueError for what is no such configuration."""
    if not isinstance(config, dict) or first(config, "Providers", "providers") is None:
        raise ValueError("it has no Providers, so it is no configuration of claude-code-router")
    notes: list[str] = []
    upstreams = upstreams_of(config, notes)
    routing = first(config, "Router", "router", "routing")
    table = routing if isinstance(routing, dict) else {}
    fallback = first(config, "fallback", "Fallback") or table.get("fallback")
    routes = [
        *_rules(table.get("rules") or config.get("rules"), upstreams, notes),
        *_scenarios(table, fallback, upstreams, notes),
    ]
    known = {"Providers", "providers", "Router", "router", "routing", "rules", *_SERVER}
    notes += [
        f"{key}: {_UNSAID.get(key, 'codriver knows nothing like it')}"
        for key, value in config.items()
        if key not in known and key.lower() != "fallback" and value not in (None, "", [], {}, False)
    ]
    return Converted(tuple(upstreams), tuple(routes), tuple(notes))


# --- scenarios ----------------------------------------------------------------------


def _scenarios(
    table: Mapping[str, Any], fallback: Any, upstreams: list[Upstream], notes: list[str]
) -> Iterable[Route]:
    tails = fallback if isinstance(fallback, dict) else {}
    for name in SCENARIOS:
        if not text(table.get(name)):
            continue
        order = _order([table[name], *_chain(tails, name)], f"route {name}", upstreams, notes)
        if order:
            yield Route(name, order, _threshold(table, notes) if name == "longContext" else None)
    for key in table:
        if key not in (*SCENARIOS, THRESHOLD, "rules", "fallback"):
            notes.append(f"Router.{key}: codriver knows no such route")


def _chain(fallback: Mapping[str, Any], name: str) -> list[Any]:
    """Version 2 has a list for each scenario, version 3 one chain of models for all."""
    own = fallback.get(name)
    if isinstance(own, list):
        return own
    chain = fallback.get("models") if fallback.get("mode") == "model-chain" else None
    return chain if isinstance(chain, list) else []


def _threshold(table: Mapping[str, Any], notes: list[str]) -> int | None:
    value = table.get(THRESHOLD)
    if value is None or (type(value) is int and 0 <= value < 2**31):
        return value
    notes.append(f"Router.{THRESHOLD}: it is no whole number")
    return None


def _order(
    targets: Iterable[Any], of: str, upstreams: list[Upstream], notes: list[str]
) -> tuple[str, ...]:
    """The targets that lead to an upstream, and the box itself behind them."""
    found = []
    for target in targets:
        entry = _target(target, upstreams)
        if entry is None:
            notes.append(f'{of}: "{target}" leads to no upstream that was taken over')
        else:
            found.append(entry)
    return tuple(dict.fromkeys((*found, LOCAL))) if found else ()


def _target(target: Any, upstreams: list[Upstream]) -> str | None:
    """``provider,model`` or ``provider/model`` as ``engine:model``."""
    wanted = text(target)
    if wanted is None:
        return None
    for separator in (",", "/"):
        provider, found, model = wanted.partition(separator)
        for one in upstreams:
            if found and model.strip() and one.theirs.lower() == provider.strip().lower():
                return f"{one.name}:{model.strip()}"
    return None


# --- rules --------------------------------------------------------------------------


def _rules(rules: Any, upstreams: list[Upstream], notes: list[str]) -> Iterable[Route]:
    """Version 3's: those that look at a header, the model or the tools and set the model."""
    taken: set[str] = set()
    for number, rule in enumerate(rules if isinstance(rules, list) else (), 1):
        name = (text(rule.get("name")) if isinstance(rule, dict) else None) or f"rule-{number}"
        of = f"rule {name}"
        if not isinstance(rule, dict) or rule.get("enabled") is False:
            notes.append(f"{of}: it is switched off or no object")
            continue
        if rule.get("type") == "script" or rule.get("script"):
            notes.append(f"{of}: it is a script; write its conditions as [routes.NAME]")
            continue
        when, target = _when(rule.get("condition")), _rewritten(rule.get("rewrites"), of, notes)
        if when is None or target is None:
            what = "condition" if when is None else "rewrite"
            notes.append(f"{of}: its {what} has no counterpart")
            continue
        fallback = rule.get("fallback")
        tail = _chain(fallback, "") if isinstance(fallback, dict) else []
        order = _order([target, *tail], of, upstreams, notes)
        if order:
            yield Route(_rule_name(name, taken), order, when=when)


def _when(condition: Any) -> Mapping[str, Any] | None:
    if not isinstance(condition, dict):
        return None
    left, right = text(condition.get("left")), text(condition.get("right"))
    glob = _glob(condition.get("operator"), right)
    if left is None or glob is None:
        return None
    header = left.removeprefix("request.header.")
    if header != left and re.fullmatch(r"[A-Za-z0-9_-]+", header):
        return {"headers": {header: glob}}
    if left == "request.body.model":
        return {"models": [glob]}
    if left == "request.body.tools" and condition.get("operator") == "contains deep":
        return {"tools": [glob]}
    return None


def _glob(operator: Any, right: str | None) -> str | None:
    if right is None:
        return None
    literal = _GLOBBED.sub(r"[\1]", right)
    shapes = {"==": literal, "starts with": f"{literal}*", "contains": f"*{literal}*"}
    return {**shapes, "contains deep": f"*{literal}*"}.get(str(operator))


def _rewritten(rewrites: Any, of: str, notes: list[str]) -> Any:
    """The model that the rule sets; what else it changes is noted."""
    target = None
    for one in rewrites if isinstance(rewrites, list) else ():
        key = one.get("key") if isinstance(one, dict) else None
        if isinstance(one, dict) and key == "request.body.model" and one.get("operation") == "set":
            target = one.get("value")
        else:
            notes.append(f"{of}: requests are not rewritten ({key})")
    return target


def _rule_name(name: str, taken: set[str]) -> str:
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-_") or "rule"
    if plain in (*SCENARIOS, "subagent"):
        plain += "-rule"
    unique, number = plain, 2
    while unique in taken:
        unique, number = f"{plain}-{number}", number + 1
    taken.add(unique)
    return unique
