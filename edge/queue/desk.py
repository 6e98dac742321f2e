"""The queue for the event loop: one thread works on the file, one call after the other.

The file is made with the first job; until then nothing is on disk. Knows clocks, room on the
disk and who wants to hear of changes; no request's meaning. One per daemon, owned by app.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from edge.errors import Overloaded
from edge.queue.jobs import (
    FINISHED,
    ID_BYTES,
    OPEN,
    Batch,
    Fault,
    Job,
    Limits,
    NewJob,
    Standing,
    Wait,
    Work,
    job_id,
)
from edge.queue.schema import QueueUnusable
from edge.queue.store import Store
from edge.units import Seconds

log = logging.getLogger(__name__)

T = TypeVar("T")

SPARE_BYTES = 134_217_728
"""What jobs and answers leave free on the disk."""
OVERHEAD = 2
"""A body stands in the log and then in the file before the log is used again."""
LISTED = 1000
"""Jobs that one look shows at most."""
CLOCK_JUMP = Seconds(120.0)
"""The clock was set, and did not just run, if it is so far from where it should be."""


class Desk:
    """``clock`` tells seconds since 1970, ``steady`` never jumps; ``free`` bytes on the disk."""

    def __init__(
        self,
        path: Path,
        limits: Limits,
        *,
        clock: Callable[[], float],
        steady: Callable[[], float],
        random_bytes: Callable[[int], bytes] = os.urandom,
        free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self._path = path
        self.limits = limits
        self._clock = clock
        self._steady = steady
        self._random_bytes = random_bytes
        self._free = free
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="queue")
        self._store: Store | None = None
        self._offset = clock() - steady()
        self._ended = {"delivered": 0, "failed": 0, "expired": 0}
        self._on_change: list[Callable[[], None]] = []
        self._on_cancel: list[Callable[[str], None]] = []

    async def open(self) -> None:
        """What was left when the box stopped waits again. Raises QueueUnusable."""
        if await self._run(self._path.exists):
            await self._run(self._opened)

    async def close(self) -> None:
        """What is under way in the thread is finished first."""
        if self._store is not None:
            await self._run(self._store.close)
        self._thread.shutdown(wait=False)

    def subscribe(self, changed: Callable[[], None], cancelled: Callable[[str], None]) -> None:
        """``changed``: there may be something to do; ``cancelled``: this job is not wanted any
        more. Both are called on the event loop and neither block nor raise."""
        self._on_change.append(changed)
        self._on_cancel.append(cancelled)

    # --- in -----------------------------------------------------------------------------

    async def add(
        self, jobs: Sequence[NewJob], *, batch: str = "", expires: Seconds | None = None
    ) -> tuple[str, ...]:
        """Their ids; they are safe when this returns. Raises Overloaded where there is no room."""
        ids = tuple(job_id(self._random_bytes(ID_BYTES)) for _ in jobs)
        life = expires or self.limits.expires
        try:
            await self._run(self._add, ids, tuple(jobs), batch, life)
        finally:
            # Whoever sent them may have gone; they are kept, or about to be.
            self._changed()
        return ids

    def _add(self, ids: Sequence[str], jobs: Sequence[NewJob], batch: str, life: Seconds) -> None:
        size = sum(len(job.body) for job in jobs)
        store = self._opened()
        limit = self.limits.max_bytes
        if store.stored() + size > limit:
            raise Overloaded(
                f"the queue is full: [queue] max_bytes allows {limit:,} bytes; fetch the answers "
                "and remove them (codriver queue rm), or raise it"
            )
        if not self._has_room(size):
            raise Overloaded("the box's disk is full: nothing more can be queued on it")
        now = self._clock()
        store.add(ids, jobs, now, now + life, batch)

    # --- for the runner -----------------------------------------------------------------

    async def take(self, *, here: bool, away: bool) -> Work | None:
        """The next job, running from now on; None where none is due or the disk is full."""

        def take() -> Work | None:
            if self._store is None or not (here or away) or not self._has_room(0):
                return None
            return self._store.take(self._clock(), here=here, away=away)

        return await self._run(take)

    async def deliver(self, one: str, answer: bytes, engine: str, reason: str) -> bool:
        """The answer is safe when this returns. False if the job was cancelled meanwhile."""
        done = await self._run(
            lambda: self._opened().deliver(one, answer, engine, reason, self._clock())
        )
        self._ended["delivered"] += done
        return done

    async def fail(self, one: str, fault: Fault) -> bool:
        failed = await self._run(lambda: self._opened().fail(one, fault, self._clock()))
        self._ended["failed"] += failed
        return failed

    async def put_back(self, one: str, reason: str, after: Seconds, *, asked: bool = False) -> bool:
        """To be asked again ``after`` so long; ``asked``: the server wants it so."""
        return await self._run(
            lambda: self._opened().put_back(one, reason, Wait(self._clock() + after, asked))
        )

    async def forgive(self) -> None:
        """The link is back: nobody waits for it any longer."""
        if self._store is not None:
            await self._run(lambda: self._opened().forgive(self._clock()))
            self._changed()

    async def look(self) -> Seconds | None:
        """What only time does: jobs expire, old ones go. How long until the next is due; None
        where none waits."""
        return await self._run(self._look)

    def _look(self) -> Seconds | None:
        if self._store is None:
            return None
        self._mind_the_clock(self._store)
        now = self._clock()
        if expired := self._store.expire(now):
            log.warning("%d queued jobs have run out of time", expired)
            self._ended["expired"] += expired
        self._store.forget(now - self.limits.keep)
        due = self._store.due(now)
        return None if due is None else Seconds(max(0.0, due - now))

    def _mind_the_clock(self, store: Store) -> None:
        """A board without a battery wakes up in the past, and the network sets it right."""
        offset = self._clock() - self._steady()
        jump = offset - self._offset
        if abs(jump) > CLOCK_JUMP:
            log.info("the clock was set by %+.0f s: queued jobs keep the time they had", jump)
            store.shift(jump)
            self._offset = offset

    # --- for people ---------------------------------------------------------------------

    async def cancel(self, one: str) -> Job | None:
        """The job as it is then; one that has ended stays as it is."""
        if await self._run(lambda: self._store and self._store.cancel(one, self._clock())):
            self._cancelled((one,))
        return await self.job(one)

    async def cancel_batch(self, batch: str) -> Batch | None:
        self._cancelled(
            await self._run(
                lambda: self._store.cancel_batch(batch, self._clock()) if self._store else ()
            )
        )
        return await self.batch(batch)

    async def remove(self, one: str) -> bool:
        """A job or a batch that has ended."""
        return bool(await self._run(lambda: self._store and self._store.remove(one)))

    async def job(self, one: str) -> Job | None:
        return await self._run(lambda: self._store.job(one) if self._store else None)

    async def jobs(self, limit: int = LISTED) -> tuple[Job, ...]:
        """All that are open and the newest that have ended, so many of each; oldest first."""

        def jobs() -> tuple[Job, ...]:
            if self._store is None:
                return ()
            return (*self._store.jobs(FINISHED, limit), *self._store.jobs(OPEN, limit))

        return await self._run(jobs)

    async def jobs_of(self, batch: str) -> tuple[Job, ...]:
        return await self._run(lambda: self._store.jobs_of(batch) if self._store else ())

    async def answer(self, one: str) -> bytes | None:
        return await self._run(lambda: self._store.answer(one) if self._store else None)

    async def batch(self, one: str) -> Batch | None:
        return await self._run(lambda: self._store.batch(one) if self._store else None)

    async def batches(self, limit: int, *, after: str = "", before: str = "") -> tuple[Batch, ...]:
        """The newest first; see Store.batches."""
        return await self._run(
            lambda: self._store.batches(limit, after=after, before=before) if self._store else ()
        )

    async def measures(self) -> tuple[tuple[str, float], ...]:
        """How it stands, by name; a name that ends in _total counts since the daemon's start.
        Of a file that could not be opened nothing is known."""
        standing = await self._run(self._standing)
        ended = tuple((f"queue_{how}_total", float(n)) for how, n in self._ended.items())
        if standing is None:
            return ended
        age = 0.0 if standing.oldest is None else max(0.0, self._clock() - standing.oldest)
        return (
            ("queue_waiting", float(standing.waiting)),
            ("queue_running", float(standing.running)),
            ("queue_oldest_seconds", age),
            *ended,
        )

    def _standing(self) -> Standing | None:
        if self._store is not None:
            return self._store.standing()
        return None if self._path.exists() else Standing()

    # --- parts --------------------------------------------------------------------------

    def _opened(self) -> Store:
        """In the thread."""
        if self._store is None:
            self._store = Store(self._path)
            if again := self._store.recover():
                log.warning("%d queued jobs were being asked when the box stopped", again)
        return self._store

    def _has_room(self, size: int) -> bool:
        try:
            return self._free(self._path.parent) > SPARE_BYTES + OVERHEAD * size
        except OSError:
            return True

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        """Finished even if nobody waits for it any longer. Raises QueueUnusable."""
        loop = asyncio.get_running_loop()
        try:
            return await asyncio.shield(loop.run_in_executor(self._thread, work, *arguments))
        except sqlite3.Error as error:
            raise QueueUnusable(f"the queue in {self._path} cannot be used: {error}") from None

    def _changed(self) -> None:
        for changed in self._on_change:
            changed()

    def _cancelled(self, ids: Sequence[str]) -> None:
        for one in ids:
            for cancelled in self._on_cancel:
                cancelled(one)
