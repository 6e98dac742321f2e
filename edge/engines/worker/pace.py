"""How much to decode at once: learnt from what the last steps took; pure.

A step cannot be interrupted everywhere, so its length bounds how late a cancellation is
seen, and how long a running answer stands still while somebody else's prompt is read.
Knows counts and seconds only; what steps take by their shape is costs.py's.
"""

from __future__ import annotations

from collections.abc import Sequence

from edge.engines.worker.costs import TILE_ROWS, StepCosts, Stretch, rows_of
from edge.units import Seconds

TARGET_SECONDS = Seconds(2.0)
"""A step at most, as far as that can be chosen."""

PATIENCE = 2.2
"""How many times its own time a running answer may take because of others' prompts: each step,
or all together where a long one comes now and then."""

CALM_STEPS, LONG_STEPS = 32, 4
"""Steps of running answers for each that takes longer than PATIENCE, and how many such may come
at once after a calm time: fewer than one gap in twenty of a stream is long, and a short prompt
does not wait."""

LONGEST_SECONDS = 4.0
"""A step that is long for the sake of tiles at most, where fewer rows take less."""

SLICES = (4, 8, 16, 32, 64, 128, 256, 512)
"""Rows of a step, of answers and prompts together, that are weighed beside running answers: whole
tiles of kernels. Only up to one tile of attention may be too long for every step."""

PAD_FROM = 8
PAYS = 0.9
"""Fewer rows are never padded to a tile of attention, and none to save less than a tenth."""

MIN_CHUNK_TOKENS = 32

DRAFT_LENGTHS = (3, 7, 15, 23, 63)
"""Lengths of drafts that are weighed: with the token before them whole tiles of four rows,
which llama.cpp's repacked kernels compute at the price of fewer. From 64 rows on its fused
attention works in tiles, too: behind 8,192 tokens of a 0.5B model 24 rows took 0.89 s, 48 rows
1.59 s and 64 rows 1.24 s (two x86 cores, llama-cpp-python 0.3.36)."""

ROWS_ALONE = 64
ROWS_BESIDE = 24
"""Tokens of one answer in a step at most, alone and while another runs."""

DRAFT_PATIENCE = 1.25
"""How many times its own time a running answer's step may take because of another's draft: it
would wait for what the other gains."""

REMEMBERED = 256
"""Steps without drafts after which what a longer one took is forgotten: it may have been a bad
moment, and what is thought dear is never measured again."""

_HOPED = 3
"""Tokens beside others for the price of one alone, until prompts were read."""

_NEW = 0.25
"""Weight of the newest measurement: boards heat up, contexts grow."""


