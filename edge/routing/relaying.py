"""Passes a relayed answer on, and sees to it that one that breaks off is gone on with.

Its bytes stay as they are. Who asks again is dropped where nothing of the answer is complete, and
where its calls are, as its client then acts on them; all others are given the rest by the box, in
the same stream. Called by passing, for answers in Anthropic's dialect.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from edge.chat import ChatRequest, Continued, Event, Failed, Finished, RelayChunk, Usage
from edge.dialects.anthropic import RelayedStream
from edge.errors import CodriverError, EngineError
from edge.routing.takeover import Said, continued, resends

log = logging.getLogger(__name__)

GoOn = Callable[[ChatRequest], AsyncGenerator[Event, None]]


async def relay_on(
    name: str,
    source: AsyncGenerator[Event, None],
    request: ChatRequest,
    *,
    heir: str,
    go_on: GoOn,
    begin: Callable[[], None],
) -> AsyncGenerator[Event, None]:
    """``source``, which begins with RelayStarted. ``heir`` is who goes on: ``go_on`` asks for the
    rest of an answer, ``begin`` has the whole made ready for a client that will ask again."""
    stream, broken = RelayedStream(), None
    async with aclosing(source):
        try:
            async for event in source:
                if isinstance(event, Failed):
                    broken = event.error
                    break
                if not isinstance(event, RelayChunk):
                    yield event
                elif passed := stream.feed(event.data):
                    yield RelayChunk(passed)
        except CodriverError as error:
            broken = error
    if stream.is_whole or (broken is None and stream.is_strange):
        return  # what cannot be read ends where its server ended it
    broken = broken or EngineError(f"{name} ended in the middle of its answer")
    if (ending := stream.ending()) is not None:
        log.warning("%s: only its end was missing", broken)
        yield RelayChunk(ending)
        return
    async with aclosing(_after(name, broken, stream, request, heir, go_on, begin)) as rest:
        async for event in rest:
            yield event


async def _after(
    name: str,
    broken: CodriverError,
    stream: RelayedStream,
    request: ChatRequest,
    heir: str,
    go_on: GoOn,
    begin: Callable[[], None],
) -> AsyncGenerator[Event, None]:
    again = resends(request)
    more = continued(request, Said(stream.text()))
    if again and stream.calls:
        log.warning("%s: its calls were whole, and its client acts on them", broken)
        yield Failed(broken, drop=True)
    elif again and not stream.completed:
        log.warning("%s: %s is made ready, as the client will ask again", broken, heir)
        begin()
        yield Failed(broken, drop=True)
    elif stream.is_strange or more is None:
        yield Failed(broken, drop=again)
    else:
        log.warning("%s: %s goes on with it", broken, heir)
        open_ = stream.open
        assert open_ != "tool_use"  # noqa: S101 - RelayedStream holds those
        yield Continued(heir, f"{name} broke off: {broken}", stream.blocks, open_)
        if stream.calls:
            yield Finished("tool_use", Usage())
            return
        async with aclosing(go_on(more)) as events:
            async for event in events:
                yield event
