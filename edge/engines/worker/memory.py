"""The KV memory as the inference loop uses it: the ledger's books and llama.cpp's cells in step.

Seats prompts, copies what they share, brings back what the disk has and hands over what it
should have. A sequence that is not divisible is never cut, only continued, copied or emptied:
llama.cpp may agree to a cut and be wrong about it (a restored sliding window), or refuse
(recurrent layers). Knows tokens, nothing of jobs and answers. Inference thread only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from edge.engines.worker.blocks import Block
from edge.engines.worker.ledger import Ledger, Seat, Strand
from edge.engines.worker.shelf import Coming, Shelf
from edge.engines.worker.tally import Tally

Takes: TypeAlias = Literal["any", "oldest", "nothing"]
"""What may be forgotten for a prompt: whatever rests; only what has rested longest, and that only
where every sequence holds something; nothing."""


class Cells(Protocol):
    """What is needed of context.Context."""

    size: int

    def held(self, sequence: int) -> int: ...

    def truncate(self, sequence: int, length: int) -> bool: ...

    def copy(self, source: int, target: int, length: int) -> None: ...

    def clear(self) -> None: ...

    def state_size(self, sequence: int) -> int: ...

    def save(self, sequence: int, start: int, end: int) -> memoryview: ...

    def restore(self, sequence: int, state: memoryview) -> bool: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where a prompt was seated; ``coming``: what the disk adds before the rest is read."""

    strand: Strand
    coming: Coming | None


