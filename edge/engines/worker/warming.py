"""Reading a beginning before anybody asked: a job without an answer that gives way at once.

Knows the desk and jobs; the inference loop reads the job as any other. Called by the
worker's input thread only.
"""

from __future__ import annotations

import threading

from edge.engines.frames import Warm, Warmed
from edge.engines.worker.desk import Desk, Prepared
from edge.engines.worker.job import Job
from edge.engines.worker.silence import silent_order
from edge.errors import CodriverError


class WarmUp:
    """The worker's one warm-up, if any."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._cancelled = threading.Event()

    def begin(self, order: Warm) -> Prepared:
        """The job to submit, or why there is none."""
        try:
            tokens = self._desk.beginning(order.prompt)
        except CodriverError as error:
            return Prepared((Warmed(order.id, reason=f"impossible: {error}"),))
        if not tokens:
            return Prepared((Warmed(order.id, reason="no two sessions have any of it"),))
        self._cancelled = threading.Event()
        return Prepared((), warm_job(order.id, tokens, self._cancelled))

    def give_way(self) -> None:
        """Somebody asks: what was read so far stays, the rest is left."""
        self._cancelled.set()


def warm_job(number: int, tokens: list[int], cancelled: threading.Event) -> Job:
    """A job that ends when its tokens are in memory."""
    return Job(silent_order(number), tokens, cancelled, stable=len(tokens), warm=True)
