"""The draft model beside the inference loop: asked before a step, told what became of it.

Puts the draft model and its payoff together and keeps their counts. The loop asks it only
while a single answer runs and no prompt is read. Inference thread only.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial

from edge.engines.worker.answering import Answering
from edge.engines.worker.draft_model import DraftModel
from edge.engines.worker.pace import Pace
from edge.engines.worker.payoff import Kind, Payoff
from edge.engines.worker.tally import Tally
from edge.errors import EngineError
from edge.units import Seconds

log = logging.getLogger(__name__)


class Speculation:
    """A draft model that fails is never asked again; the answers do not notice."""

    def __init__(
        self,
        model: DraftModel,
        payoff: Payoff,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model = model
        self._payoff = payoff
        self._clock = clock
        self._answer: Answering | None = None
        self._broken = False
        self._drafted = self._accepted = self._read = 0
        self._seconds = 0.0

    def use_threads(self, count: int) -> None:
        """Compute with so many threads from now on."""
        self._model.use_threads(count)

    def help(
        self, answer: Answering, held: Sequence[int], pace: Pace, hurried: Callable[[], bool]
    ) -> None:
        """Put a draft behind the answer's pending token, if prompt lookup has put none there
        and it pays by the loop's ``pace``; ``held`` are the tokens before. ``hurried`` cuts it
        short."""
        if self._broken or len(answer.pending) != 1:
            return
        if answer is not self._answer:
            self._answer = answer
            self._payoff.begin()
        text = [*held, *answer.pending]
        kind: Kind = "calls" if answer.is_held else "text"
        unread = self._model.unread(text)
        move = self._payoff.move(kind, unread, answer.left, pace)
        try:
            if move.read:
                self._go_on_reading(text, move.read)
            elif move.draft:
                drafted, took = self._draft(text, move.draft, hurried)
                answer.expect(drafted, partial(self._judge, kind, took, pace))
        except EngineError as error:
            self._broken = True
            log.warning("draft model off for good: %s", error)
        self._tell_news()

    def report(self, tally: Tally) -> None:
        """What it has done so far."""
        tally.draft_model_tokens_drafted_total = self._drafted
        tally.draft_model_tokens_accepted_total = self._accepted
        tally.draft_model_tokens_read_total = self._read
        tally.draft_model_seconds_total = self._seconds
        tally.draft_model_on = int(self._payoff.on and not self._broken)

    def _go_on_reading(self, text: Sequence[int], most: int) -> None:
        began = self._clock()
        count = self._model.read(text, most)
        took = self._spent(began)
        self._read += count
        if count:
            self._payoff.learn_reading(count, took)

    def _draft(
        self, text: Sequence[int], length: int, hurried: Callable[[], bool]
    ) -> tuple[list[int], Seconds]:
        began = self._clock()
        drafted, steps = self._model.draft(text, length, hurried)
        took = self._spent(began)
        self._payoff.learn_drafting(steps, took)
        return drafted, took

    def _judge(self, kind: Kind, took: Seconds, pace: Pace, drafted: int, accepted: int) -> None:
        self._drafted += drafted
        self._accepted += accepted
        self._payoff.judge(kind, drafted, accepted, took, pace)

    def _spent(self, began: float) -> Seconds:
        took = Seconds(self._clock() - began)
        self._seconds += took
        return took

    def _tell_news(self) -> None:
        if (news := self._payoff.take_news()) is not None:
            log.warning("draft model %s", news)
