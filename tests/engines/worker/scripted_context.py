"""A context without llama.cpp: every token follows from the ones before, by arithmetic.

It keeps the books that llama.cpp keeps (who holds which cell), so that whoever appends at
the wrong place, reads logits nobody asked for or takes more cells than there are, fails.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from edge.engines.worker.context import NoCells, Part
from edge.engines.worker.costs import TILE_ROWS
from edge.errors import EngineError

VOCABULARY = 64
END = 0


def successor(tokens: Sequence[int]) -> int:
    """The one token that follows; END about every thirtieth time."""
    value = 7
    for token in tokens[-6:]:
        value = (value * 31 + token + 1) % 1009
    return value % VOCABULARY if value % 30 else END


def continuation(prompt: Sequence[int], limit: int) -> list[int]:
    """What a greedy answer to ``prompt`` is, without its END."""
    written: list[int] = []
    while len(written) < limit and (token := successor([*prompt, *written])) != END:
        written.append(token)
    return written


class ScriptedVocabulary:
    def piece(self, token: int) -> bytes:
        return f"<{token}>".encode()

    def ends_generation(self, token: int) -> bool:
        return token == END


class ScriptedContext:
    """``interrupt_after``: tokens of an interruptible decode that are kept when the loop's
    ``interrupt`` says so."""

    def __init__(
        self,
        size: int,
        *,
        batch_size: int = 64,
        unit: int = 16,
        sequences: int = 8,
        divisible: bool = True,
    ) -> None:
        self._divisible = divisible
        self.size = size
        self.batch_size = batch_size
        self.unit = unit
        self.outputs = batch_size
        self.threads = 2
        self.tiles = divisible and unit >= TILE_ROWS
        self.attention = 0.001
        self.threads_used: list[tuple[int, int]] = []
        self.tried: list[int] = []
        self.before_try: Callable[[], None] = lambda: None
        self.interrupt: Callable[[], bool] = lambda: False
        self.before_decode: Callable[[], None] = lambda: None
        self.breaks_at: int | None = None
        self.decodes: list[list[tuple[int, int]]] = []
        self.padded: list[int] = []
        self._cells: list[list[tuple[int, object]]] = [[] for _ in range(sequences)]
        self._rows: dict[int, NDArray[np.float32]] = {}

    @property
    def used(self) -> int:
        return len({id(cell) for cells in self._cells for _, cell in cells})

    def tokens(self, sequence: int) -> list[int]:
        return [token for token, _ in self._cells[sequence]]

    def decode(
        self, parts: Sequence[Part], *, interruptible: bool = False, padding: int = 0
    ) -> bool:
        self.before_decode()
        assert self._divisible or not padding
        self.padded.append(padding)
        self.decodes.append([(part.sequence, len(part.tokens)) for part in parts])
        if self.breaks_at == len(self.decodes):
            raise EngineError("llama_decode gave -3")
        total = sum(len(part.tokens) for part in parts) + padding
        assert 0 < total <= self.batch_size
        assert sum(part.wanted for part in parts) <= self.outputs
        assert len({part.sequence for part in parts}) == len(parts)
        if self.used + total > self.size:
            raise NoCells("full")
        self._rows.clear()
        row = 0
        for part in parts:
            assert part.position == len(self._cells[part.sequence])
            for index, token in enumerate(part.tokens):
                assert self._divisible or not interruptible
                if interruptible and row >= self.unit and self.interrupt():
                    return False
                self._cells[part.sequence].append((token, object()))
                if index >= len(part.tokens) - part.wanted:
                    self._rows[row] = self._row(part.sequence)
                row += 1
        return True

    def _row(self, sequence: int) -> NDArray[np.float32]:
        logits = np.zeros(VOCABULARY, dtype=np.float32)
        logits[successor(self.tokens(sequence))] = 9.0
        return logits

    def use_threads(self, writing: int, reading: int) -> None:
        self.threads_used.append((writing, reading))

    @property
    def can_try_out(self) -> bool:
        return self._divisible or not all(self._cells)

    def try_out(self, tokens: Sequence[int], *, interruptible: bool) -> bool:
        assert self._divisible or not interruptible
        self.before_try()
        self.tried.append(len(tokens))
        return not (interruptible and self.interrupt())

    def logits(self, row: int) -> NDArray[np.float32]:
        return self._rows[row]

    def held(self, sequence: int) -> int:
        return len(self._cells[sequence])

    def truncate(self, sequence: int, length: int) -> bool:
        # What llama.cpp says to that cannot be relied on.
        assert self._divisible or length == 0
        del self._cells[sequence][length:]
        return True

    def copy(self, source: int, target: int, length: int) -> None:
        assert not self._cells[target]
        assert length <= len(self._cells[source])
        assert self._divisible or length == len(self._cells[source])
        self._cells[target] = self._cells[source][:length]

    def state_size(self, sequence: int) -> int:
        return len(self.save(sequence, 0, self.held(sequence)))

    def save(self, sequence: int, start: int, end: int) -> memoryview:
        assert self._divisible or (start, end) == (0, self.held(sequence))
        return memoryview(json.dumps(self.tokens(sequence)[start:end]).encode())

    def restore(self, sequence: int, state: memoryview) -> bool:
        assert self._divisible or not self._cells[sequence]
        tokens = json.loads(bytes(state))
        if self.used + len(tokens) > self.size:
            return False
        self._cells[sequence] += [(token, object()) for token in tokens]
        return True

    def clear(self) -> None:
        for cells in self._cells:
            cells.clear()
