"""KV state on its way to the disk and back, on a thread of its own.

The inference thread asks and hands over bytes, and never waits for a disk. What waits in
memory and what is written in an hour are bounded here. Knows names and bytes, neither
tokens nor what is worth keeping.
"""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from edge.engines.worker.prefix_files import Counts, PrefixFiles
from edge.units import Bytes

WAITING_WRITES = 4
WAITING_BYTES = 64_000_000
"""States that wait for the disk at most, and their bytes, which stay in memory so long; a
larger one may wait alone."""

HOURLY_WRITES = 2_000_000_000
"""Bytes written to disk an hour at most: memory cards wear."""

SHARE_OF_MEMORY = 4
"""A state may take one part in so many of the memory that is available."""

_READ, _WRITE, _END = range(3)
"""What the thread does first: somebody waits for a reading."""


class Store:
    """The files of one engine setting, written and read behind the caller's back.

    Called by the inference thread only. ``available``: bytes of memory that are free now,
    None unknown.
    """

    def __init__(
        self,
        files: PrefixFiles,
        *,
        clock: Callable[[], float] = time.monotonic,
        available: Callable[[], Bytes | None] = lambda: None,
    ) -> None:
        self._files = files
        files.open()
        self._clock = clock
        self._available = available
        self._waiting: dict[str, int] = {}
        self._failed: set[str] = set()
        self._hour_began = clock()
        self._hour_bytes = 0
        self._done: Callable[[], None] = lambda: None
        self._turn = itertools.count()
        self._work: queue.PriorityQueue[tuple[int, int, Callable[[], None] | None]]
        self._work = queue.PriorityQueue()
        self._thread = threading.Thread(target=self._run, name="prefixes", daemon=True)
        self._thread.start()

    @property
    def counts(self) -> Counts:
        return self._files.counts

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self._files.size

    def close(self) -> None:
        """Write what waits, then end the thread."""
        self._put(_END, None)
        self._thread.join()

    def when_done(self, act: Callable[[], None]) -> None:
        """Have ``act`` called, on the thread of the disk, after each state written or read."""
        self._done = act

    # --- on disk -----------------------------------------------------------------------------

    @property
    def names(self) -> list[str]:
        """Of every state on disk."""
        return self._files.names

    def has(self, name: str) -> bool:
        """Whether it is on disk, and memory has room for it."""
        return self._files.has(name) and self.has_room(self._files.size_of(name))

    def fetch(self, name: str) -> Future[memoryview | None]:
        """The state, soon; None in it when the file is no good."""
        future: Future[memoryview | None] = Future()
        self._put(_READ, lambda: future.set_result(self._files.read(name)))
        return future

    # --- to the disk -------------------------------------------------------------------------

    @property
    def is_ready(self) -> bool:
        """Whether it takes a state now."""
        if self._clock() - self._hour_began > 3600:
            self._hour_began, self._hour_bytes = self._clock(), 0
        waiting = list(self._waiting.values())
        few = len(waiting) < WAITING_WRITES and sum(waiting) < WAITING_BYTES
        return few and self._hour_bytes < HOURLY_WRITES

    def wants(self, name: str) -> bool:
        """Whether that state is neither on disk, nor on its way, nor was it refused."""
        known = name in self._waiting or name in self._failed
        return not known and not self._files.has(name)

    def has_room(self, size: int) -> bool:
        """Whether a state of so many bytes fits into what is free on disk and in memory."""
        free = self._available()
        return size <= self._files.budget and (free is None or size * SHARE_OF_MEMORY <= free)

    def save(self, name: str, state: bytes | memoryview, replaces: Sequence[str] = ()) -> None:
        """Write a state in the background; then those that it ``replaces`` go."""
        self._waiting[name] = len(state)
        self._hour_bytes += len(state)
        self._put(_WRITE, lambda: self._write(name, state, replaces))

    def refuse(self, name: str) -> None:
        """That state is not to be had, or the disk does not take it: not until ``retry``."""
        self._failed.add(name)

    def retry(self, name: str) -> None:
        self._failed.discard(name)

    # --- the thread --------------------------------------------------------------------------

    def _put(self, rank: int, work: Callable[[], None] | None) -> None:
        self._work.put((rank, next(self._turn), work))

    def _run(self) -> None:
        while (work := self._work.get()[2]) is not None:
            work()
            del work  # or the last state would stay in memory while the queue is empty
            self._done()

    def _write(self, name: str, state: bytes | memoryview, replaces: Sequence[str]) -> None:
        if self._files.write(name, state):
            for old in replaces:
                self._files.forget(old)
        else:
            self.refuse(name)
        self._waiting.pop(name, None)
