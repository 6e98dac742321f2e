"""The configuration's routes as the policy takes them. Pure.

Called by the daemon and by the command that explains decisions.
"""

from __future__ import annotations

from edge.config import LOCAL, Config
from edge.config.settings import RouteSettings, WhenSettings
from edge.routing.need import load_table
from edge.routing.rules import (
    DEFAULT,
    LIKE_AT_LEAST,
    LONG_CONTEXT,
    LONG_CONTEXT_TOKENS,
    SCENARIOS,
    Route,
    Rules,
    When,
    step,
)


def rules_of(config: Config) -> Rules:
    """Every route, in the order in which the file has them."""
    routes = config.routes
    default = routes[DEFAULT]
    long_context = routes.get(LONG_CONTEXT)
    return Rules(
        order=default.order or (*config.upstreams, LOCAL),
        own=tuple(
            _route(name, one) for name, one in routes.items() if name not in (*SCENARIOS, DEFAULT)
        ),
        scenarios=tuple(_route(name, routes[name]) for name in SCENARIOS if name in routes),
        long_context=(long_context and long_context.threshold) or LONG_CONTEXT_TOKENS,
        only=default.only,
        table=load_table() if any(one.when and one.when.need for one in routes.values()) else None,
    )


def _route(name: str, settings: RouteSettings) -> Route:
    order = tuple(step(text) for text in settings.order)
    when = When() if settings.when is None else _when(settings.when)
    return Route(name, order, when, settings.only)


def _when(settings: WhenSettings) -> When:
    return When(
        min_tokens=settings.min_tokens,
        max_tokens=settings.max_tokens,
        tools=settings.tools,
        any_tools=settings.any_tools,
        models=settings.models,
        efforts=settings.efforts,
        headers=settings.headers,
        projects=settings.projects,
        link=settings.link,
        metered=settings.metered,
        silent_for=settings.silent_for,
        like=settings.like,
        likeness=LIKE_AT_LEAST if settings.likeness is None else settings.likeness,
        need=settings.need,
    )
