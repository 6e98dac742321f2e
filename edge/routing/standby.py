"""Answers begun for clients that will ask again: the box reads their prompt in the meantime.

When a cloud's answer breaks off, Claude Code drops it and sends the same request once more, about
a second later. By then the box has begun: who asks again is given what there is and the rest.
Knows requests and streams of events; the router begins and claims, app runs it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from edge.chat import ChatRequest, Event, Failed
from edge.errors import CodriverError, EngineError
from edge.units import Seconds

log = logging.getLogger(__name__)

MOST = 2
"""Answers begun at once: each takes the box from others who are being answered."""

PATIENCE = Seconds(30.0)
"""How long a client is waited for; the slowest seen asked again after a second."""

Open: TypeAlias = Callable[[], AsyncGenerator[Event, None]]


@dataclass(eq=False, slots=True)
class _Answer:
    request: ChatRequest
    open: Open
    said: asyncio.Queue[Event | None] = field(default_factory=asyncio.Queue)
    claimed: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    is_over: bool = False


class Standby:
    """One per daemon; ``run`` has to run."""

    def __init__(self, *, patience: Seconds = PATIENCE) -> None:
        self._patience = patience
        self._answers: list[_Answer] = []
        self._new: asyncio.Queue[_Answer] = asyncio.Queue()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                answer = await self._new.get()
                if answer.is_over:
                    continue
                answer.task = tasks.create_task(self._keep(answer), name="standby")

    def begin(self, request: ChatRequest, open_: Open) -> None:
        """Have the request answered for who asks again, unless it is, or too many are."""
        if self._find(request) is None and len(self._answers) < MOST:
            answer = _Answer(replace(request, stream=True), open_)
            self._answers.append(answer)
            self._new.put_nowait(answer)

    def claim(self, request: ChatRequest) -> AsyncGenerator[Event, None] | None:
        """The answer begun for that very request, from its beginning; None if there is none.
        Some clients ask again without streaming. Nobody else gets it. Closing it cancels the
        work."""
        answer = self._find(request)
        if answer is None:
            return None
        self._answers.remove(answer)
        answer.claimed.set()
        return _handed_over(answer)

    def _find(self, request: ChatRequest) -> _Answer | None:
        asked = replace(request, stream=True)
        return next((one for one in self._answers if one.request == asked), None)

    async def _keep(self, answer: _Answer) -> None:
        """Answer it, as long as somebody may want it."""
        async with asyncio.TaskGroup() as tasks:
            working = tasks.create_task(_work(answer))
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience):
                    await answer.claimed.wait()
            if not answer.claimed.is_set():
                log.info("nobody asked again within %g s: an answer is given up", self._patience)
                self._answers.remove(answer)
                working.cancel()


async def _work(answer: _Answer) -> None:
    source = answer.open()
    try:
        async for event in source:
            answer.said.put_nowait(event)
    except CodriverError as error:
        answer.said.put_nowait(Failed(error))
    except Exception:  # a task's outer edge: nobody else's answer may end with it
        log.exception("an answer that was begun for a client broke")
        answer.said.put_nowait(Failed(EngineError(f"{answer.request.model}: the answer broke")))
    finally:
        await source.aclose()
        answer.said.put_nowait(None)


async def _handed_over(answer: _Answer) -> AsyncGenerator[Event, None]:
    try:
        while (event := await answer.said.get()) is not None:
            yield event
    finally:
        answer.is_over = True
        if answer.task is not None:
            answer.task.cancel()
