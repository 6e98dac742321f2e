"""Which route a request takes: the person's conditions, then the scenarios. Pure.

Answers with the reason where something does not hold, so that a person can be told why a
route was passed over. Called by the policy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from edge.routing.features import Features
from edge.routing.need import Table, need_of
from edge.routing.places import first_cover
from edge.routing.rules import DEFAULT, LONG_CONTEXT, SCENARIOS, Route, Rules, When
from edge.state import Snapshot


@dataclass(frozen=True, slots=True)
class Passed:
    """A route that was not taken, and why not."""

    route: str
    why_not: str


@dataclass(frozen=True, slots=True)
class Picked:
    """A route, why it was taken (empty for the default), and those before it that were not."""

    route: Route
    why: str = ""
    passed: tuple[Passed, ...] = ()


def pick(features: Features, snapshot: Snapshot, rules: Rules) -> Picked:
    """The first of the person's routes whose conditions hold, else the first scenario that has
    a route and is given, else the default."""
    passed: list[Passed] = []
    for route in rules.own:
        why_not = unmet(route.when, features, snapshot, rules.table)
        if why_not is None:
            return Picked(route, _because(route.when, features, rules.table), tuple(passed))
        passed.append(Passed(route.name, why_not))
    for name in SCENARIOS:
        found = next((route for route in rules.scenarios if route.name == name), None)
        holds, sentence = _scenario(name, features, rules)
        if found is not None and holds:
            return Picked(found, sentence, tuple(passed))
        passed.append(Passed(name, sentence if found else "it has no order of its own"))
    return Picked(rules.default, passed=tuple(passed))


def hangs_on_likeness(features: Features, snapshot: Snapshot, rules: Rules) -> bool:
    """Whether comparing the request with sentences can change what ``pick`` says: all else holds
    for a route that wants it, and no route before it is taken."""
    if features.likeness is not None or not features.said:
        return False
    for route in rules.own:
        when = route.when
        is_unsure = when.need is not None and _is_unsure(features, rules.table)
        bare = replace(when, like=(), need=None if is_unsure else when.need)
        if unmet(bare, features, snapshot, rules.table) is not None:
            continue
        return bool(when.like) or is_unsure
    return False


def _is_unsure(features: Features, table: Table | None) -> bool:
    return table is not None and need_of(features, table).tier is None


def _because(when: When, features: Features, table: Table | None) -> str:
    """Why the route is taken; what its conditions say themselves is in the configuration."""
    said = []
    if when.like and features.likeness is not None:
        said.append(f"it is like its sentences by {features.likeness.most[when.like]:.2f}")
    if when.need and table is not None:
        said.append(need_of(features, table).why)
    return ", and ".join(said) or "its conditions hold"


def names_of(rules: Rules) -> tuple[str, ...]:
    """Every route's name, in the order in which they are tried."""
    return (*(route.name for route in rules.own), *SCENARIOS, DEFAULT)


def _scenario(name: str, features: Features, rules: Rules) -> tuple[bool, str]:
    """Whether it is given, and the sentence that says so either way."""
    if name == LONG_CONTEXT:
        return _is_long(features, rules)
    holds, yes, no = {
        "image": (
            features.images > 0,
            "an image is in the last user turn",
            "no image is in the last user turn",
        ),
        "subagent": (features.subagent, "a subagent asks", "no subagent asks"),
        "background": (
            features.background,
            f"{features.model} is a model for background work",
            f"{features.model} is no model for background work",
        ),
        "webSearch": (
            features.web_search,
            "the server's web search is offered",
            "the server's web search is not offered",
        ),
        "think": (features.thinking, "thinking is wanted", "thinking is not wanted"),
    }[name]
    return holds, yes if holds else no


def _is_long(features: Features, rules: Rules) -> tuple[bool, str]:
    if features.tokens is None:
        return False, "the prompt's length is not known"
    holds = features.tokens > rules.long_context
    more = "more" if holds else "not more"
    return holds, f"about {features.tokens} tokens are {more} than {rules.long_context}"


