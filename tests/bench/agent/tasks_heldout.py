"""The tasks that decide: nobody who builds or tunes the engine looks at them.

Only their number per category is told. The bench prints totals for this set, no names.
"""

from __future__ import annotations

from tests.bench.agent.heldout import create, edit_many, edit_one, find, mixed, run
from tests.bench.agent.task import Task

TASKS: tuple[Task, ...] = (
    *create.TASKS,
    *edit_one.TASKS,
    *edit_many.TASKS,
    *run.TASKS,
    *find.TASKS,
    *mixed.TASKS,
)