class Pace:
    """Learns from steps; answers how many tokens the next one should take.

    ``whole``: the size that the engine works in, of which long chunks are multiples.
    """

    def __init__(
        self, largest: int, whole: int = MIN_CHUNK_TOKENS, costs: StepCosts | None = None
    ) -> None:
        self._largest = largest
        self._whole = whole
        self._costs = costs or StepCosts(1e-4, tiles=False)
        self._read: float | None = None
        self._steps: dict[int, float] = {}
        self._seen: dict[int, int] = {}
        self._singles = 0
        self._owed = -LONGEST_SECONDS
        self._interrupted = False
        self._calm = LONG_STEPS * CALM_STEPS
        self.running = 1
        """Answers that run; kept true by the loop."""

    def learn(
        self,
        answers: Sequence[Stretch],
        read: Sequence[Stretch],
        took: Seconds,
        padding: int = 0,
    ) -> None:
        """A step with these tokens of answers, drafts among them, and of prompts took so long,
        with ``padding`` behind them."""
        self._costs.learn([*answers, *read, Stretch(padding, 0)], took)
        rows, tokens = rows_of(answers), rows_of(read)
        if not tokens:
            self._owed = max(-LONGEST_SECONDS, self._owed - (PATIENCE - 1) * took)
            self._calm = min(LONG_STEPS * CALM_STEPS, self._calm + 1)
            self._steps[rows] = _mixed(self._steps.get(rows), took)
            self._seen[rows] = self._singles = self._singles + (rows <= self.running)
            self._forget()
        elif rows:
            alone = self._costs.seconds(answers)
            if took > PATIENCE * alone:
                # Bounded: a machine that was crowded for a while owes its answers no minutes.
                self._owed = min(self._owed + took - alone, max(took - alone, LONGEST_SECONDS))
                self._calm = max(self._calm - CALM_STEPS, 0)
        elif tokens >= MIN_CHUNK_TOKENS:
            self._read = _mixed(self._read, took / tokens)

    def yields(self, answers: Sequence[Stretch], read: Sequence[Stretch]) -> Seconds:
        """How long a step that only reads can be given up for somebody who comes: while less is
        lost than is waited for otherwise, and never twice in a row, so that reading goes on."""
        again, self._interrupted = self._interrupted, False
        if answers or again or not self._read:
            return Seconds(0.0)
        return Seconds(self._costs.seconds(read) / 2)

    def interrupted(self) -> None:
        """The last step was, and is to be done again."""
        self._interrupted = True

    def _forget(self) -> None:
        old = [n for n, at in self._seen.items() if n > 1 and self._singles - at > REMEMBERED]
        for rows in old:
            del self._steps[rows], self._seen[rows]

    def chunk(self, behind: int) -> int:
        """Prompt tokens, ``behind`` others of theirs, for a step that nobody waits for.

        Where attention works in tiles a step can be interrupted, and fewer than a whole unit
        cost a quarter more for each: threads share out heads and rows unevenly."""
        if not self._read:
            return self._whole
        least = self._whole if self._costs.tiles else MIN_CHUNK_TOKENS
        sizes = [*range(self._largest, 0, -self._whole), *range(self._whole, least, -least)]
        fitting = (n for n in sizes if self._takes(n, behind) <= TARGET_SECONDS)
        return next(fitting, min(least, self._largest))

    def _takes(self, count: int, behind: int) -> Seconds:
        return self._costs.seconds([Stretch(count, behind)])

    def slice(self, answers: Sequence[Stretch], behind: int, left: int) -> int:
        """How many of ``left`` prompt tokens, ``behind`` others of theirs, go beside the running
        ``answers``: what brings them furthest within PATIENCE. 0 while it is the answers' turn."""
        alone, rows = self._costs.seconds(answers), rows_of(answers)
        most = self.chunk(behind)
        best, best_rate, is_long = 0, 0.0, False
        for size in SLICES:
            count = min(size - rows, left, most)
            if count <= 0:
                continue
            took = self._padded([*answers, Stretch(count, behind)])
            too_long = took > PATIENCE * alone
            if too_long and (size > TILE_ROWS or (best and took > LONGEST_SECONDS)):
                break
            pause = max(CALM_STEPS * alone, (took - alone) / (PATIENCE - 1)) if too_long else 0.0
            if count / (took + pause) > best_rate:
                best, best_rate, is_long = count, count / (took + pause), too_long
        may = not is_long or (self._owed <= 0 and self._calm >= CALM_STEPS)
        return best if may else 0

    def whole(self, count: int, behind: int) -> int:
        """``count`` tokens of a prompt, or as many as fill tiles where the rest is cheaper
        alone."""
        over = count % TILE_ROWS
        if count < TILE_ROWS or not over or not self._costs.tiles:
            return count
        first = count - over
        apart = self._takes(first, behind) + self._padded([Stretch(over, behind + first)])
        return first if apart < self._takes(count, behind) else count

    def _padded(self, step: Sequence[Stretch]) -> float:
        """Seconds of a step with what pads it."""
        return self._costs.seconds([*step, Stretch(self.padding(step), 0)])

    def padding(self, step: Sequence[Stretch]) -> int:
        """Rows of nothing that make a step cheaper: attention works in tiles from TILE_ROWS
        rows on."""
        rows = rows_of(step)
        if not self._costs.tiles or not PAD_FROM <= rows < TILE_ROWS:
            return 0
        more = TILE_ROWS - rows
        padded = self._costs.seconds([*step, Stretch(more, 0)])
        return more if padded < PAYS * self._costs.seconds(step) else 0

    def draft_length(self, chance: float) -> int:
        """How many drafted tokens bring all that run most tokens a second, each accepted with
        ``chance`` if the one before was; 0 where drafting does not pay."""
        others = self.running - 1
        most = DRAFT_PATIENCE * (self.seconds(self.running) or 0.0) if others else TARGET_SECONDS
        best, best_rate = 0, 0.0
        for length in (0, *(length for length in DRAFT_LENGTHS if length < self.rows)):
            seconds = self.seconds(others + length + 1)
            if not seconds:
                return 0 if others else DRAFT_LENGTHS[1]
            rate = (others + gained(chance, length)) / seconds
            if rate > best_rate and (length == 0 or seconds <= most):
                best, best_rate = length, rate
        return best

    @property
    def rows(self) -> int:
        """Tokens that each running answer may have decoded in one step."""
        most = self._largest // max(1, self.running)
        return min(ROWS_ALONE if self.running < 2 else ROWS_BESIDE, most)

    def seconds(self, rows: int) -> float | None:
        """What a step of so many rows takes: as seen, or as hoped from its neighbours."""
        if rows in self._steps:
            return self._steps[rows]
        fewer = max((n for n in self._steps if n < rows), default=None)
        if fewer is None:
            return min(self._steps.values(), default=None)
        each = self._read or self._steps[fewer] / fewer / _HOPED
        return self._steps[fewer] + (rows - fewer) * each

    def least(self, rows: int) -> float | None:
        """What a step of so many rows takes: as seen, or no less than fewer rows take and
        reading as many does. For whoever has to try it once to know."""
        if rows in self._steps:
            return self._steps[rows]
        fewer = [took for n, took in self._steps.items() if n < rows]
        return max(*fewer, rows * (self._read or 0.0)) if fewer else None


def gained(chance: float, length: int) -> float:
    """Tokens of one step on average: the chosen one and the drafts accepted before it."""
    return sum(chance**n for n in range(length + 1))


def _mixed(old: float | None, new: float) -> float:
    return new if old is None else (1 - _NEW) * old + _NEW * new