def unmet(
    when: When, features: Features, snapshot: Snapshot, table: Table | None = None
) -> str | None:
    """The first condition that does not hold, in words; None if all do."""
    for check in _CHECKS:
        for complaint in check(when, features, snapshot):
            return complaint
    return _another_need(when, features, table)


def _another_need(when: When, features: Features, table: Table | None) -> str | None:
    """Work that may be heavy counts as heavy."""
    if when.need is None:
        return None
    if table is None or not features.said:
        return "nobody has said what is to be done"
    need = need_of(features, table)
    return None if (need.tier or "heavy") == when.need else need.why


def _tokens(when: When, features: Features, snapshot: Snapshot) -> Iterator[str]:
    if when.min_tokens is None and when.max_tokens is None:
        return
    tokens = features.tokens
    if tokens is None:
        yield "the prompt's length is not known"
    elif when.min_tokens is not None and tokens < when.min_tokens:
        yield f"about {tokens} tokens are fewer than {when.min_tokens}"
    elif when.max_tokens is not None and tokens > when.max_tokens:
        yield f"about {tokens} tokens are more than {when.max_tokens}"


def _tools(when: When, features: Features, snapshot: Snapshot) -> Iterator[str]:
    if when.any_tools is not None and when.any_tools != bool(features.tools):
        yield "tools are offered" if features.tools else "no tools are offered"
    if when.tools and not any(_like(tool, when.tools) for tool in features.tools):
        yield f"none of the tools {', '.join(when.tools)} is offered"


def _model(when: When, features: Features, snapshot: Snapshot) -> Iterator[str]:
    if when.models and not _like(features.model, when.models):
        yield f"the model {features.model} is none of {', '.join(when.models)}"


def _effort(when: When, features: Features, snapshot: Snapshot) -> Iterator[str]:
    if when.efforts and features.effort not in when.efforts:
        said = features.effort or "not said"
        yield f"the effort is {said}, and not {' or '.join(when.efforts)}"


def _headers(when: When, features: Features, snapshot: Snapshot) -> Iterator[str]:
    for name, glob in when.headers.items():
        value = features.header(name)
        if value is None:
            yield f"there is no header {name}"
        elif not _like(value, (glob,)):
            # The value may be a secret; the glob is the person's own.
            yield f"the header {name} is not like {glob}"


def _project(when: When, features: Features, snapshot: Snapshot) -> Iterator[str]:
    if not when.projects:
        return
    if features.project is None:
        yield "the project is not known"
    elif first_cover(when.projects, (features.project,)) is None:
        yield f"the project {features.project} is not in {', '.join(when.projects)}"


def _link(when: When, features: Features, snapshot: Snapshot) -> Iterator[str]:
    level = snapshot.link.level if snapshot.link else None
    if when.link and level not in when.link:
        yield f"the link is {level or 'not watched'}, and not {' or '.join(when.link)}"
    metered = snapshot.link.metered if snapshot.link else None
    if when.metered is not None and metered != when.metered:
        yield {
            None: "whether the link is metered is not known",
            True: "the link is metered",
            False: "the link is not metered",
        }[metered]


def _silence(when: When, features: Features, snapshot: Snapshot) -> Iterator[str]:
    states = dict(snapshot.engines)
    for engine, seconds in when.silent_for.items():
        state = states.get(engine)
        ago = state.last_success if state else None
        if ago is not None and ago < seconds:
            yield f"{engine} answered {ago:.0f} s ago, which is less than {seconds:g} s"


def _sentences(when: When, features: Features, snapshot: Snapshot) -> Iterator[str]:
    if not when.like:
        return
    found = features.likeness.most.get(when.like) if features.likeness else None
    if found is None:
        yield "whether it is like its sentences is not known"
    elif found < when.likeness:
        yield f"it is like its sentences by {found:.2f}, which is less than {when.likeness:g}"


def _like(text: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(text.lower(), glob.lower()) for glob in globs)


_CHECKS: tuple[Callable[[When, Features, Snapshot], Iterator[str]], ...] = (
    _tokens, _tools, _model, _effort, _headers, _project, _link, _silence, _sentences,
)  # fmt: skip
