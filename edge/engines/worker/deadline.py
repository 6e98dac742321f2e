"""An end for computations of strangers: a chat template may loop for ever.

Python runs signal handlers in the main thread, between two of its instructions, and that is
the thread that renders; so a timer's signal can raise there, where a watching thread could
only look on. The timer counts the time the process computes, and the handler the time this
thread does: a busy board ends nothing, and inference beside it does not count. What spends
its time inside one call of C is not reached. Main thread only; called by desk and voice.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

from edge.errors import CodriverError
from edge.units import Seconds

TEMPLATE_SECONDS = Seconds(10.0)
"""Computing time of one rendering, and of trying a template at start. A long conversation takes
a twentieth of a second on a laptop and a second on the smallest boards."""

_TICK_SECONDS = 0.1

_Result = TypeVar("_Result")


class _OutOfTime(BaseException):
    """Not an Exception, lest something in between takes it for one of its own."""


def within(limit: Seconds, work: Callable[[], _Result], late: CodriverError) -> _Result:
    """What ``work`` returns; raises ``late`` once it has computed for ``limit``."""
    ends = time.thread_time() + limit
    running = True

    def tick(_signal: int, _frame: FrameType | None) -> None:
        if running and time.thread_time() >= ends:
            raise _OutOfTime

    before = signal.signal(signal.SIGVTALRM, tick)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, _TICK_SECONDS, _TICK_SECONDS)
        return work()
    except _OutOfTime:
        raise late from None
    finally:
        running = False
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.signal(signal.SIGVTALRM, before)
