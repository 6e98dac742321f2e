"""The routes of a configuration file: what their tables may hold, and the default written out.

Knows names of engines and scenarios, not how requests are matched (edge.routing). Called
by load.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from edge.config.settings import Config, RouteSettings, WhenSettings
from edge.errors import ConfigError

LOCAL = "local"
"""The name of the engine on the box itself, in routes."""

DEFAULT = "default"
LONG_CONTEXT = "longContext"
SCENARIOS = (DEFAULT, "background", "think", LONG_CONTEXT, "webSearch", "image", "subagent")
"""Routes that have a meaning of their own; every other one says when it is taken."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_HEADER = re.compile(r"[A-Za-z0-9_-]+")


def with_routes(config: Config, file: Path) -> Config:
    """``config`` with its default route written out and every route checked. Raises
    ConfigError."""
    engines = (*config.upstreams, LOCAL)
    routes = dict(config.routes)
    default = routes[DEFAULT]
    routes[DEFAULT] = replace(default, order=default.order or engines)
    for name, route in routes.items():
        _check_kind(name, route, file)
        _check_order(name, route, engines, file)
        if route.when is not None:
            _check_when(name, route.when, engines, file)
    return replace(config, routes=MappingProxyType(routes))


def _check_kind(name: str, route: RouteSettings, file: Path) -> None:
    """Whether the keys fit the route: a scenario, or one of the person's own."""
    key = f"{file}: routes.{name}"
    if not _NAME.fullmatch(name):
        raise ConfigError(f'{key}: a route is named in letters, digits, "-" and "_"')
    if name in SCENARIOS:
        if route.when is not None:
            raise ConfigError(f"{key}.when: {name} is a scenario and needs no condition")
    elif route.when is None or route.when == WhenSettings():
        near = difflib.get_close_matches(name, SCENARIOS, n=1)
        hint = f"did you mean routes.{near[0]}?" if near else f"scenarios: {', '.join(SCENARIOS)}"
        raise ConfigError(f"{key}: a route of your own says when = {{ ... }} it is taken; {hint}")
    if route.threshold is not None and name != LONG_CONTEXT:
        raise ConfigError(f"{key}.threshold: only routes.{LONG_CONTEXT} has one")


def _check_order(name: str, route: RouteSettings, engines: tuple[str, ...], file: Path) -> None:
    key = f"{file}: routes.{name}.order"
    if not route.order:
        raise ConfigError(f"{key}: it is empty; name at least one of {', '.join(engines)}")
    for entry in route.order:
        engine, colon, model = entry.partition(":")
        if engine not in engines:
            near = difflib.get_close_matches(engine, engines, n=1)
            hint = f'did you mean "{near[0]}"?' if near else f"there is {', '.join(engines)}"
            raise ConfigError(f'{key}: no engine is called "{engine}"; {hint}')
        if colon and (not model or model != model.strip() or not model.isprintable()):
            raise ConfigError(f'{key}: "{engine}:" wants the name of a model behind the colon')
    if len(set(route.order)) < len(route.order):
        raise ConfigError(f"{key}: an engine stands in it twice")


def _check_when(name: str, when: WhenSettings, engines: tuple[str, ...], file: Path) -> None:
    key = f"{file}: routes.{name}.when"
    for header in when.headers:
        if not _HEADER.fullmatch(header):
            raise ConfigError(f"{key}.headers: no header has such a name")
    for engine in when.silent_for:
        if engine not in engines:
            raise ConfigError(
                f'{key}.silent_for: no engine is called "{engine}"; there is {", ".join(engines)}'
            )
    if not all(sentence.strip() for sentence in when.like):
        raise ConfigError(f"{key}.like: a sentence in it is empty")
    if when.likeness is not None and not when.like:
        raise ConfigError(
            f"{key}.likeness: it says how like the sentences of like, which are missing"
        )
    low, high = when.min_tokens, when.max_tokens
    if low is not None and high is not None and low > high:
        raise ConfigError(f"{key}: min_tokens is more than max_tokens, so that it never holds")
