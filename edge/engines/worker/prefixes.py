"""Which blocks of a prompt are worth a file: sequences that may be cut anywhere.

Blocks of equal length join to the sequence, are shared by all prompts that begin alike and
written once. Inference thread only; knows token blocks and their names, no llama.cpp.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Protocol

from edge.engines.worker.blocks import (
    BLOCK_TOKENS,
    PIECES,
    Block,
    blocks_of,
    pieces_of,
)
from edge.engines.worker.store import Store

SEEN_LIMIT = 20_000
"""Names remembered as seen; enough for ten million tokens."""

ENDS_LIMIT = 1_000
"""Names remembered as the ends of prompts, some for each."""


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
    """The Policy of sequences that may be cut.

    What is stable is worth a file at once, the rest when it came before, or when it belongs to
    a session that has gone on: it will again. A block that is not full is kept in pieces: where
    what is stable ends for good, as every new session goes on from there, and at the end of a
    session until the full block replaces them. So nothing of a session is written more than
    twice.
    """

    def __init__(
        self, store: Store, root: bytes, *, block: int = BLOCK_TOKENS, pieces: int = PIECES
    ) -> None:
        self.store = store
        self._root = root
        self._size = block
        self._piece = block // pieces
        self._seen: OrderedDict[str, bool] = OrderedDict()
        """By name, whether it is worth a file."""
        self._ends: OrderedDict[str, bool] = OrderedDict()

    def look(self, tokens: Sequence[int], stable: int, held: int, *, asked: bool = True) -> Plan:
        wholes = blocks_of(self._root, tokens, self._size)
        restore = self._restorable(wholes, tokens, held, restorable(tokens, asked=asked))
        own = self._own(wholes, tokens, stable)
        if asked:
            self._saw(own, stable)
        return Plan(restore, own)

    def next_unsaved(self, blocks: Sequence[Block], held: int) -> Block | None:
        if not self.store.is_ready:
            return None
        return next((b for b in blocks if b.end <= held and self._is_wanted(b)), None)

    def _pieces(self, wholes: Sequence[Block], tokens: Sequence[int], index: int) -> list[Block]:
        return pieces_of(self._root, wholes, tokens, index, self._piece)

    def _restorable(
        self, wholes: Sequence[Block], tokens: Sequence[int], held: int, most: int
    ) -> list[Block]:
        """What on disk goes on from the ``held`` tokens in memory to ``most`` of them, without
        a gap; pieces where there is no whole block."""
        found: list[Block] = []
        for index in range(held // self._size, len(tokens) // self._size + 1):
            whole = wholes[index : index + 1]
            if not (stretch := self._on_disk(whole, most)):
                pieces = [b for b in self._pieces(wholes, tokens, index) if b.end > held]
                stretch = self._on_disk(pieces, most)
            found += stretch
            if not stretch or stretch[-1].end < (index + 1) * self._size:
                break
        return found if found and found[-1].end > held else []

    def _on_disk(self, blocks: Sequence[Block], most: int) -> list[Block]:
        there = takewhile(lambda b: b.end <= most and self.store.has(b.name), blocks)
        return list(there)

    def _own(self, wholes: Sequence[Block], tokens: Sequence[int], stable: int) -> list[Block]:
        """Every block that may become a file: the full ones, then pieces of those that are not,
        or not within what is stable."""
        border, last = stable // self._size, len(wholes)
        own = [self._with_pieces(wholes, tokens, block, stable) for block in wholes]
        if border < last:
            own += [b for b in self._pieces(wholes, tokens, border) if b.end <= stable]
        return own + self._pieces(wholes, tokens, last)

    def _with_pieces(
        self, wholes: Sequence[Block], tokens: Sequence[int], block: Block, stable: int
    ) -> Block:
        """A full block and what it replaces; pieces of it that are stable stay."""
        if not self.store.wants(block.name):
            return block
        pieces = self._pieces(wholes, tokens, block.start // self._size)
        gone = tuple(b.name for b in pieces if block.end <= stable or b.end > stable)
        return replace(block, replaces=gone)

    def _saw(self, own: Sequence[Block], stable: int) -> None:
        goes_on = any(self._was_end(block) for block in own if block.end > stable)
        for block in own:
            worth = goes_on or block.end <= stable or block.name in self._seen
            _remember(self._seen, block.name, worth, SEEN_LIMIT)
            self.store.retry(block.name)
        for block in _end_of(own, self._size):
            _remember(self._ends, block.name, True, ENDS_LIMIT)

    def _was_end(self, block: Block) -> bool:
        """Whether a session's prompt ended here. Those of an earlier run have pieces on disk."""
        is_piece = block.end - block.start < self._size
        on_disk = block.replaces or ((block.name,) if is_piece else ())
        ended = any(name in self._ends for name in (block.name, *block.replaces))
        return ended or any(self.store.has(name) for name in on_disk)

    def _is_wanted(self, block: Block) -> bool:
        return self._seen.get(block.name, False) and self.store.wants(block.name)


def _end_of(own: Sequence[Block], size: int) -> Sequence[Block]:
    """The pieces behind the last full block, or that where there are none: a session's next
    prompt may differ in the last words."""
    full = max((b.end for b in own if b.end - b.start == size), default=0)
    return [b for b in own if b.start >= full] or [b for b in own if b.end == full]


def _remember(names: OrderedDict[str, bool], name: str, worth: bool, limit: int) -> None:
    names[name] = worth
    names.move_to_end(name)
    while len(names) > limit:
        names.popitem(last=False)
