"""Acts on the policy: has engines race in the decided order until one has content.

Knows engines only by their protocol; knows no HTTP and no dialect. From the first content on the
answer belongs to the engine that began it; where that breaks off, ``passing`` sees to the rest.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from edge.chat import ChatRequest, Event, Started
from edge.dialects.anthropic import DIALECT
from edge.dialects.rewrite import with_model
from edge.engines.base import Engine, Late, ModelInfo
from edge.errors import CodriverError, KeptHere, NotFound, NotPermitted, UpstreamUnreachable
from edge.routing.asking import Asking
from edge.routing.contexts import SessionContexts
from edge.routing.estimate import estimate_tokens
from edge.routing.features import features_of
from edge.routing.guard import Guard
from edge.routing.likeness import Comparing
from edge.routing.passing import Rescue, joined, pass_on
from edge.routing.policy import LOCAL, Decision, Rules, Step, among, doubts, hangs, weigh
from edge.routing.privacy import Privacy
from edge.routing.race import FINAL, Runner, race
from edge.routing.shortcuts import answer_without_model
from edge.routing.standby import Standby
from edge.routing.tag import without_tag
from edge.routing.takeover import resends
from edge.safeguards import Policy
from edge.state import EngineState, LinkState, Snapshot
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


class Budget(Protocol):
    """What the router asks of whoever keeps the books."""

    def barred(self) -> tuple[tuple[str, str], ...]:
        """Engines that may not be asked now, and why."""

    def measures(self, upstream: str) -> tuple[tuple[str, float], ...]:
        """What it was used for."""


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
        standby: Standby | None = None,
        budget: Budget | None = None,
        comparing: Comparing | None = None,
        asking: Asking | None = None,
    ) -> None:
        self._engines = dict(engines)
        self._privacy = privacy if set(engines) - {LOCAL} else None
        self._rules = rules
        self._asks_length = rules.asks_length
        self._safeguards: Policy = safeguards
        self._contexts = SessionContexts()
        self._uplink = uplink
        self._standby = standby or Standby()
        self._budget = budget
        self._comparing = comparing
        self._asking = asking

    def snapshot(self, request: ChatRequest | None = None) -> Snapshot:
        """As it is for that request, which an upstream may want to wait while it takes others."""
        engines = self._engines.items()
        return Snapshot(
            engines=tuple((name, self._state(name, engine, request)) for name, engine in engines),
            models=tuple((name, _words(engine.models())) for name, engine in engines),
            link=self._uplink.state() if self._uplink else None,
            over_link=self._uplink.over_link if self._uplink else frozenset(),
            barred=self._budget.barred() if self._budget else (),
        )

    def _state(self, name: str, engine: Engine, request: ChatRequest | None) -> EngineState:
        state = engine.state(request)
        if self._budget is None or name == LOCAL:
            return state
        return replace(state, measures=(*state.measures, *self._budget.measures(name)))

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

    async def on_a_good_day(self, request: ChatRequest) -> Decision:
        """What would be decided if there were a link and nobody barred; nothing is sent. Raises
        BadRequest."""
        return await self._decide(request, replace(self.snapshot(), link=None, barred=()))

    async def route(self, request: ChatRequest, only: frozenset[str] | None = None) -> Routed:
        """Decide and start. Raises the last engine's CodriverError when none takes it.

        The first event has been produced when this returns, so a refusal is still an
        error and not a broken stream. The decision names the engines that were passed over.
        ``only``: nobody else may answer, whatever the route says. Raises UpstreamUnreachable
        where none of them may be asked now, NotPermitted where none of them ever may.
        """
        self._contexts.remember(request)
        if self._uplink is not None:
            self._uplink.asked()
        decision = await self._decide(request, asks=only is None)
        if only is not None:
            decision = _restricted(decision, only)
        self._last(decision)
        request = without_tag(request)
        if only is None and (begun := await self._begun(request, decision)) is not None:
            return begun
        try:
            return await self._race(self._for_its_client(request, decision), decision)
        except FINAL:
            raise
        except CodriverError as error:
            if decision.pinned:
                raise KeptHere(error, decision.reason) from error
            raise

    async def _begun(self, request: ChatRequest, decision: Decision) -> Routed | None:
        """An answer that was begun here when a cloud's broke off, for who asks again."""
        events = self._standby.claim(request)
        first = None if events is None else await anext(events, None)
        if events is None or first is None:
            return None
        reason = f"{LOCAL} has begun it already, when the first answer broke off"
        log.info("request for %s is answered: %s", request.model, reason)
        decision = replace(decision, order=(Step(LOCAL),), reason=reason)
        return Routed(decision, LOCAL, self._passed_on(LOCAL, (first,), events, request, decision))

    async def _race(self, request: ChatRequest, decision: Decision) -> Routed:
        shortcuts: dict[str, str] = {}
        runners = [
            Runner(str(step), partial(self._open, step, request, shortcuts))
            for step in decision.order
        ]
        won = await race(runners, together=2 if decision.hedge else 1)
        for note in won.notes:
            log.warning("%s", note)
        step = decision.order[runners.index(won.runner)]
        if (why := shortcuts.get(won.runner.name)) is not None:
            log.info("request for %s needs no model: %s", request.model, why)
            decision = replace(decision, order=(step,), reason=why)
            return Routed(decision, step.engine, joined(won.held, won.rest))
        more = [event.reason for event in won.held if isinstance(event, Started) and event.reason]
        decision = replace(decision, reason="; ".join([decision.reason, *won.notes, *more]))
        log.info("request for %s goes to %s: %s", request.model, step, decision.reason)
        held = won.held if step.model is None else _as_asked(won.held, request)
        passed = self._passed_on(step.engine, held, won.rest, request, decision)
        return Routed(decision, step.engine, passed)

    def _open(
        self, step: Step, request: ChatRequest, shortcuts: dict[str, str], late: Late
    ) -> AsyncGenerator[Event, None]:
        """One engine's answer; the box needs no model for some."""
        if step.engine == LOCAL:
            context = self._contexts.of(request)
            shortcut = answer_without_model(request, self._safeguards, context)
            if shortcut is not None:
                events, shortcuts[str(step)] = shortcut
                return _replay(events)
        return self._engines[step.engine].stream(_asking(request, step), late)

    def _passed_on(
        self,
        name: str,
        held: tuple[Event, ...],
        source: AsyncGenerator[Event, None],
        request: ChatRequest,
        decision: Decision,
    ) -> AsyncGenerator[Event, None]:
        guard = Guard(request, self._safeguards)
        return pass_on(name, held, source, guard, self._rescue(name, request, decision))

    def _rescue(self, name: str, request: ChatRequest, decision: Decision) -> Rescue | None:
        """The box itself, where the route has it behind somebody else."""
        step = next((one for one in decision.order if one.engine == LOCAL), None)
        if step is None or name == LOCAL or not request.stream:
            return None

        def answer(more: ChatRequest) -> AsyncGenerator[Event, None]:
            return self._engines[LOCAL].stream(_asking(more, step))

        def begin() -> None:
            self._standby.begin(request, lambda: answer(request))

        return Rescue(LOCAL, request, answer, begin)

    def _for_its_client(self, request: ChatRequest, decision: Decision) -> ChatRequest:
        """Who asks again by itself is told to wait, or dropped; for all others the box goes on."""
        if resends(request):
            return replace(request, patient=True)
        if self._goes_on_here(request, decision):
            return replace(request, as_events=True)
        return request

    def _goes_on_here(self, request: ChatRequest, decision: Decision) -> bool:
        """Whether an answer that breaks off has to be gone on with, and cannot be while its bytes
        are relayed."""
        behind = any(step.engine == LOCAL for step in decision.order[1:])
        is_read = request.wire is not None and request.wire.dialect == DIALECT
        return behind and request.stream and not is_read

    async def _decide(
        self, request: ChatRequest, seen: Snapshot | None = None, *, asks: bool = False
    ) -> Decision:
        """``asks``: it is worth a question to a model. Raises BadRequest where the request names
        a route that is not there."""
        why = None if self._privacy is None else await self._privacy.why_here(request)
        tokens = estimate_tokens(request) if self._asks_length else None
        features, rules = features_of(request, tokens), self._rules

        def now() -> Snapshot:
            return seen or self.snapshot(request)

        if self._comparing is not None and hangs(features, now(), rules, pin=why):
            features = await self._comparing.known(features)
        asking = self._asking if asks else None
        if asking is not None and doubts(features, now(), rules, pin=why):
            features = await asking.known(features)
        return weigh(features, now(), rules, pin=why).decision

    def _last(self, decision: Decision) -> Step:
        if not decision.order:
            raise NotFound(
                f"nobody can be asked ({decision.reason}): check [routes] and [budget] in the "
                "configuration"
            )
        return decision.order[-1]


def _restricted(decision: Decision, only: frozenset[str]) -> Decision:
    left = among(decision, only)
    if left.order:
        return left
    names = ", ".join(sorted(only))
    if decision.pinned:
        raise NotPermitted(f"{names} may not be asked: {decision.reason}")
    raise UpstreamUnreachable(f"{names} cannot be asked now: {decision.reason}")


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


def _as_asked(held: tuple[Event, ...], request: ChatRequest) -> tuple[Event, ...]:
    """Clients drop the thinking of a model that they did not ask for."""
    return tuple(
        replace(event, model=request.model) if isinstance(event, Started) else event
        for event in held
    )


async def _replay(events: tuple[Event, ...]) -> AsyncGenerator[Event, None]:
    for event in events:
        yield event
