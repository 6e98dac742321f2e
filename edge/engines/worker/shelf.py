"""What the disk has of the sequences in memory, and what it should get.

Between Memory, which owns the sequences, and the store, which owns the disk. Inference
thread only.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from edge.engines.worker.blocks import BLOCK_TOKENS, Block
from edge.engines.worker.ledger import Strand
from edge.engines.worker.prefixes import Policy
from edge.engines.worker.store import Store
from edge.engines.worker.tally import Tally

READ_AHEAD = 3
"""Blocks asked of the disk before they are needed."""

DISK_SECONDS = 5.0
"""A disk that takes longer for BLOCK_TOKENS is given up for this prompt."""


class Coming:
    """Blocks of one prompt on their way from the disk, in order."""

    def __init__(self, store: Store, blocks: Sequence[Block], clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._behind = deque(blocks)
        self._asked: deque[tuple[Block, Future[memoryview | None]]] = deque()
        for _ in range(READ_AHEAD):
            self._ask()
        self._since = clock()

    @property
    def more(self) -> bool:
        return bool(self._asked)

    @property
    def patience(self) -> float:
        """Seconds that the next block may still take; 0 when there is nothing to wait for."""
        if not self._asked or self._asked[0][1].done():
            return 0.0
        block = self._asked[0][0]
        allowed = DISK_SECONDS * max(1.0, (block.end - block.start) / BLOCK_TOKENS)
        return max(0.0, self._since + allowed - self._clock())

    def next(self) -> tuple[Block, memoryview] | None:
        """The next block and its state; None when it is no good, or not there yet."""
        if not self._asked:
            return None
        block, future = self._asked.popleft()
        self._ask()
        self._since = self._clock()
        state = future.result() if future.done() else None
        return None if state is None else (block, state)

    def _ask(self) -> None:
        if self._behind:
            block = self._behind.popleft()
            self._asked.append((block, self._store.fetch(block.name)))


class Shelf:
    """Remembers which blocks each strand holds."""

    def __init__(self, policy: Policy, clock: Callable[[], float] = time.monotonic) -> None:
        self._policy = policy
        self._store = policy.store
        self._clock = clock
        self._blocks: dict[int, Sequence[Block]] = {}

    def look(
        self, strand: Strand, tokens: Sequence[int], stable: int, *, asked: bool = True
    ) -> Coming | None:
        """A prompt was seated on ``strand``; what of the rest is on disk, if anything.

        Nothing is written for one that nobody ``asked`` for.
        """
        plan = self._policy.look(tokens, stable, len(strand.tokens), asked=asked)
        self._blocks[strand.sequence] = plan.keep
        return Coming(self._store, plan.restore, self._clock) if plan.restore else None

    def copied(self, source: Strand, target: Strand) -> None:
        """``target`` holds what ``source`` does."""
        self._blocks[target.sequence] = self._blocks.get(source.sequence, ())

    def next_to_keep(self, strands: Sequence[Strand]) -> tuple[Strand, Block] | None:
        """A block in memory that should be on disk and is not."""
        for strand in strands:
            blocks = self._blocks.get(strand.sequence, ())
            block = self._policy.next_unsaved(blocks, len(strand.tokens))
            if block is not None:
                return strand, block
        return None

    def takes(self, block: Block, size: int) -> bool:
        """Whether there is room for a state of so many bytes; if not it is not asked for again."""
        if not self._store.has_room(size):
            self._store.refuse(block.name)
            return False
        return True

    def keep(self, block: Block, state: memoryview) -> None:
        self._store.save(block.name, state, block.replaces)

    def report(self, tally: Tally) -> None:
        """What happened on disk."""
        counts = self._store.counts
        tally.prefix_bytes_on_disk = self._store.size
        tally.prefix_bytes_written_total = counts.bytes_written
        tally.prefix_bytes_read_total = counts.bytes_read
        tally.prefix_files_set_aside_total = counts.set_aside
        tally.prefix_disk_errors_total = counts.errors
