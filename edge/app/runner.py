"""Takes queued jobs when there is a way for them, asks, and delivers the answers.

At least once towards the cloud, exactly once into the queue: a job that was being asked when the
power went is asked again, and only one answer is ever kept. What failed for the network's sake
waits, ever longer, until the link comes back; what the server refuses is told. Knows the router,
the desk and the doors. Run by the daemon.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import msgspec

from edge.api.admission import door_of_dialect, request_of
from edge.api.errors import MISTAKE
from edge.chat import Failed, RelayChunk, RelayStarted
from edge.dialects import anthropic, openai
from edge.engines.upstream import wait_of
from edge.errors import CodriverError, EngineError, UpstreamUnreachable
from edge.queue import Desk, Fault, Work
from edge.queue.backoff import is_final, wait_after
from edge.queue.gate import Gate
from edge.routing.policy import LOCAL
from edge.routing.router import Routed, Router
from edge.units import Seconds
from edge.uplink.pause import Pause, pause

log = logging.getLogger(__name__)

LOOK_EVERY = Seconds(5.0)
"""While jobs wait: that a link costs by the byte, or no longer does, is seen so late at most."""
TIDY_EVERY = Seconds(3600.0)
"""While none waits: how late what is old goes."""
WANT_EVERY = Seconds(300.0)
"""How often the watch over the uplink hears that jobs wait: often enough that it goes on looking,
too rarely to have it look more often than it would by itself."""
WRITE_AGAIN = Seconds(15.0)
"""After the disk refused what became of a job: an answer has been paid for."""
LAST_WRITES = Seconds(2.0)
"""For the disk, where the box stops and jobs that were being asked are put back."""
STOPPED = "the box stopped before its answer was whole: it is asked again"
MOST_BYTES = 33_554_432
"""Of one answer."""


_NOW = Seconds(0.0)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole one, in the job's dialect."""

    body: bytes
    engine: str
    reason: str


Outcome: TypeAlias = Answer | Fault | CodriverError
"""An error may be passing; a fault is not."""


