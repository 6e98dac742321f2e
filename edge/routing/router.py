"""Acts on the policy: asks engines in the decided order until one has taken the request.

Knows engines only by their protocol; knows no HTTP and no dialect. Failover ends with
the first content event: from then on the answer belongs to the engine that began it.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass

from edge.chat import ChatRequest, Event
from edge.engines.base import Engine, ModelInfo
from edge.errors import BadRequest, CodriverError, NotFound, UpstreamUnreachable
from edge.routing.guard import Guard
from edge.routing.policy import LOCAL, Decision, Rules, decide
from edge.routing.shortcuts import answer_without_model
from edge.safeguards import Policy
from edge.state import Snapshot
from edge.units import Tokens

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Routed:
    """An answer under way: its events, and what was decided for it."""

    decision: Decision
    engine: str
    events: AsyncGenerator[Event, None]


class Router:
    """One per daemon."""

    def __init__(self, engines: Mapping[str, Engine], rules: Rules, safeguards: Policy) -> None:
        self._engines = dict(engines)
        self._rules = rules
        self._safeguards: Policy = safeguards

    def snapshot(self) -> Snapshot:
        return Snapshot(tuple((name, engine.state()) for name, engine in self._engines.items()))

    def models(self) -> tuple[ModelInfo, ...]:
        """Every engine's models, the route's order first."""
        names = dict.fromkeys((*self._rules.order, *self._engines))
        return tuple(
            info for n in names if n in self._engines for info in self._engines[n].models()
        )

    async def count_tokens(self, request: ChatRequest) -> Tokens:
        """The prompt's length by the first engine that can tell."""
        decision = decide(request, self.snapshot(), self._rules)
        for name in decision.order[:-1]:
            try:
                return await self._engines[name].count_tokens(request)
            except UpstreamUnreachable as error:
                log.info("count_tokens: %s cannot tell (%s)", name, error)
        return await self._engines[self._last(decision)].count_tokens(request)

    async def route(self, request: ChatRequest) -> Routed:
        """Decide and start. Raises the last engine's CodriverError when none takes it.

        The first event has been produced when this returns, so a refusal is still an
        error and not a broken stream.
        """
        decision = decide(request, self.snapshot(), self._rules)
        for name in decision.order[:-1]:
            try:
                return await self._start(name, request, decision)
            except BadRequest:
                raise
            except CodriverError as error:
                log.warning("%s did not take the request (%s); trying the next", name, error)
        return await self._start(self._last(decision), request, decision)

    async def _start(self, name: str, request: ChatRequest, decision: Decision) -> Routed:
        if name == LOCAL:
            shortcut = answer_without_model(request, self._safeguards)
            if shortcut is not None:
                events, reason = shortcut
                return Routed(Decision((name,), reason), name, _replay(events))
        source = self._engines[name].stream(request)
        first = await anext(source)
        guard = Guard(request, self._safeguards)
        log.info("request for %s goes to %s: %s", request.model, name, decision.reason)
        return Routed(decision, name, _resume(first, source, guard))

    def _last(self, decision: Decision) -> str:
        if not decision.order:
            raise NotFound("no engine is configured for this route: check [routes] in the config")
        return decision.order[-1]


async def _replay(events: tuple[Event, ...]) -> AsyncGenerator[Event, None]:
    for event in events:
        yield event


async def _resume(
    first: Event, source: AsyncGenerator[Event, None], guard: Guard
) -> AsyncGenerator[Event, None]:
    async with aclosing(source):
        yield guard.watch(first)
        async for event in source:
            yield guard.watch(event)
