"""Which retained token sequences a new prompt can continue; pure bookkeeping.

Knows no llama.cpp: it returns a Seat that says what to copy, cut and keep, and the
inference loop does it. One thread only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

SHARE_BELOW = 0.5
"""A prompt that keeps less than this part of a sequence copies the common beginning
instead of cutting the sequence down: a title request must not cost a long session."""

MIN_SHARED_TOKENS = 32
"""Shorter beginnings (a template's first words) are not worth a copy."""


@dataclass(slots=True)
class Slot:
    """One llama.cpp sequence and the tokens its KV state stands for."""

    sequence: int
    tokens: list[int] = field(default_factory=list)
    last_used: int = 0


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a prompt goes: ``kept`` tokens are there already once ``copy_from`` (if any)
    was copied and ``evicted`` sequences were cleared."""

    slot: Slot
    kept: int
    copy_from: int | None
    evicted: tuple[Slot, ...]


class Slots:
    """All sequences of one context that holds ``capacity`` tokens in total."""

    def __init__(self, count: int, capacity: int) -> None:
        self._slots = [Slot(sequence) for sequence in range(count)]
        self._capacity = capacity
        self._turn = 0

    @property
    def count(self) -> int:
        return len(self._slots)

    def make_room(self, active: Slot) -> tuple[Slot, ...]:
        """Others that must go for ``active`` to grow by one token."""
        return self._evict(active, len(active.tokens) + 1, None)

    def seat(self, prompt: Sequence[int], room: int) -> Seat:
        """A place for ``prompt`` and ``room`` more tokens. At least the prompt's last
        token is never counted as kept: its logits have to be computed."""
        self._turn += 1
        best = max(self._slots, key=lambda slot: (common(slot.tokens, prompt), slot.last_used))
        kept = min(common(best.tokens, prompt), len(prompt) - 1)
        others = [slot for slot in self._slots if slot is not best or not slot.tokens]
        if others and (kept < MIN_SHARED_TOKENS or len(best.tokens) > kept / SHARE_BELOW):
            target = min(others, key=lambda slot: (bool(slot.tokens), slot.last_used))
            source = best.sequence if kept >= MIN_SHARED_TOKENS else None
            kept = kept if source is not None else 0
        else:
            target, source = best, None
        target.last_used = self._turn
        evicted = self._evict(target, len(prompt) + room, source)
        return Seat(target, kept, source, evicted)

    def _evict(self, target: Slot, needed: int, source: int | None) -> tuple[Slot, ...]:
        """The least recently used others that must go for ``needed`` tokens to fit."""
        others = sorted(
            (slot for slot in self._slots if slot is not target and slot.tokens),
            key=lambda slot: (slot.sequence == source, slot.last_used),
        )
        evicted = []
        while others and sum(len(s.tokens) for s in others) + needed > self._capacity:
            evicted.append(others.pop(0))
        return tuple(evicted)


def common(held: Sequence[int], prompt: Sequence[int]) -> int:
    """Length of the longest common beginning."""
    for index, (left, right) in enumerate(zip(held, prompt, strict=False)):
        if left != right:
            return index
    return min(len(held), len(prompt))
