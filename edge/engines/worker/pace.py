"""How much to decode at once: learnt from what the last steps took; pure.

A step cannot be interrupted everywhere, so its length bounds how late a cancellation is
seen, and how long a running answer stands still while somebody else's prompt is read.
Knows counts and seconds only.
"""

from __future__ import annotations

from edge.units import Seconds

TARGET_SECONDS = Seconds(2.0)
"""A step at most, as far as that can be chosen."""

PATIENCE = 2.2
"""How many times its own time a running answer's step may take because of others' prompts."""

MIN_CHUNK_TOKENS = 32
MIN_SLICE_TOKENS = 8
"""What prompts get in each step at least, beside running answers."""

DRAFT_LENGTHS = (3, 7, 15, 23, 63)
"""Lengths of drafts that are weighed: with the token before them whole tiles of four rows,
which llama.cpp's repacked kernels compute at the price of fewer. From 64 rows on its fused
attention works in tiles, too: behind 8,192 tokens of a 0.5B model 24 rows took 0.89 s, 48 rows
1.59 s and 64 rows 1.24 s (two x86 cores, llama-cpp-python 0.3.36)."""

ROWS_BESIDE = 24
"""Tokens of one answer in a step at most while another runs."""

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

    def __init__(self, largest: int, whole: int = MIN_CHUNK_TOKENS) -> None:
        self._largest = largest
        self._whole = whole
        self._read: float | None = None
        self._beside: float | None = None
        self._steps: dict[int, float] = {}
        self._seen: dict[int, int] = {}
        self._singles = 0
        self.running = 1
        """Answers that run; kept true by the loop."""

    def learn(self, rows: int, read: int, took: Seconds) -> None:
        """A step with ``rows`` tokens of answers, drafts among them, and ``read`` tokens of
        prompts took so long."""
        if rows and not read:
            self._steps[rows] = _mixed(self._steps.get(rows), took)
            self._seen[rows] = self._singles = self._singles + (rows <= self.running)
            self._forget()
        elif rows and (alone := self.seconds(rows)) is not None:
            self._beside = _mixed(self._beside, max(0.0, took - alone) / read)
        elif read >= MIN_CHUNK_TOKENS:
            self._read = _mixed(self._read, took / read)

    def _forget(self) -> None:
        old = [n for n, at in self._seen.items() if n > 1 and self._singles - at > REMEMBERED]
        for rows in old:
            del self._steps[rows], self._seen[rows]

    @property
    def chunk(self) -> int:
        """Prompt tokens for a step that nobody waits for."""
        if not self._read:
            return self._whole
        tokens = int(TARGET_SECONDS / self._read)
        whole = self._whole if tokens >= self._whole else MIN_CHUNK_TOKENS
        return min(self._largest, max(1, tokens // whole) * whole)

    def slice(self, rows: int) -> int:
        """Prompt tokens beside ``rows`` tokens of running answers."""
        alone = self.seconds(rows)
        each = self._beside if self._beside is not None else self._read
        if alone is None or not each:
            return MIN_CHUNK_TOKENS
        spare = int(alone * (PATIENCE - 1) / each)
        return max(MIN_SLICE_TOKENS, min(self.chunk, spare))

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
        return most if self.running < 2 else min(ROWS_BESIDE, most)

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
