"""Which states of whole sequences are worth a file: models whose sequences cannot be cut.

Sliding windows and recurrent layers leave nothing to go back to: a state can only be gone on
from, so it is kept where prompts part. That is behind system text and tools, and at the end of
a session's prompts. Inference thread only; knows tokens and names, no llama.cpp.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from edge.engines.worker.blocks import BLOCK_TOKENS, Block, whole_length, wholes_of
from edge.engines.worker.prefixes import Plan, Policy, Prefixes, restorable
from edge.engines.worker.store import Store

SEEN_LIMIT = 500
"""Prompts whose ends are remembered; each costs some microseconds when another comes."""

WORTH = 8
"""A state is written anew when it saves the reading of one part in so many of its tokens, so
that a session that grows costs the disk a few times its length, not its square."""


class Snapshots:
    """The Policy of sequences that can only be continued."""

    def __init__(self, store: Store, root: bytes, *, least: int = BLOCK_TOKENS) -> None:
        self.store = store
        self._root = root
        self._least = least
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._wanted: OrderedDict[str, None] = OrderedDict()

    def look(self, tokens: Sequence[int], stable: int, held: int, *, asked: bool = True) -> Plan:
        on_disk = [b for b in self._among(self.store.names, tokens) if self.store.has(b.name)]
        ends = [end for end in (stable, len(tokens)) if end >= self._least]
        own = wholes_of(self._root, tokens, ends)
        if asked:
            self._saw(own, tokens, stable, max((b.end for b in on_disk), default=0))
        most = restorable(tokens, asked=asked)
        longest = [block for block in on_disk if held < block.end <= most][-1:]
        return Plan(longest, own)

    def next_unsaved(self, blocks: Sequence[Block], held: int) -> Block | None:
        if not self.store.is_ready:
            return None
        return next((b for b in blocks if b.end == held and self._is_wanted(b)), None)

    def _saw(self, own: Sequence[Block], tokens: Sequence[int], stable: int, stored: int) -> None:
        """What is stable is worth a file at once; the end of a prompt when the prompt goes on
        from another's end, or comes again: then it is a session's, which will go on."""
        ends = [b.end for b in self._among([*self._seen, *self.store.names], tokens)]
        is_session = any(end > stable for end in ends)
        for block in own:
            self.store.retry(block.name)
            nearest = max(stored, stable if stable >= self._least else 0)
            worth = (block.end - nearest) * WORTH >= block.end
            if block.end == stable or (is_session and worth):
                _remember(self._wanted, block.name)
            if block.end == len(tokens):
                _remember(self._seen, block.name)

    def _among(self, names: Iterable[str], tokens: Sequence[int]) -> list[Block]:
        """Those of the names that are beginnings of ``tokens``, the shortest first."""
        known = set(names)
        beginnings = wholes_of(self._root, tokens, map(whole_length, known))
        return [block for block in beginnings if block.name in known]

    def _is_wanted(self, block: Block) -> bool:
        return block.name in self._wanted and self.store.wants(block.name)


def _remember(names: OrderedDict[str, None], name: str) -> None:
    names[name] = None
    names.move_to_end(name)
    while len(names) > SEEN_LIMIT:
        names.popitem(last=False)


def policy_for(store: Store, root: bytes, *, divisible: bool) -> Policy:
    """What is kept of a model's prompts. ``divisible``: whether sequences may be cut anywhere."""
    return Prefixes(store, root) if divisible else Snapshots(store, root)
