"""Which beginnings are worth keeping on disk, and bringing them back.

Owns the thread that reads and writes files; the inference thread asks and hands over
bytes, and never waits for a disk except for a block it is about to use. Knows token
blocks and their names, no llama.cpp.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from edge.engines.worker.blocks import BLOCK_TOKENS, block_names
from edge.engines.worker.prefix_files import Counts, PrefixFiles

SEEN_LIMIT = 20_000
"""Names remembered as seen; enough for ten million tokens."""

WAITING_WRITES = 4
"""Blocks that wait for the disk at most; their bytes stay in memory so long."""

HOURLY_WRITES = 2_000_000_000
"""Bytes written to disk an hour at most: memory cards wear."""


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a prompt: tokens ``start`` to ``end``."""

    name: str
    start: int
    end: int


class Prefixes:
    """The blocks of one engine setting. Called by the inference thread only."""

    def __init__(
        self,
        files: PrefixFiles,
        root: bytes,
        *,
        block: int = BLOCK_TOKENS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._files = files
        files.open()
        self._root = root
        self._block = block
        self._clock = clock
        self._seen: OrderedDict[str, bool] = OrderedDict()
        self._writing: set[str] = set()
        self._hour_began = clock()
        self._hour_bytes = 0
        self._written: Callable[[], None] = lambda: None
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
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
        self._work.put(None)
        self._thread.join()

    def when_written(self, act: Callable[[], None]) -> None:
        """Have ``act`` called, on the thread of the disk, after each block."""
        self._written = act

    # --- asked by the loop -------------------------------------------------------------------

    def blocks(self, tokens: Sequence[int]) -> list[Block]:
        """The whole blocks of a sequence."""
        size = self._block
        names = block_names(self._root, tokens, size)
        return [Block(name, n * size, (n + 1) * size) for n, name in enumerate(names)]

    def restorable(self, blocks: Sequence[Block], held: int) -> list[Block]:
        """Blocks on disk that go on from the ``held`` tokens in memory, without a gap."""
        found = []
        for block in blocks[held // self._block :]:
            if not self._files.has(block.name):
                break
            found.append(block)
        return found

    def fetch(self, block: Block) -> Future[bytes | None]:
        """The block's state, soon; None in it when the file is no good."""
        future: Future[bytes | None] = Future()
        self._work.put(lambda: future.set_result(self._files.read(block.name)))
        return future

    def saw(self, blocks: Sequence[Block], stable: int) -> None:
        """A prompt with these blocks came; the first ``stable`` tokens will come again.

        Others are worth a file from the second time on.
        """
        for block in blocks:
            self._seen[block.name] = block.name in self._seen or block.end <= stable
            self._seen.move_to_end(block.name)
        while len(self._seen) > SEEN_LIMIT:
            self._seen.popitem(last=False)

    def next_unsaved(self, blocks: Sequence[Block], held: int) -> Block | None:
        """The first of these blocks, wholly in memory, that is to be saved now."""
        if len(self._writing) >= WAITING_WRITES or not self._may_write():
            return None
        return next((b for b in blocks if b.end <= held and self._is_wanted(b)), None)

    def save(self, block: Block, state: bytes) -> None:
        """Write a block in the background."""
        self._writing.add(block.name)
        self._hour_bytes += len(state)
        self._work.put(lambda: self._write(block, state))

    def _is_wanted(self, block: Block) -> bool:
        name = block.name
        known = name in self._writing or self._files.has(name)
        return self._seen.get(name, False) and not known

    def _may_write(self) -> bool:
        if self._clock() - self._hour_began > 3600:
            self._hour_began, self._hour_bytes = self._clock(), 0
        return self._hour_bytes < HOURLY_WRITES

    # --- the thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()

    def _write(self, block: Block, state: bytes) -> None:
        self._files.write(block.name, state)
        self._writing.discard(block.name)
        self._written()
