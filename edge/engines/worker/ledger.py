"""Which token sequences the KV memory holds, what they share, and where a prompt fits; pure.

Knows no llama.cpp: it returns a Seat that says what to copy, cut and forget, and the
inference loop does it. One thread only.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

MIN_SHARED_TOKENS = 32
"""Shorter beginnings (a template's first words) are not worth a copy."""

LOSABLE_TOKENS, LOSABLE_UNFORCED = 512, 128
"""A sequence that a prompt departs from so near its end is cut and continued, the second while
another one is empty: a session's next turn loses some words of its last, another session's would
be all that is said. Where more would be lost the common beginning is copied, and both are kept
while there is room."""


@dataclass(slots=True)
class Run:
    """Cells of one segment at positions ``start`` to ``end``."""

    segment: int
    start: int
    end: int


@dataclass(slots=True)
class Strand:
    """One llama.cpp sequence: the tokens its KV state stands for, and who is using it."""

    sequence: int
    tokens: list[int] = field(default_factory=list)
    busy: bool = False
    pinned: bool = False
    """Whether it is only given up when nothing else is left."""
    reserved: int = 0
    """Tokens it will hold, as far as is known: a prompt being read and room for its answer."""
    last_used: int = 0
    runs: list[Run] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a prompt goes: ``kept`` of its tokens are there already once ``copy_from`` (if
    any) was copied; the ``forgotten`` strands must be cleared first."""

    strand: Strand
    kept: int
    copy_from: Strand | None
    forgotten: tuple[Strand, ...]

    @property
    def displaces(self) -> bool:
        """Whether something that is held now has to go for it."""
        cuts = self.copy_from is None and len(self.strand.tokens) > self.kept
        return bool(self.forgotten) or cuts


class Ledger:
    """All sequences of one context that holds ``capacity`` cells in total.

    ``divisible``: whether a sequence may be cut anywhere; where not (recurrent layers,
    sliding windows), only a whole one can be continued or copied.
    """

    def __init__(self, count: int, capacity: int, *, divisible: bool = True) -> None:
        self.strands = tuple(Strand(number) for number in range(count))
        self._capacity = capacity
        self._divisible = divisible
        self._turn = itertools.count(1)
        self._segment = itertools.count()

    # --- what the loop reports ----------------------------------------------------------

    def grow(self, strand: Strand, tokens: Sequence[int]) -> None:
        """``tokens`` were decoded behind the strand's own."""
        if not strand.runs:
            strand.runs.append(Run(next(self._segment), 0, 0))
        strand.tokens.extend(tokens)
        strand.runs[-1].end += len(tokens)

    def cut(self, strand: Strand, length: int) -> None:
        """The strand keeps its first ``length`` tokens; what it decodes next is its own."""
        del strand.tokens[length:]
        strand.pinned = strand.pinned and length > 0
        strand.runs = _within(strand.runs, length)
        self._seal(strand)

    def share(self, source: Strand, target: Strand, length: int) -> None:
        """``target``, empty, holds the first ``length`` cells of ``source`` from now on."""
        target.tokens = source.tokens[:length]
        target.runs = _within(source.runs, length)
        self._seal(target)

    def touch(self, strand: Strand) -> None:
        """Used just now."""
        strand.last_used = next(self._turn)

    def _seal(self, strand: Strand) -> None:
        """Others may hold what follows in the last segment: never grow into it."""
        if strand.runs:
            end = strand.runs[-1].end
            strand.runs.append(Run(next(self._segment), end, end))

    # --- questions ----------------------------------------------------------------------

    @property
    def cells(self) -> int:
        """Cells in use; a shared one counts once."""
        return _cells([strand.runs for strand in self.strands])

    def seat(self, prompt: Sequence[int], room: int) -> Seat | None:
        """A strand for ``prompt`` and ``room`` more tokens, None while there is no place beside
        what running ones have reserved.

        At least the prompt's last token is never kept: its logits have to be computed.
        """
        best, kept = self._best(prompt)
        tries = [self._copied(best, kept, len(prompt) + room)]
        if best is not None and not best.busy and not best.pinned:
            continued = self._continued(best, kept, len(prompt) + room)
            tries.insert(0 if self._loses_little(best, kept) else 1, continued)
        return next((seat for seat in tries if seat is not None), None)

    def _continued(self, strand: Strand, kept: int, length: int) -> Seat | None:
        """The strand itself, cut to ``kept``."""
        gone = self._make_room(strand, kept, length - kept, spare=None)
        return None if gone is None else Seat(strand, kept, None, gone)

    def _copied(self, source: Strand | None, kept: int, length: int) -> Seat | None:
        """Another strand with a copy of the beginning, or with nothing."""
        idle = [s for s in self.strands if not s.busy and s is not source]
        target = min(idle, key=lambda s: (bool(s.tokens), s.pinned, s.last_used), default=None)
        if target is None:
            return None
        gone = self._make_room(target, 0, length - kept, spare=source)
        if gone is None:
            return None
        return Seat(target, kept, source, (*((target,) if target.tokens else ()), *gone))

    def copy_seat(self, strand: Strand) -> Seat | None:
        """Another strand to keep a copy of ``strand`` in, None where none is idle or another
        idle one holds the same already."""
        if any(s.tokens == strand.tokens for s in self.strands if s is not strand and not s.busy):
            return None
        return self._copied(strand, len(strand.tokens), len(strand.tokens))

    def room_for(self, strand: Strand, tokens: int) -> tuple[Strand, ...] | None:
        """Strands to forget for ``strand`` to grow, None when that is not enough."""
        return self._make_room(strand, len(strand.tokens), tokens, spare=None)

    def longest(self, prompt: Sequence[int]) -> int:
        """How many tokens of ``prompt`` are held already."""
        return self._best(prompt)[1]

    def _best(self, prompt: Sequence[int]) -> tuple[Strand | None, int]:
        """The strand that saves most, the idle and recent one among equals."""
        best, saved = None, 0
        for strand in sorted(self.strands, key=lambda s: (not s.busy, s.last_used), reverse=True):
            kept = self._kept(strand, prompt)
            if kept > saved:
                best, saved = strand, kept
        return (best, saved) if saved >= MIN_SHARED_TOKENS else (None, 0)

    def _kept(self, strand: Strand, prompt: Sequence[int]) -> int:
        kept = min(common(strand.tokens, prompt), len(prompt) - 1)
        whole = kept == len(strand.tokens)
        return kept if self._divisible or whole else 0

    def _loses_little(self, strand: Strand, kept: int) -> bool:
        lost = len(strand.tokens) - kept
        has_empty = any(not s.tokens and not s.busy for s in self.strands)
        losable = LOSABLE_UNFORCED if has_empty else LOSABLE_TOKENS
        return lost <= losable and lost <= kept

    def _make_room(
        self, target: Strand, kept: int, needed: int, spare: Strand | None
    ) -> tuple[Strand, ...] | None:
        """Least recently used strands that must go for ``target``, cut to ``kept``, to grow
        by ``needed`` cells; ``spare`` must stay. None when that is not enough."""
        others = [s for s in self.strands if s is not target]
        may_go = [s for s in others if not s.busy and s is not spare and s.tokens]
        may_go.sort(key=lambda s: (s.pinned, s.last_used))
        gone: list[Strand] = []
        own = _within(target.runs, kept)
        needed += sum(max(0, s.reserved - len(s.tokens)) for s in others if s.busy)
        while _cells([own, *(s.runs for s in others if s not in gone)]) + needed > self._capacity:
            if not may_go:
                return None
            gone.append(may_go.pop(0))
        return tuple(gone)


def _within(runs: Sequence[Run], length: int) -> list[Run]:
    return [Run(r.segment, r.start, min(r.end, length)) for r in runs if r.start < length]


def _cells(holdings: Sequence[Sequence[Run]]) -> int:
    """Each segment counts as far as the strand that holds most of it."""
    extent: dict[int, int] = {}
    for runs in holdings:
        for run in runs:
            extent[run.segment] = max(extent.get(run.segment, 0), run.end - run.start)
    return sum(extent.values())


def common(held: Sequence[int], prompt: Sequence[int]) -> int:
    """Length of the longest common beginning; slices compare at C's speed."""
    low, high = 0, min(len(held), len(prompt))
    if held[:high] == prompt[:high]:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if held[low:middle] == prompt[low:middle]:
            low = middle
        else:
            high = middle
    return low
