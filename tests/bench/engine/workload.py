"""The edit workload: a file of 200 lines in the prompt, to be written again with one change.

Pure but for reading the file: Python's own queue module, ordinary code of known length that
is on every machine. ``likeness`` says whether the model did what it was asked.
"""

from __future__ import annotations

import difflib
import inspect
import queue

LINES = 200
OLD, NEW = "def __init__(self, maxsize=0):", "def __init__(self, maxsize=100):"


def source(lines: int = LINES) -> str:
    """The first ``lines`` lines of the file."""
    return "".join(inspect.getsource(queue).splitlines(keepends=True)[:lines])


def wanted(lines: int = LINES) -> str:
    """The file as it should come back."""
    return source(lines).replace(OLD, NEW)


def shown(lines: int = LINES) -> str:
    """The file as the prompt shows it."""
    return f"This is the file queue.py:\n\n```python\n{source(lines)}```\n"


EDIT = (
    f"Write the whole file queue.py again with one change: `{OLD}` becomes `{NEW}`. Answer with "
    "the complete file in one code block, every line of it, and nothing else."
)


def likeness(answer: str, lines: int = LINES) -> float:
    """The share of the wanted file's lines that the answer has, in order."""
    code = answer.partition("```")[2].partition("\n")[2].rpartition("```")[0] or answer
    match = difflib.SequenceMatcher(None, wanted(lines).splitlines(), code.splitlines(), False)
    same = sum(block.size for block in match.get_matching_blocks())
    return same / len(wanted(lines).splitlines())
