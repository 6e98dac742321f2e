"""The order of a job that writes nothing: it is read, and that is all.

Called by those who make such jobs, on the worker's input thread.
"""

from __future__ import annotations

from edge.engines.frames import SamplingValues
from edge.engines.worker.answering import Order
from edge.engines.worker.constraint import Constraint
from edge.engines.worker.stops import StopFilter
from edge.engines.worker.writer import Grip, Writer
from edge.errors import UnsatisfiableSchema


def silent_order(number: int) -> Order:
    """Room for no token, and a writer that is never given one."""
    writer = Writer(
        number,
        None,
        StopFilter([]),
        Grip(None, whole=False),
        compile_grammar=_no_grammar,
        parallel=False,
    )
    return Order(number, SamplingValues(), 0, writer, None, lambda: None)


def _no_grammar(_text: str) -> Constraint:
    raise UnsatisfiableSchema("this job writes nothing")
