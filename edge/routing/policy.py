"""Which engines answer a request, in which order, and why. Pure.

Knows requests, the snapshot and the rules; no engine, no clock, no log. What stands above
what: a privacy pin, then what the request names itself, then the person's own routes, the
scenarios, the default; and over each of these but the first the state of the link and of
the engines, which decides who is asked in vain.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from edge.chat import ChatRequest
from edge.errors import BadRequest
from edge.routing.conditions import Passed, Picked, hangs_on_likeness, pick
from edge.routing.features import Answer, Features, features_of
from edge.routing.overrides import OVERRIDE_PREFIX, override
from edge.routing.rules import DEFAULT, LOCAL, Route, Rules, Step
from edge.state import EngineState, Snapshot
from edge.units import Tokens

__all__ = [
    "LOCAL",
    "OVERRIDE_PREFIX",
    "Decision",
    "Rules",
    "Step",
    "Weighed",
    "among",
    "decide",
    "doubts",
    "hangs",
    "weigh",
]


@dataclass(frozen=True, slots=True)
class Decision:
    """Steps to try in turn, and the reason in one sentence."""

    order: tuple[Step, ...]
    reason: str
    route: str = DEFAULT
    hedge: bool = False
    """The first step goes over a weak or doubted link and the box itself stands behind it: who acts
    may start it before the first has failed."""
    pinned: bool = False
    """Nothing of the request may leave the box, whatever happens."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A decision with the routes that were passed over on the way, for a person to read."""

    decision: Decision
    passed: tuple[Passed, ...]


def decide(
    request: ChatRequest,
    snapshot: Snapshot,
    rules: Rules,
    *,
    tokens: Tokens | None = None,
    pin: str | None = None,
) -> Decision:
    """Ready engines first, in the route's order; one that is down is tried last, not never.

    ``tokens``: the prompt's length, exact or estimated. ``pin``: why the request must not
    leave this box. Raises BadRequest where the request names what there is not.
    """
    return weigh(features_of(request, tokens), snapshot, rules, pin=pin).decision


def hangs(features: Features, snapshot: Snapshot, rules: Rules, *, pin: str | None = None) -> bool:
    """Whether the decision may be another one once the request's likeness is known."""
    try:
        named = pin is None and override(features, snapshot, rules)
    except BadRequest:  # ``weigh`` says it
        return False
    return named is None and hangs_on_likeness(features, snapshot, rules)


def doubts(features: Features, snapshot: Snapshot, rules: Rules, *, pin: str | None = None) -> bool:
    """Whether it may be answered by others if a model is asked what kind of work it is."""
    if pin is not None or features.answer is not None or rules.table is None:
        return False
    try:
        light, heavy = (
            weigh(replace(features, answer=Answer(heavy=share)), snapshot, rules).decision
            for share in (0.0, 1.0)
        )
    except BadRequest:  # ``weigh`` says it again
        return False
    return light.order != heavy.order


def weigh(
    features: Features, snapshot: Snapshot, rules: Rules, *, pin: str | None = None
) -> Weighed:
    """The same with what was passed over. Raises BadRequest."""
    picked = override(features, snapshot, rules) or pick(features, snapshot, rules)
    known = dict(snapshot.engines)
    if pin is not None:
        return Weighed(_pinned(picked.route, known, pin), picked.passed)
    return Weighed(_decision(picked, snapshot), picked.passed)


def among(decision: Decision, engines: frozenset[str]) -> Decision:
    """The same where nobody else may be asked; perhaps with nobody left."""
    order = tuple(one for one in decision.order if one.engine in engines)
    return replace(decision, order=order, hedge=False)


def _pinned(route: Route, known: dict[str, EngineState], pin: str) -> Decision:
    """The box's own steps of the route, else the box: a pin cannot be talked out of it."""
    own = tuple(one for one in route.order if one.engine == LOCAL) or (Step(LOCAL),)
    order = own if LOCAL in known else ()
    return Decision(order, f"it stays on this box: {pin}", route.name, pinned=True)


def _decision(picked: Picked, snapshot: Snapshot) -> Decision:
    known = dict(snapshot.engines)
    route, barred = _allowed(picked.route, snapshot)
    steps, last, notes = _over_the_link(route, snapshot)
    ready = tuple(one for one in steps if known[one.engine].ready)
    down = tuple(one for one in steps if not known[one.engine].ready)
    order = ready + down + last
    why = [_why(picked, ready), *barred, *notes, *_downs(down, known)]
    hedge = _is_hedged(order, snapshot)
    return Decision(order, "; ".join(why), route.name, hedge=hedge)


_Steps: TypeAlias = tuple[Step, ...]


def _allowed(route: Route, snapshot: Snapshot) -> tuple[Route, list[str]]:
    """The route without engines that may not be asked, and why they may not. Where nobody is
    left the box stands in, unless the route wants nobody else."""
    reasons = dict(snapshot.barred)
    barred: dict[str, dict[str, None]] = {}
    for one in route.order:
        if one.engine in reasons:
            barred.setdefault(reasons[one.engine], {})[one.engine] = None
    order = tuple(one for one in route.order if one.engine not in reasons)
    if not order and barred and not route.only and LOCAL not in reasons:
        order = (Step(LOCAL),)
    notes = [f"{_list(who)} passed over: {why}" for why, who in barred.items()]
    return replace(route, order=order), notes


def _list(names: Iterable[str]) -> str:
    known = tuple(names)
    return f"{', '.join(known)} {'is' if len(known) == 1 else 'are'}"


def _over_the_link(route: Route, snapshot: Snapshot) -> tuple[_Steps, _Steps, list[str]]:
    """The route's steps that this link allows, those that come last because of it, and what
    there is to say of that."""
    known = dict(snapshot.engines)
    steps = tuple(one for one in route.order if one.engine in known)
    far = tuple(one for one in steps if one.engine in snapshot.over_link)
    link = snapshot.link
    if link is None or link.level != "offline" or not far:
        return steps, (), []
    if route.only:
        return steps, (), [f"the link is offline ({link.reason}), but nobody else may answer"]
    near = tuple(one for one in steps if one.engine not in snapshot.over_link)
    if not near and LOCAL in known:
        near = (Step(LOCAL),)
    names = ", ".join(dict.fromkeys(one.engine for one in far))
    if any(known[one.engine].ready for one in near):
        return near, (), [f"the link is offline ({link.reason}): {names} is not tried"]
    return near, far, [f"the link is offline ({link.reason}): {names} is tried last"]


def _is_hedged(order: _Steps, snapshot: Snapshot) -> bool:
    link = snapshot.link
    if link is None or not (link.level == "weak" or link.doubted) or not order:
        return False
    first, *others = order
    return first.engine in snapshot.over_link and any(one.engine == LOCAL for one in others)


def _why(picked: Picked, ready: tuple[Step, ...]) -> str:
    route = picked.route
    is_engine = route.only and len(route.order) == 1 and route.name == route.order[0].engine
    if is_engine and picked.why:
        return picked.why
    first = f"{ready[0]} is first in the route's order" if ready else "no engine is ready"
    if route.name == DEFAULT:
        return f"{first}; {picked.why}" if picked.why else first
    return f"route {route.name} ({picked.why}): {first}"


def _downs(down: tuple[Step, ...], known: dict[str, EngineState]) -> list[str]:
    reasons = {one.engine: known[one.engine].reason for one in down}
    if not reasons:
        return []
    return [", ".join(f"{name} is down: {reason}" for name, reason in reasons.items())]
