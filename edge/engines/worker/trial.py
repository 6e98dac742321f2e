"""Which thread counts are tried, in which order, and which are taken; pure.

Every round tries each count once, so that a board that heats up or is disturbed treats
them alike, and counts are compared within rounds only. What was planned stays unless
another count is clearly faster. Knows counts and seconds only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from edge.units import Seconds

MARGIN = 1.08
"""So many times as fast as the planned count another has to be: less is noise."""

NOISY = 1.5
"""Times of one count that differ by more, the longest left out, say that the board is busy."""

WRITING_ROUNDS = 5
READING_ROUNDS = 3

READ_TOKENS = 32
"""Tokens of a step that reads, enough to be bound by computing."""

SLOW_READ_TOKENS = 16
SLOW_STEP = Seconds(0.1)
"""A board whose steps of one token take longer reads fewer: a step has to stay small."""

LONGER_READS = 4
READING_STEPS = 2.0
"""Where a step that reads takes less than so many that write, reading weights is what it waits
for, as on a GPU: steps so many times as long say more."""

MOST_GOES = 12
"""Idle moments that are used at most; what is not settled by then stays as planned."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One step to be timed."""

    threads: int
    tokens: int


@dataclass(frozen=True, slots=True)
class ThreadChoice:
    """How many threads write (steps of one token) and read; ``reason`` is for the person.
    ``writes`` and ``reads``: tokens a second with them, in steps of one token and in long
    ones; 0 where nothing was measured."""

    writing: int
    reading: int
    reason: str
    writes: float = 0.0
    reads: float = 0.0


class Rounds:
    """The times of one kind of step. ``counts``: the planned one first."""

    def __init__(self, counts: Sequence[int], wanted: int) -> None:
        self._counts = tuple(counts)
        self._wanted = wanted
        self._rounds: list[tuple[float, ...]] = []
        self._now: list[float] = []
        self._warm = False

    @property
    def is_warm(self) -> bool:
        return self._warm

    @property
    def done(self) -> bool:
        return len(self._rounds) >= self._wanted

    @property
    def next(self) -> int:
        return self._counts[len(self._now)]

    def learn(self, took: Seconds) -> None:
        """The very first step finds cold memory and is not counted."""
        if not self._warm:
            self._warm = True
            return
        self._now.append(took)
        if len(self._now) == len(self._counts):
            self._rounds.append(tuple(self._now))
            self._now = []

    def break_off(self) -> None:
        """What comes next is another time: the round begun is worth nothing."""
        self._now = []

    @property
    def steady(self) -> bool:
        return all(_spread(times) < NOISY for times in zip(*self._rounds, strict=True))

    def fastest(self) -> int:
        """The planned count, or one that is faster by MARGIN in the median round."""
        gains = [
            (median(one[0] / one[place] for one in self._rounds), -count)
            for place, count in enumerate(self._counts)
        ]
        gain, negative = max(gains)
        return -negative if gain >= MARGIN else self._counts[0]

    def seconds(self, count: int) -> float:
        """A step's time with that many threads, the median."""
        place = self._counts.index(count)
        return median(one[place] for one in self._rounds)


class Trial:
    """Asks for probes until enough is known. One probe at a time: ``next``, then ``learn``
    or ``break_off``."""

    def __init__(self, writing: Sequence[int], reading: Sequence[int]) -> None:
        self._counts = (tuple(writing), tuple(reading))
        self._goes = 0
        self._reset()

    def _reset(self) -> None:
        writing, reading = self._counts
        self._writing = Rounds(writing, WRITING_ROUNDS)
        self._reading = Rounds(reading, READING_ROUNDS)
        self._longer = 1

    def begin(self) -> bool:
        """An idle moment begins; False when there were enough of them."""
        self._goes += 1
        self.break_off()
        return self._goes <= MOST_GOES

    def next(self) -> Probe | None:
        """None when everything was tried."""
        if not self._writing.done:
            return Probe(self._writing.next, 1)
        if not self._reading.done:
            return Probe(self._reading.next, self._read_tokens)
        return None

    def learn(self, took: Seconds) -> None:
        if not self._writing.done:
            self._writing.learn(took)
            return
        if not self._reading.is_warm and took < READING_STEPS * self._one_token:
            self._longer = LONGER_READS
        self._reading.learn(took)

    def break_off(self) -> None:
        self._writing.break_off()
        self._reading.break_off()

    def choice(self) -> ThreadChoice | None:
        """What all the probes say; None where they say different things: try once more."""
        if not (self._writing.steady and self._reading.steady):
            self._reset()
            return None
        writing, reading = self._writing.fastest(), self._reading.fastest()
        measured = f"measured {self._speeds(writing, reading)} tokens/s"
        planned = (self._counts[0][0], self._counts[1][0])
        if (writing, reading) != planned:
            measured += f", {self._speeds(*planned)} with {planned[0]} as planned"
        reason = f"threads: {writing} to write, {reading} to read: {measured}"
        return ThreadChoice(writing, reading, reason, *self._measured(writing, reading))

    def given_up(self) -> ThreadChoice:
        """What was planned, as nothing was settled."""
        writing, reading = self._counts[0][0], self._counts[1][0]
        why = "as planned: this board was never quiet for long enough to measure"
        return ThreadChoice(writing, reading, f"threads: {writing} {why}")

    def _speeds(self, writing: int, reading: int) -> str:
        writes, reads = self._measured(writing, reading)
        return f"{writes:.1f} and {reads:.1f}"

    def _measured(self, writing: int, reading: int) -> tuple[float, float]:
        """Tokens written and read a second with so many threads. A step reads the weights once
        for all its tokens: what one token less would take is left out of those that are read."""
        one, many = self._writing.seconds(writing), self._reading.seconds(reading)
        return 1 / one, (self._read_tokens - 1) / max(many - one, many / 2)

    @property
    def _one_token(self) -> float:
        return self._writing.seconds(self._counts[0][0])

    @property
    def _read_tokens(self) -> int:
        slow = self._one_token > SLOW_STEP
        return self._longer * (SLOW_READ_TOKENS if slow else READ_TOKENS)


def _spread(times: Sequence[float]) -> float:
    """Longest by shortest; one disturbance is forgiven."""
    ordered = sorted(times)
    return ordered[-2] / ordered[0] if len(ordered) > 2 else ordered[-1] / ordered[0]
