"""What a step takes, by its rows and what they attend to: learnt from steps; pure.

A step reads the weights once, computes every row with them, and lets every row attend to the
cells of its sequence. llama.cpp's fused attention on a CPU computes fewer than TILE_ROWS rows
one by one, and more in tiles, several times faster a row; a tile that is not full costs as much
as a full one. The relation of these four costs comes from the model's shape until steps were
seen, their size and the rest from the steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.units import Seconds

TILE_ROWS = 64
"""llama.cpp's GGML_FA_TILE_Q."""

_FIXED, _SINGLE, _TILED = 6.0, 18.0, 4.0
"""At first: the weights' own cost in rows, and how many times the time of a row's arithmetic with
the weights as much arithmetic takes in attention, row by row and in tiles. Two x86 cores with
AVX2, Qwen2.5-Coder-0.5B, llama-cpp-python 0.3.36, 4,096 and 20,480 tokens deep."""

_NEW = 0.25
"""Weight of the newest step."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """``rows`` of one sequence in a step, behind ``behind`` tokens of it."""

    rows: int
    behind: int


def rows_of(step: Sequence[Stretch]) -> int:
    """All rows of a step."""
    return sum(stretch.rows for stretch in step)


class StepCosts:
    """``attention``: arithmetic of a row's attention to one cell, in parts of that with the
    weights. ``tiles``: whether attention works in tiles, as it does with f16 keys on a CPU."""

    def __init__(self, attention: float, *, tiles: bool) -> None:
        self.tiles = tiles
        single = _SINGLE if tiles else _TILED
        self._costs = [_FIXED, 1.0, single * attention, _TILED * TILE_ROWS * attention]
        self._measured = False

    def seconds(self, step: Sequence[Stretch]) -> Seconds:
        """Of a step of these; until one was seen in a unit of its own."""
        return Seconds(sum(self._parts(step)))

    def learn(self, step: Sequence[Stretch], took: Seconds) -> None:
        """Each cost changes by its part in what was expected."""
        if took <= 0:
            return
        parts = self._parts(step)
        total = sum(parts)
        if not self._measured:
            self._costs = [cost * took / total for cost in self._costs]
            self._measured = True
            return
        weight = _NEW * (took / total - 1) * total / sum(part * part for part in parts)
        self._costs = [
            cost * min(2.0, max(0.5, 1 + weight * part))
            for cost, part in zip(self._costs, parts, strict=True)
        ]

    def _parts(self, step: Sequence[Stretch]) -> list[float]:
        rows = rows_of(step)
        single, tiled = 0.0, 0.0
        if self.tiles and rows >= TILE_ROWS:
            tiled = float(_tiled(step))
        else:
            single = sum(s.rows * (s.behind + s.rows / 2) for s in step)
        amounts = (1.0, float(rows), single, tiled)
        return [cost * amount for cost, amount in zip(self._costs, amounts, strict=True)]


def _tiled(step: Sequence[Stretch]) -> int:
    """Cells that all tiles look at: a tile of several sequences looks at those of each."""
    first, cells = 0, 0
    for stretch in step:
        last = first + stretch.rows
        tiles = -(-last // TILE_ROWS) - first // TILE_ROWS
        cells += tiles * (stretch.behind + stretch.rows)
        first = last
    return cells
