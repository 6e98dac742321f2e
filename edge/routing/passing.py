"""Passes an answer's events on to its end; where it breaks off, sees to it that it goes on.

Knows engines as streams of events. Called by the router.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial

from edge.chat import (
    ChatRequest,
    Continued,
    Event,
    Failed,
    Finished,
    RelayStarted,
    Started,
    Usage,
)
from edge.dialects.anthropic import DIALECT
from edge.errors import CodriverError, EngineError
from edge.routing.guard import Guard
from edge.routing.relaying import relay_on
from edge.routing.takeover import Said, continued, resends

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rescue:
    """Who goes on with an answer that breaks off: ``answer`` asks the engine called ``name``;
    ``begin`` has it begin for a client that will ask again."""

    name: str
    request: ChatRequest
    answer: Callable[[ChatRequest], AsyncGenerator[Event, None]]
    begin: Callable[[], None]


async def pass_on(
    name: str,
    held: Sequence[Event],
    source: AsyncGenerator[Event, None],
    guard: Guard,
    rescue: Rescue | None = None,
) -> AsyncGenerator[Event, None]:
    """``held``, and the rest. Whatever an engine does, this ends with Finished or Failed, or it is
    a relayed answer that ends with its bytes."""
    if rescue is not None and _can_be_gone_on_with(held[0], rescue.request):
        relayed_on = relay_on(
            name,
            joined(held, source),
            rescue.request,
            heir=rescue.name,
            go_on=partial(_continuation, rescue),
            begin=rescue.begin,
        )
        async with aclosing(relayed_on) as events:
            async for event in events:
                yield guard.watch(event)
        return
    said, last, broken = Said(), held[0], None
    async with aclosing(joined(held, source)) as events:
        try:
            async for event in events:
                if isinstance(event, Failed):
                    broken = event
                    break
                said.hear(event)
                last = guard.watch(event)
                yield last
        except CodriverError as error:
            broken = Failed(error)
    relayed = isinstance(held[0], RelayStarted)
    if broken is None and (relayed or isinstance(last, Finished)):
        return
    broken = broken or Failed(EngineError(f"{name} ended in the middle of its answer"))
    async with aclosing(_after(name, broken, said, relayed, rescue)) as rest:
        async for event in rest:
            yield guard.watch(event)


def _can_be_gone_on_with(first: Event, request: ChatRequest) -> bool:
    """Whether it is a stream of relayed bytes that can be read on its way."""
    if not isinstance(first, RelayStarted) or first.status != 200 or request.wire is None:
        return False
    encoded = any(name.lower() == "content-encoding" for name, _ in first.headers)
    return request.wire.dialect == DIALECT and not encoded


async def joined(
    held: Sequence[Event], source: AsyncGenerator[Event, None]
) -> AsyncGenerator[Event, None]:
    """What was held, and the rest."""
    async with aclosing(source):
        for event in held:
            yield event
        async for event in source:
            yield event


async def _after(
    name: str, broken: Failed, said: Said, relayed: bool, rescue: Rescue | None
) -> AsyncGenerator[Event, None]:
    """What follows where an answer has broken off."""
    if rescue is None:
        yield broken
    elif relayed or (resends(rescue.request) and said.can_be_asked_anew):
        log.warning("%s: %s is made ready, as the client will ask again", broken.error, rescue.name)
        if not said.calls:
            rescue.begin()
        yield Failed(broken.error, drop=True)
    elif said.is_whole:
        log.warning("%s: its calls were whole, which ends it", broken.error)
        yield Finished("tool_use", Usage())
    elif (more := continued(rescue.request, said)) is not None:
        log.warning("%s: %s goes on with it", broken.error, rescue.name)
        yield Continued(rescue.name, f"{name} broke off: {broken.error}")
        async with aclosing(_continuation(rescue, more)) as events:
            async for event in events:
                yield event
    else:
        yield broken


async def _continuation(rescue: Rescue, more: ChatRequest) -> AsyncGenerator[Event, None]:
    """The rest of an answer that has begun."""
    event: Event | None = None
    try:
        async with aclosing(rescue.answer(more)) as source:
            async for event in source:
                if not isinstance(event, Started):
                    yield event
    except CodriverError as error:
        event = Failed(error)
        yield event
    if not isinstance(event, Finished | Failed):
        yield Failed(EngineError(f"{rescue.name} ended in the middle of its answer"))
