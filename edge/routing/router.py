"""Acts on the policy: asks engines in the decided order until one has taken the request.

Knows engines only by their protocol; knows no HTTP and no dialect. Failover ends with
the first content event: from then on the answer belongs to the engine that began it.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Protocol

from edge.chat import ChatRequest, Event, Failed, Finished, RelayStarted, Started
from edge.dialects.rewrite import with_model
from edge.engines.base import Engine, ModelInfo
from edge.errors import (
    BadRequest,
    CodriverError,
    EngineError,
    KeptHere,
    NotFound,
    TimedOut,
    UpstreamUnreachable,
)
from edge.routing.contexts import SessionContexts
from edge.routing.estimate import estimate_tokens
from edge.routing.guard import Guard
from edge.routing.policy import LOCAL, Decision, Rules, Step, decide
from edge.routing.privacy import Privacy
from edge.routing.shortcuts import answer_without_model
from edge.routing.tag import without_tag
from edge.safeguards import Policy
from edge.state import LinkState, Snapshot
from edge.units import Tokens

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Routed:
    """An answer under way: its events, and what was decided for it."""

    decision: Decision
    engine: str
    events: AsyncGenerator[Event, None]


class Uplink(Protocol):
    """What the router asks of whoever watches the box's way out."""

    @property
    def over_link(self) -> frozenset[str]:
        """The engines that are reached by it."""

    def state(self) -> LinkState | None:
        """Whether it carries requests now; never blocks."""

    def asked(self) -> None:
        """Called once for each request: somebody wants to know."""


class Router:
    """One per daemon. Without ``uplink`` every upstream may be tried at any time."""

    def __init__(
        self,
        engines: Mapping[str, Engine],
        rules: Rules,
        safeguards: Policy,
        *,
        privacy: Privacy | None = None,
        uplink: Uplink | None = None,
    ) -> None:
        self._engines = dict(engines)
        self._privacy = privacy if set(engines) - {LOCAL} else None
        self._rules = rules
        self._safeguards: Policy = safeguards
        self._contexts = SessionContexts()
        self._uplink = uplink

    def snapshot(self) -> Snapshot:
        engines = self._engines.items()
        return Snapshot(
            engines=tuple((name, engine.state()) for name, engine in engines),
            models=tuple((name, _words(engine.models())) for name, engine in engines),
            link=self._uplink.state() if self._uplink else None,
            over_link=self._uplink.over_link if self._uplink else frozenset(),
        )

    def models(self) -> tuple[ModelInfo, ...]:
        """Every engine's models, the route's order first."""
        first = (one.engine for one in self._rules.default.order)
        names = dict.fromkeys((*first, *self._engines))
        return tuple(
            info for n in names if n in self._engines for info in self._engines[n].models()
        )

    async def count_tokens(self, request: ChatRequest) -> Tokens:
        """The prompt's length by the first engine that can tell."""
        decision = await self._decide(request)
        last = self._last(decision)
        request = without_tag(request)
        for step in decision.order[:-1]:
            try:
                return await self._engines[step.engine].count_tokens(_asking(request, step))
            except UpstreamUnreachable as error:
                log.info("count_tokens: %s cannot tell (%s)", step.engine, error)
        return await self._engines[last.engine].count_tokens(_asking(request, last))

    async def route(self, request: ChatRequest) -> Routed:
        """Decide and start. Raises the last engine's CodriverError when none takes it.

        The first event has been produced when this returns, so a refusal is still an
        error and not a broken stream. The decision names the engines that were passed over.
        """
        self._contexts.remember(request)
        if self._uplink is not None:
            self._uplink.asked()
        decision = await self._decide(request)
        last = self._last(decision)
        request = without_tag(request)
        for step in decision.order[:-1]:
            try:
                return await self._start(step, request, decision)
            except (BadRequest, TimedOut):
                raise
            except CodriverError as error:
                log.warning("%s did not take the request (%s); trying the next", step, error)
                reason = f"{decision.reason}; {step} did not take it: {error}"
                decision = replace(decision, reason=reason)
        try:
            return await self._start(last, request, decision)
        except (BadRequest, TimedOut):
            raise
        except CodriverError as error:
            if decision.pinned:
                raise KeptHere(error, decision.reason) from error
            raise

    async def _decide(self, request: ChatRequest) -> Decision:
        """Raises BadRequest where the request names a route that is not there."""
        why = None if self._privacy is None else await self._privacy.why_here(request)
        tokens = estimate_tokens(request)
        return decide(request, self.snapshot(), self._rules, tokens=tokens, pin=why)

    async def _start(self, step: Step, request: ChatRequest, decision: Decision) -> Routed:
        name = step.engine
        if name == LOCAL:
            context = self._contexts.of(request)
            shortcut = answer_without_model(request, self._safeguards, context)
            if shortcut is not None:
                events, reason = shortcut
                log.info("request for %s needs no model: %s", request.model, reason)
                without = replace(decision, order=(step,), reason=reason)
                return Routed(without, name, _replay(events))
        source = self._engines[name].stream(_asking(request, step))
        first = await _first(name, source)
        if isinstance(first, Started) and first.reason:
            decision = replace(decision, reason=f"{decision.reason}; {first.reason}")
        if isinstance(first, Started) and step.model is not None:
            # Clients drop the thinking of a model that they did not ask for.
            first = replace(first, model=request.model)
        guard = Guard(request, self._safeguards)
        log.info("request for %s goes to %s: %s", request.model, step, decision.reason)
        return Routed(decision, name, _resume(name, first, source, guard))

    def _last(self, decision: Decision) -> Step:
        if not decision.order:
            raise NotFound(
                f"nobody can be asked ({decision.reason}): check [routes] in the configuration"
            )
        return decision.order[-1]


def _asking(request: ChatRequest, step: Step) -> ChatRequest:
    """The request as the step's engine gets it: for its model, if it names one, which an
    upstream reads in the bytes."""
    if step.model is None:
        return request
    wire = request.wire
    if wire is not None and step.engine != LOCAL:
        wire = replace(wire, body=with_model(wire.body, step.model))
    return replace(request, model=step.model, exact_model=True, wire=wire)


def _words(models: tuple[ModelInfo, ...]) -> frozenset[str]:
    return frozenset(word for info in models for word in (info.id.lower(), *info.names))


async def _replay(events: tuple[Event, ...]) -> AsyncGenerator[Event, None]:
    for event in events:
        yield event


async def _first(name: str, source: AsyncGenerator[Event, None]) -> Event:
    """The event that shows an engine has taken the request. Raises its refusal."""
    first = await anext(source, None)
    match first:
        case None:
            raise EngineError(f"{name} ended without an answer")
        case Failed(error):
            await source.aclose()
            raise error
        case _:
            return first


async def _resume(
    name: str, first: Event, source: AsyncGenerator[Event, None], guard: Guard
) -> AsyncGenerator[Event, None]:
    """The whole stream. Whatever an engine does, it ends with Finished or Failed, or it is
    a relayed one that ends with its bytes."""
    event = first
    async with aclosing(source):
        try:
            yield guard.watch(first)
            async for event in source:
                yield guard.watch(event)
        except CodriverError as error:
            event = Failed(error)
            yield event
    if not isinstance(first, RelayStarted) and not isinstance(event, Finished | Failed):
        yield Failed(EngineError(f"{name} ended in the middle of its answer"))
