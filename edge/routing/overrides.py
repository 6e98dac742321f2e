"""Who a single request asks for by itself, past every rule. Pure.

The first of these that is there counts:

1. the model id: ``codriver/ENGINE``, ``codriver/ENGINE:MODEL``, ``ENGINE,MODEL`` as
   claude-code-router has it, or the name of a model that an engine has of its own;
2. the subagent's tag (edge.routing.tag), after whom the request's own route stands in;
3. the header ``x-codriver-route``: a route's name, an engine, or ``engine:model``.

Knows nothing of privacy and of the link, which stand above all of it. Called by the policy.
"""

from __future__ import annotations

import re
from dataclasses import replace

from edge.errors import BadRequest
from edge.routing.conditions import Picked, names_of, pick
from edge.routing.features import Features
from edge.routing.rules import Route, Rules, Step
from edge.state import Snapshot

OVERRIDE_PREFIX = "codriver/"
ROUTE_HEADER = "x-codriver-route"

_PLACEHOLDER = re.compile(r"\Aprovider\s*[,/]\s*", re.IGNORECASE)
"""What a model may leave of the template it was shown; claude-code-router bears it too."""


def override(features: Features, snapshot: Snapshot, rules: Rules) -> Picked | None:
    """The route that the request names. Raises BadRequest for a header that names nothing."""
    return (
        _by_model(features.model, snapshot)
        or _by_tag(features, snapshot, rules)
        or _by_header(features.header(ROUTE_HEADER), snapshot, rules)
    )


def _by_model(model: str, snapshot: Snapshot) -> Picked | None:
    engines = [name for name, _ in snapshot.engines]
    if model.startswith(OVERRIDE_PREFIX):
        named = _step(model.removeprefix(OVERRIDE_PREFIX), engines, ":")
    else:
        named = _step(model, engines, ",", whole=False)
    if named is not None:
        return Picked(_alone(named), f"the request names {_words(named)}")
    for engine, words in snapshot.models:
        if model.lower() in words:
            why = f"the request names {model}, a model of {engine}"
            return Picked(_alone(Step(engine)), why)
    return None


def _by_tag(features: Features, snapshot: Snapshot, rules: Rules) -> Picked | None:
    if features.tag is None:
        return None
    value = _PLACEHOLDER.sub("", features.tag, count=1)
    named = _step(value, [name for name, _ in snapshot.engines], ":,/")
    behind = pick(features, snapshot, rules)
    if named is None:
        why = f'the tag "{features.tag}" names no engine here'
        return replace(behind, why=f"{behind.why}; {why}" if behind.why else why)
    order = (named, *(one for one in behind.route.order if one != named))
    route = replace(behind.route, order=order)
    return replace(behind, route=route, why=f"the subagent's tag names {_words(named)}")


def _by_header(value: str | None, snapshot: Snapshot, rules: Rules) -> Picked | None:
    if value is None:
        return None
    wanted = value.strip()
    route = rules.find(wanted)
    if route is not None:
        return Picked(route, f"the header {ROUTE_HEADER} names it")
    engines = [name for name, _ in snapshot.engines]
    named = _step(wanted, engines, ":,")
    if named is None:
        known = ", ".join(dict.fromkeys((*names_of(rules), *engines)))
        raise BadRequest(f"{ROUTE_HEADER}: no route and no engine is called that; there is {known}")
    return Picked(_alone(named), f"the header {ROUTE_HEADER} names {_words(named)}")


def _step(text: str, engines: list[str], separators: str, *, whole: bool = True) -> Step | None:
    """A known engine, alone (if ``whole`` allows it) or with a model behind a separator."""
    if whole and text in engines:
        return Step(text)
    for separator in separators:
        engine, found, model = text.partition(separator)
        if found and model.strip() and engine.strip() in engines:
            return Step(engine.strip(), model.strip())
    return None


def _alone(named: Step) -> Route:
    """Who names an engine gets that one or an error that says so, and nobody's stand-in."""
    return Route(named.engine, (named,), only=True)


def _words(named: Step) -> str:
    engine = f"the engine {named.engine}"
    return engine if named.model is None else f"{named.model} of {engine}"
