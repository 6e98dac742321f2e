"""A person's wishes about routes, as frozen values; made from the configuration by app. Pure.

A route has a name and an order of steps. The person's own routes are tried as they are
written, then the scenarios, then the default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edge.routing.need import Table, Tier
from edge.state import LinkLevel
from edge.units import Seconds, Tokens

LOCAL = "local"
DEFAULT = "default"
LONG_CONTEXT = "longContext"

SCENARIOS = ("image", LONG_CONTEXT, "subagent", "background", "webSearch", "think")
"""In the order in which they are tried: claude-code-router's, and before them ``image``,
because who cannot see cannot answer, however long the prompt is."""

LONG_CONTEXT_TOKENS = Tokens(60_000)
"""claude-code-router's default for what is long."""


LIKE_AT_LEAST = 0.5
"""How like one of a route's sentences a request has to be, where the route does not say: requests
that ask for the same thing in other words are at 0.5 to 0.8, unrelated ones below 0.3."""
NO_BOUNDS = (None, None)


@dataclass(frozen=True, slots=True)
class Step:
    """An engine to ask, and the model to ask it for; None leaves the request's own."""

    engine: str
    model: str | None = None

    def __str__(self) -> str:
        return self.engine if self.model is None else f"{self.engine}:{self.model}"


def step(text: str) -> Step:
    """``engine`` or ``engine:model``; a model's name may hold further colons."""
    engine, _, model = text.partition(":")
    return Step(engine, model or None)


@dataclass(frozen=True, slots=True)
class When:
    """Conditions, all of which have to hold; an empty one holds. What is unknown does not.

    ``tools``, ``models``, ``headers`` and ``projects`` are globs; of a list, one is enough.
    ``silent_for``: an engine and how long ago its last whole answer must be at least.
    ``like``: sentences, one of which has to be like what the person said last, by ``likeness`` at
    least. ``need``: what kind of work it is, see edge.routing.need.
    """

    min_tokens: Tokens | None = None
    max_tokens: Tokens | None = None
    tools: tuple[str, ...] = ()
    any_tools: bool | None = None
    models: tuple[str, ...] = ()
    efforts: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    projects: tuple[str, ...] = ()
    link: tuple[LinkLevel, ...] = ()
    metered: bool | None = None
    silent_for: Mapping[str, Seconds] = field(default_factory=dict)
    like: tuple[str, ...] = ()
    likeness: float = LIKE_AT_LEAST
    need: Tier | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """``only``: nobody else stands in, not even the box itself without a link."""

    name: str
    order: tuple[Step, ...]
    when: When = When()
    only: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """``order`` is the default route's, in ``engine`` or ``engine:model``. ``table`` says what
    light and heavy work is, and is None only where no route asks."""

    order: tuple[str, ...] = (LOCAL,)
    own: tuple[Route, ...] = ()
    scenarios: tuple[Route, ...] = ()
    long_context: Tokens = LONG_CONTEXT_TOKENS
    only: bool = False
    table: Table | None = None

    @property
    def default(self) -> Route:
        return Route(DEFAULT, tuple(step(text) for text in self.order), only=self.only)

    @property
    def asks_length(self) -> bool:
        """Whether any route depends on how long a prompt is."""
        routes = (*self.own, *self.scenarios)
        return any(
            route.name == LONG_CONTEXT
            or (route.when.min_tokens, route.when.max_tokens) != NO_BOUNDS
            for route in routes
        )

    def find(self, name: str) -> Route | None:
        """A route by its name."""
        routes = (*self.own, *self.scenarios, self.default)
        return next((route for route in routes if route.name == name), None)
