"""What the disk has of the sequences in memory, and what it should get.

Between the inference loop, which owns strands and the context, and Prefixes, which owns
the disk. Inference thread only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future

from edge.engines.worker.ledger import Strand
from edge.engines.worker.prefixes import Block, Prefixes
from edge.engines.worker.tally import Tally

READ_AHEAD = 3
"""Blocks asked of the disk before they are needed."""

DISK_SECONDS = 5.0
"""A disk that takes longer for a block is given up for this prompt."""


class Coming:
    """Blocks of one prompt on their way from the disk, in order."""

    def __init__(self, prefixes: Prefixes, blocks: Sequence[Block]) -> None:
        self._prefixes = prefixes
        self._behind = deque(blocks)
        self._asked: deque[tuple[Block, Future[bytes | None]]] = deque()
        for _ in range(READ_AHEAD):
            self._ask()

    @property
    def more(self) -> bool:
        return bool(self._asked)

    @property
    def ready(self) -> bool:
        """Whether ``next`` would not wait."""
        return not self._asked or self._asked[0][1].done()

    def next(self) -> tuple[Block, bytes] | None:
        """The next block and its state; None when it is no good, or the disk too slow."""
        if not self._asked:
            return None
        block, future = self._asked.popleft()
        self._ask()
        try:
            state = future.result(DISK_SECONDS)
        except TimeoutError:
            return None
        return None if state is None else (block, state)

    def _ask(self) -> None:
        if self._behind:
            block = self._behind.popleft()
            self._asked.append((block, self._prefixes.fetch(block)))


class Shelf:
    """Remembers which blocks each strand holds."""

    def __init__(self, prefixes: Prefixes) -> None:
        self._prefixes = prefixes
        self._blocks: dict[int, list[Block]] = {}

    def look(self, strand: Strand, tokens: Sequence[int], stable: int) -> Coming | None:
        """A prompt was seated on ``strand``; what of the rest is on disk, if anything."""
        blocks = self._blocks[strand.sequence] = self._prefixes.blocks(tokens)
        self._prefixes.saw(blocks, stable)
        found = self._prefixes.restorable(blocks, len(strand.tokens))
        # The last token is computed in any case: its logits are wanted.
        found = [block for block in found if block.end < len(tokens)]
        gain = found[-1].end - len(strand.tokens) if found else 0
        return Coming(self._prefixes, found) if gain > 0 else None

    def next_to_keep(self, strands: Sequence[Strand]) -> tuple[Strand, Block] | None:
        """A block in memory that should be on disk and is not."""
        for strand in strands:
            blocks = self._blocks.get(strand.sequence, [])
            block = self._prefixes.next_unsaved(blocks, len(strand.tokens))
            if block is not None:
                return strand, block
        return None

    def keep(self, block: Block, state: bytes) -> None:
        self._prefixes.save(block, state)

    def report(self, tally: Tally) -> None:
        """What happened on disk."""
        counts = self._prefixes.counts
        tally.prefix_bytes_on_disk = self._prefixes.size
        tally.prefix_bytes_written_total = counts.bytes_written
        tally.prefix_bytes_read_total = counts.bytes_read
        tally.prefix_files_set_aside_total = counts.set_aside
        tally.prefix_disk_errors_total = counts.errors