class Memory:
    """All sequences of one context. ``divisible``: whether they may be cut anywhere."""

    def __init__(
        self, cells: Cells, n_sequences: int, *, divisible: bool, shelf: Shelf | None = None
    ) -> None:
        self.size = cells.size
        self._cells = cells
        self._n_sequences = n_sequences
        self._divisible = divisible
        self._shelf = shelf
        self._ledger = self._blank()

    def _blank(self) -> Ledger:
        return Ledger(self._n_sequences, self.size, divisible=self._divisible)

    def report(self, tally: Tally) -> None:
        """How full it is, and what happened on disk."""
        tally.context_cells_used = self._ledger.cells
        if self._shelf is not None:
            self._shelf.report(tally)

    @property
    def free(self) -> int:
        """Cells that nothing holds."""
        return self.size - self._ledger.cells

    # --- seats -------------------------------------------------------------------------------

    def longest(self, tokens: Sequence[int]) -> int:
        """How many tokens of a prompt are held already."""
        return self._ledger.longest(tokens)

    def seat(
        self, tokens: Sequence[int], stable: int, room: int, *, takes: Takes = "any"
    ) -> Place | None:
        """A strand for a prompt and ``room`` more tokens, None while there is no place.

        One that does not take ``any`` place leaves nothing on disk.
        """
        seat = self._ledger.seat(tokens, room)
        if seat is None or not self._may_have(seat, takes):
            return None
        strand = seat.strand
        self.forget(seat.forgotten)
        if seat.copy_from is not None:
            self._copy(seat.copy_from, strand, seat.kept)
            self._ledger.touch(seat.copy_from)
        elif len(strand.tokens) > seat.kept:
            self.cut(strand, seat.kept)
        strand.busy = True
        strand.reserved = len(tokens) + room
        self._ledger.touch(strand)
        if self._shelf is None:
            return Place(strand, None)
        coming = self._shelf.look(strand, tokens, stable, asked=takes == "any")
        # A question's last token is never brought: its logits are all that is wanted.
        return Place(strand, None if takes == "oldest" else coming)

    def _may_have(self, seat: Seat, takes: Takes) -> bool:
        if takes == "any" or not seat.displaces:
            return True
        # A state that cannot be cut is dear, and there are few of them.
        only_it = seat.forgotten == (seat.strand,) and not seat.strand.pinned
        return takes == "oldest" and only_it and self._divisible

    def leave(self, strand: Strand, *, whole: bool = False) -> None:
        """What was read or written stays as a prefix for the next; an indivisible strand that
        is to stay ``whole`` is copied by those who go on from it."""
        strand.busy = False
        strand.reserved = 0
        strand.pinned = strand.pinned or (whole and not self._divisible)
        self._ledger.touch(strand)

    def snapshot(self, strand: Strand, *, pinned: bool) -> None:
        """Keep a copy of an indivisible strand as it is now, for prompts that go on from here."""
        seat = None if self._divisible else self._ledger.copy_seat(strand)
        if seat is None:
            return
        self.forget(seat.forgotten)
        self._copy(strand, seat.strand, len(strand.tokens))
        seat.strand.pinned = pinned
        self._ledger.touch(seat.strand)
        if self._shelf is not None:
            self._shelf.copied(strand, seat.strand)

    def _copy(self, source: Strand, target: Strand, length: int) -> None:
        self._cells.copy(source.sequence, target.sequence, length)
        self._ledger.share(source, target, length)

    # --- what strands hold -------------------------------------------------------------------

    def grow(self, strand: Strand, tokens: Sequence[int]) -> None:
        """``tokens`` were decoded behind the strand's own."""
        self._ledger.grow(strand, tokens)

    def make_room(self, strand: Strand, tokens: int) -> bool:
        """Forget what must go for ``strand`` to grow by so many; False if that is not enough."""
        gone = self._ledger.room_for(strand, tokens)
        if gone is not None:
            self.forget(gone)
        return gone is not None

    def forget(self, strands: Sequence[Strand]) -> None:
        for strand in strands:
            self._cells.truncate(strand.sequence, 0)
            self._ledger.cut(strand, 0)

    def cut(self, strand: Strand, length: int) -> None:
        """To ``length``, or to nothing where the model's state cannot be cut there."""
        if not self._divisible or not self._cells.truncate(strand.sequence, length):
            self._cells.truncate(strand.sequence, 0)
            length = 0
        self._ledger.cut(strand, length)

    def trim(self, strand: Strand) -> None:
        """Drop cells of drafts that do not stand."""
        self._cells.truncate(strand.sequence, len(strand.tokens))

    def resync(self, strand: Strand, reading: Sequence[int]) -> None:
        """After an interrupted decode, of which llama.cpp kept whole micro-batches: the strand
        has that much more of the prompt it is ``reading``."""
        at, held = len(strand.tokens), self._cells.held(strand.sequence)
        if reading and self._divisible:
            self._ledger.grow(strand, reading[at:held])
        else:
            self.cut(strand, min(at, held))

    def give_up_one(self) -> bool:
        """Forget the least recently used strand that rests; False if none does."""
        idle = [s for s in self._ledger.strands if not s.busy and s.tokens]
        if idle:
            self.forget([min(idle, key=lambda s: s.last_used)])
        return bool(idle)

    def clear(self) -> None:
        """Forget everything; strands that were given out are void."""
        self._cells.clear()
        self._ledger = self._blank()

    # --- the disk ----------------------------------------------------------------------------

    def bring(self, strand: Strand, prompt: Sequence[int], coming: Coming) -> int:
        """Put the next block from disk behind what the strand holds, or in its place; how many
        tokens that was, 0 when the rest is better read as if new."""
        found = coming.next()
        if found is None:
            return 0
        block, state = found
        if len(strand.tokens) > block.start:
            self.cut(strand, block.start)
        at = len(strand.tokens)
        if at != block.start or not self.make_room(strand, block.end - at):
            return 0
        if not self._cells.restore(strand.sequence, state):
            return 0
        if self._cells.held(strand.sequence) != block.end:
            self._cells.truncate(strand.sequence, at)
            return 0
        self._ledger.grow(strand, prompt[at : block.end])
        return block.end - at

    @property
    def has_to_keep(self) -> bool:
        return self._next_to_keep() is not None

    def keep(self) -> None:
        """Hand one state to the disk; that costs the time of a copy."""
        if self._shelf is None or (found := self._next_to_keep()) is None:
            return
        strand, block = found
        if not self._divisible:
            # A whole sequence may be larger than what a board can spare.
            size = self._cells.state_size(strand.sequence)
            if not self._shelf.takes(block, size):
                return
        self._shelf.keep(block, self._cells.save(strand.sequence, block.start, block.end))

    def _next_to_keep(self) -> tuple[Strand, Block] | None:
        return None if self._shelf is None else self._shelf.next_to_keep(self._ledger.strands)
