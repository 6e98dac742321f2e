"""Measuring while nothing waits, and giving way when the board is busy."""

from __future__ import annotations

from collections.abc import Sequence

from edge.engines.worker.context import NoCells
from edge.engines.worker.crew import GO_SECONDS, Crew
from edge.engines.worker.threads import CROWDED, DISTURBED_STEPS
from edge.engines.worker.trial import MOST_GOES, ThreadChoice, Trial
from edge.units import Seconds


class Board:
    """Steps that take as long as a table says, by its own clock."""

    def __init__(self, scale: float = 1.0) -> None:
        self.threads = 4
        self.used: list[tuple[int, int]] = []
        self.now = 0.0
        self.scale = scale
        self.steps = 0
        self.interrupted = False
        self.full = False

    def clock(self) -> float:
        return self.now

    def use_threads(self, writing: int, reading: int) -> None:
        self.used.append((writing, reading))

    can_try_out = True

    def try_out(self, tokens: Sequence[int], *, interruptible: bool) -> bool:
        self.steps += 1
        threads = self.used[-1][0]
        each = {4: 0.09, 3: 0.085, 2: 0.08} if len(tokens) == 1 else {4: 0.4, 3: 0.55}
        self.now += each[threads] * self.scale
        if self.full:
            raise NoCells("full")
        return not (interruptible and self.interrupted)


class Watched:
    """A crew over a board, and what it said and kept."""

    def __init__(self, board: Board, *, interruptible: bool = True) -> None:
        self.board = board
        self.kept: list[ThreadChoice] = []
        self.told: list[str] = []
        self.crew = Crew(
            board,
            trial=Trial((4, 3, 2), (4, 3)),
            interruptible=interruptible,
            keep=self.kept.append,
            clock=board.clock,
        )
        self.crew.tell = self.told.append

    def go(self) -> float:
        """One idle moment; how long it was used."""
        began = self.board.now
        while self.crew.trying:
            self.crew.step()
        return self.board.now - began


def test_the_fastest_are_used_kept_and_told():
    watched = Watched(Board(scale=0.1))
    watched.go()
    assert watched.crew.now == (2, 4)
    assert watched.board.used[-1] == (2, 4)
    assert [(choice.writing, choice.reading) for choice in watched.kept] == [(2, 4)]
    assert watched.told == [watched.kept[0].reason]


def test_an_idle_moment_is_used_for_two_seconds_and_the_next_goes_on():
    watched = Watched(Board())
    longest = 0.55
    goes = 0
    while not watched.kept:
        assert watched.go() < GO_SECONDS + longest
        assert watched.board.used[-1] == (4, 4) or watched.kept
        watched.crew.worked()
        goes += 1
    assert 1 < goes < MOST_GOES
    assert watched.crew.now == (2, 4)


def test_a_board_that_is_never_idle_for_long_stays_as_planned():
    watched = Watched(Board(scale=20))
    for _ in range(MOST_GOES + 1):
        watched.go()
        watched.crew.worked()
    assert watched.kept == []
    assert watched.told[0].startswith("threads: 4 as planned")
    assert not watched.crew.trying


def test_an_interrupt_ends_a_step_and_not_the_trial():
    watched = Watched(Board(scale=0.1))
    watched.board.interrupted = True
    watched.crew.step()
    assert watched.crew.trying
    assert watched.crew.now == (4, 4)
    watched.board.interrupted = False
    watched.go()
    assert watched.crew.now == (2, 4)


def test_states_that_cannot_be_cut_are_not_interrupted():
    watched = Watched(Board(scale=0.1), interruptible=False)
    watched.board.interrupted = True
    watched.go()
    assert watched.crew.now == (2, 4)


def test_an_engine_that_has_no_room_ends_the_trial():
    watched = Watched(Board())
    watched.board.full = True
    watched.go()
    assert (watched.board.steps, watched.kept) == (1, [])
    assert watched.crew.now == (4, 4)


def test_without_a_trial_there_is_nothing_to_try():
    crew = Crew(board := Board())
    assert not crew.trying
    crew.step()
    assert board.used == []


def test_a_busy_board_takes_one_thread_from_both():
    crew = Crew(board := Board(), clock=lambda: 0.0)
    crew.use(ThreadChoice(2, 4, ""))
    for _ in range(20):
        crew.learn(Seconds(0.03))
    for _ in range(DISTURBED_STEPS):
        crew.learn(Seconds(0.03 * CROWDED * 2))
    assert crew.now == (1, 3)
    assert board.used[-1] == (1, 3)


def test_without_an_empty_sequence_nothing_is_tried_and_later_it_is():
    watched = Watched(Board(scale=0.1))
    watched.board.can_try_out = False
    assert not watched.crew.trying
    watched.crew.step()
    assert not watched.board.steps
    watched.board.can_try_out = True
    watched.go()
    assert watched.kept
