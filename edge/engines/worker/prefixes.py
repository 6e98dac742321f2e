"""Which blocks of a prompt are worth a file: sequences that may be cut anywhere.

Blocks of equal length join to the sequence, are shared by all prompts that begin alike and
written once. Inference thread only; knows token blocks and their names, no llama.cpp.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from edge.engines.worker.blocks import BLOCK_TOKENS, Block, blocks_of
from edge.engines.worker.store import Store

SEEN_LIMIT = 20_000
"""Names remembered as seen; enough for ten million tokens."""


@dataclass(frozen=True, slots=True)
class Plan:
    """``restore``: blocks on disk that follow what memory holds, in order; ``keep``: those of
    the prompt's own that may be handed to the disk."""

    restore: Sequence[Block]
    keep: Sequence[Block]


class Policy(Protocol):
    """What is kept of prompts, and what is brought back; by what a model's state allows."""

    store: Store

    def look(self, tokens: Sequence[int], stable: int, held: int, *, asked: bool = True) -> Plan:
        """A prompt came whose first ``held`` tokens are in memory. The first ``stable`` will
        come again in every session of its client.

        One that nobody ``asked`` for is not written for its own sake, and as nobody wants its
        logits even its last token may come from disk.
        """
        ...

    def next_unsaved(self, blocks: Sequence[Block], held: int) -> Block | None:
        """One of a plan's that a sequence of ``held`` tokens has the state of, and that is to
        be saved now."""
        ...


def restorable(tokens: Sequence[int], *, asked: bool) -> int:
    """How many of a prompt's tokens may come from disk: where somebody ``asked``, the last is
    computed in any case, as its logits are wanted."""
    return len(tokens) - asked


class Prefixes:
    """The Policy of sequences that may be cut."""

    def __init__(self, store: Store, root: bytes, *, block: int = BLOCK_TOKENS) -> None:
        self.store = store
        self._root = root
        self._size = block
        self._seen: OrderedDict[str, bool] = OrderedDict()

    def look(self, tokens: Sequence[int], stable: int, held: int, *, asked: bool = True) -> Plan:
        blocks = blocks_of(self._root, tokens, self._size)
        if asked:
            self._saw(blocks, stable)
        return Plan(self._restorable(blocks, held, restorable(tokens, asked=asked)), blocks)

    def next_unsaved(self, blocks: Sequence[Block], held: int) -> Block | None:
        if not self.store.is_ready:
            return None
        return next((b for b in blocks if b.end <= held and self._is_wanted(b)), None)

    def _restorable(self, blocks: Sequence[Block], held: int, most: int) -> list[Block]:
        """Blocks on disk that go on from the ``held`` tokens in memory to ``most`` of them,
        without a gap."""
        found: list[Block] = []
        for block in blocks[held // self._size :]:
            if block.end > most or not self.store.has(block.name):
                break
            found.append(block)
        return found if found and found[-1].end > held else []

    def _saw(self, blocks: Sequence[Block], stable: int) -> None:
        """Blocks that are not stable are worth a file from the second time on."""
        for block in blocks:
            self._seen[block.name] = block.name in self._seen or block.end <= stable
            self._seen.move_to_end(block.name)
            self.store.retry(block.name)
        while len(self._seen) > SEEN_LIMIT:
            self._seen.popitem(last=False)

    def _is_wanted(self, block: Block) -> bool:
        return self._seen.get(block.name, False) and self.store.wants(block.name)
