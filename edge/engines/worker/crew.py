"""The threads that work on a step: as planned, measured while idle, fewer on a busy board.

The shell around trial.py and threads.py: it owns the clock and sets the context's counts.
Inference thread only; the loop says when nothing else waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from edge.engines.worker.threads import Threads
from edge.engines.worker.trial import ThreadChoice, Trial
from edge.errors import EngineError
from edge.units import Seconds

GO_SECONDS = Seconds(2.0)
"""How long one idle moment is used at most: trying costs power and heat."""

_FIRST_TOKEN = 3
"""Tokens to try with are any that every vocabulary has, and differ, as experts do."""


class Steps(Protocol):
    """What the crew needs of context.Context."""

    threads: int

    @property
    def can_try_out(self) -> bool: ...

    def use_threads(self, writing: int, reading: int) -> None: ...

    def try_out(self, tokens: Sequence[int], *, interruptible: bool) -> bool: ...


class Crew:
    """``keep`` is given what was measured; ``tell`` gets every choice in words."""

    def __init__(
        self,
        context: Steps,
        *,
        trial: Trial | None = None,
        interruptible: bool = True,
        keep: Callable[[ThreadChoice], None] = lambda choice: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._context = context
        self._trial = trial
        self._interruptible = interruptible
        self._keep = keep
        self._clock = clock
        self._threads = Threads(context.threads)
        self._writing = self._reading = context.threads
        self._began: float | None = None
        self._resting = False
        self.tell: Callable[[str], None] = lambda text: None

    @property
    def now(self) -> tuple[int, int]:
        """Threads that write and that read."""
        given_away = self._writing - self._threads.now
        return self._threads.now, max(1, self._reading - given_away)

    # --- while work is done -----------------------------------------------------------------

    def worked(self) -> None:
        """A request came: the next idle moment may be used again."""
        self._began, self._resting = None, False

    def learn(self, took: Seconds) -> None:
        """A step of one token took so long."""
        before = self._threads.now
        self._threads.learn(took, self._clock())
        if self._threads.now != before:
            self._context.use_threads(*self.now)

    # --- while there is none ----------------------------------------------------------------

    @property
    def trying(self) -> bool:
        """Whether ``step`` has something to try, and room for it."""
        return self._trial is not None and not self._resting and self._context.can_try_out

    def step(self) -> None:
        """One small step of the trial, if there is one; an interrupt only breaks off a round."""
        if self._trial is None or not self.trying or not self._has_time(self._trial):
            return
        probe = self._trial.next()
        if probe is None:
            self._conclude(self._trial.choice())
            return
        self._context.use_threads(probe.threads, probe.threads)
        tokens = range(_FIRST_TOKEN, _FIRST_TOKEN + probe.tokens)
        began = self._clock()
        try:
            done = self._context.try_out(tokens, interruptible=self._interruptible)
        except EngineError:
            self._settle(self._trial.given_up())
            return
        finally:
            self._context.use_threads(*self.now)
        if done:
            self._trial.learn(Seconds(self._clock() - began))
        else:
            self._trial.break_off()

    def _has_time(self, trial: Trial) -> bool:
        if self._began is None:
            self._began = self._clock()
            if not trial.begin():
                self._settle(trial.given_up())
                return False
        self._resting = self._clock() - self._began >= GO_SECONDS
        return not self._resting

    def _conclude(self, choice: ThreadChoice | None) -> None:
        """None: the board was busy, and the next idle moment is better."""
        if choice is None:
            self._resting = True
            return
        self._settle(choice)
        self._keep(choice)

    def _settle(self, choice: ThreadChoice) -> None:
        self._trial = None
        self.use(choice)
        self.tell(choice.reason)

    def use(self, choice: ThreadChoice) -> None:
        """Work like that from now on."""
        self._writing, self._reading = choice.writing, choice.reading
        self._threads = Threads(choice.writing)
        self._context.use_threads(*self.now)