class Runner:
    """``gate`` tells where jobs may go now; ``together``: how many are asked at once; ``asked``
    tells the watch over the uplink that somebody waits for it."""

    def __init__(
        self,
        desk: Desk,
        router: Router,
        gate: Callable[[], Gate],
        *,
        together: int = 1,
        asked: Callable[[], None] = lambda: None,
        steady: Callable[[], float],
        pause: Pause = pause,
    ) -> None:
        self._desk = desk
        self._router = router
        self._gate = gate
        self._together = together
        self._asked = asked
        self._steady = steady
        self._pause = pause
        self._stirs = [asyncio.Event() for _ in range(together + 1)]
        self._asking: dict[str, asyncio.Task[Outcome]] = {}
        self._failures = 0
        self._rest_until = 0.0
        self._want_at = 0.0
        self._is_back = asyncio.Event()
        self._ends_at: float | None = None
        self._at_work = 0
        self._idle = asyncio.Event()
        desk.subscribe(self._stir, self._cancel)

    def link_is_back(self) -> None:
        """Never blocks: what waited for the link is asked soon."""
        self._failures, self._rest_until = 0, 0.0
        self._is_back.set()
        self._stir()

    def stop(self, within: Seconds) -> None:
        """No job is begun from now on; what is being asked may still end within so long. Never
        blocks; what it was told first counts."""
        if self._ends_at is None:
            self._ends_at = self._steady() + within
            self._stir()

    async def stopped(self) -> None:
        """Once nothing is asked any more, soon after the time that ``stop`` gave: what had not
        ended by then waits on the disk for the next start."""
        left = Seconds(max(0.0, (self._ends_at or 0.0) - self._steady()))
        await self._until_idle(left)
        for task in self._asking.values():
            task.cancel()
        await self._until_idle(LAST_WRITES)

    async def _until_idle(self, within: Seconds) -> None:
        self._idle = asyncio.Event()
        if self._at_work:
            await self._pause(self._idle, within)

    async def run(self) -> None:
        """Until cancelled; a job that is being asked then is asked again after the next start."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_time(self._stirs[0]), name="queue: time")
            for number, stir in enumerate(self._stirs[1:]):
                tasks.create_task(self._lane(stir), name=f"queue: {number}")

    def _stir(self) -> None:
        for stir in self._stirs:
            stir.set()

    def _cancel(self, job: str) -> None:
        if (task := self._asking.get(job)) is not None:
            task.cancel()

    # --- time ---------------------------------------------------------------------------

    async def _keep_time(self, stir: asyncio.Event) -> None:
        """What is due is told to the lanes, what has run out of time expires."""
        while True:
            stir.clear()
            waits: Seconds | None = LOOK_EVERY
            try:
                if self._is_back.is_set():
                    self._is_back.clear()
                    await self._desk.forgive()
                    stir.clear()
                waits = await self._desk.look()
            except CodriverError as error:
                log.error("%s", error)
            if waits is not None:
                self._want_the_link()
                for lane in self._stirs[1:]:
                    lane.set()
            await self._pause(stir, TIDY_EVERY if waits is None else LOOK_EVERY)

    def _want_the_link(self) -> None:
        """Where jobs wait for the link alone, its watch has a reason to look whether it is back."""
        now = self._steady()
        if self._gate().why is not None and now >= self._want_at:
            self._want_at = now + WANT_EVERY
            self._asked()

    # --- one job after the other ----------------------------------------------------------

    async def _lane(self, stir: asyncio.Event) -> None:
        while self._ends_at is None:
            stir.clear()
            with self._working():
                work = await self._next()
                if work is not None:
                    await self._see_to(work)
            if work is None:
                await self._pause(stir, None)

    @contextmanager
    def _working(self) -> Iterator[None]:
        self._at_work += 1
        try:
            yield
        finally:
            self._at_work -= 1
            if not self._at_work:
                self._idle.set()

    async def _next(self) -> Work | None:
        away = bool(self._gate().open) and self._steady() >= self._rest_until
        try:
            return await self._desk.take(here=True, away=away)
        except CodriverError as error:
            log.error("%s", error)
            return None

    async def _see_to(self, work: Work) -> None:
        job = work.job
        # It may have been taken in the moment in which the box was told to stop.
        outcome = await self._outcome(work) if self._ends_at is None else None
        match outcome:
            case None if self._ends_at is not None:
                log.info("job %s is asked no further, as the box stops", job.id)
                await self._write(job.id, lambda: self._desk.put_back(job.id, STOPPED, _NOW))
            case None:
                log.info("job %s was cancelled while it was asked", job.id)
            case Answer(body, engine, reason):
                self._failures = 0
                await self._write(job.id, lambda: self._desk.deliver(job.id, body, engine, reason))
                log.info("job %s is done by %s", job.id, engine)
            case Fault():
                await self._write(job.id, lambda: self._desk.fail(job.id, outcome))
                log.info("job %s has failed: %s", job.id, outcome.message)
            case error:
                await self._put_back(work, error)

    async def _put_back(self, work: Work, error: CodriverError) -> None:
        """The job waits, and where it was the network's or the server's doing so do the others."""
        asked = error.retry_after
        self._failures += 1
        wait = wait_after(self._failures, asked)
        is_for_all = isinstance(error, UpstreamUnreachable) or asked is not None
        if is_for_all and not work.job.here:
            self._rest_until = self._steady() + wait
        own = wait_after(work.job.tries, asked)
        log.info("job %s waits %.0f s and is asked again: %s", work.job.id, own, error)
        put_back = partial(self._desk.put_back, asked=asked is not None)
        await self._write(work.job.id, lambda: put_back(work.job.id, str(error), own))
        self._stirs[0].set()

    async def _write(self, job: str, write: Callable[[], Awaitable[bool]]) -> None:
        """Until it is on the disk. A job that was cancelled meanwhile stays so."""
        while True:
            try:
                await write()
            except CodriverError as error:
                log.error("what became of job %s waits to be written: %s", job, error)
                await self._pause(asyncio.Event(), WRITE_AGAIN)
            else:
                return

    # --- asking -------------------------------------------------------------------------

    async def _outcome(self, work: Work) -> Outcome | None:
        """None where the job was cancelled meanwhile."""
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self._ask(work), name=f"job {work.job.id}")
            self._asking[work.job.id] = task
            try:
                await asyncio.wait({task})
            finally:
                del self._asking[work.job.id]
        return None if task.cancelled() else task.result()

    async def _ask(self, work: Work) -> Outcome:
        only = frozenset({LOCAL}) if work.job.here else self._gate().open
        try:
            routed = await self._router.route(request_of(work), only)
            async with aclosing(routed.events):
                body = await _whole(work, routed)
        except CodriverError as error:
            return Fault(error.kind, str(error)) if is_final(error.status) else error
        except Exception:  # a job's outer edge: the next one has its turn
            log.exception("job %s broke", work.job.id)
            return Fault("api_error", MISTAKE)
        return Answer(body, routed.engine, routed.decision.reason)


async def _whole(work: Work, routed: Routed) -> bytes:
    """The answer's body, to its end. Raises CodriverError."""
    builder = door_of_dialect(work.job.dialect).builder(request_of(work))
    async for event in routed.events:
        match event:
            case RelayStarted():
                return await _relayed(work, routed, event)
            case Failed(error):
                raise error
            case _:
                builder.add(event)
    return builder.body()


async def _relayed(work: Work, routed: Routed, head: RelayStarted) -> bytes:
    """Another server's own bytes. Raises its refusal."""
    body = bytearray()
    async for event in routed.events:
        match event:
            case RelayChunk(data):
                body += data
            case Failed(error):
                raise error
            case _:
                raise EngineError(f"a relayed answer held a {type(event).__name__}")
        if len(body) > MOST_BYTES:
            raise EngineError(f"the answer has more than {MOST_BYTES} bytes")
    if head.status != 200:
        raise _refusal(work, head, bytes(body))
    if not _is_object(bytes(body)):
        # A connection that is cut may look like one that has ended.
        raise UpstreamUnreachable(f"{routed.engine} broke off in the middle of its answer")
    return bytes(body)


def _refusal(work: Work, head: RelayStarted, body: bytes) -> CodriverError:
    known = {name.lower(): value for name, value in head.headers}
    wait = wait_of(known.get("retry-after"))
    if work.job.dialect == "openai":
        return openai.parse_error(body, head.status, wait)
    error = anthropic.parse_error(body, head.status)
    error.retry_after = wait if wait is not None else error.retry_after
    return error


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(body), dict)
    except (msgspec.DecodeError, RecursionError):
        return False
