"""Who goes first when memory runs out: this worker, which is started again, not the daemon.

Knows Linux's /proc and nothing else. Called once, by the worker at its start.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

OOM_SCORE_ADJ = 500
"""Of 1000: as if half of the board's memory were this process's, beside what is."""


def offer_to_oom_killer(root: Path = Path("/")) -> None:
    """Raise this process's score, unless it is as high already. Where that cannot be written
    the kernel decides alone."""
    score = root / "proc/self/oom_score_adj"
    with suppress(OSError, ValueError):
        if int(score.read_text()) < OOM_SCORE_ADJ:
            score.write_text(str(OOM_SCORE_ADJ))
