"""What inference reaches here: as workers have measured it, else as the board's profile says.

Blocking: reads headers and what workers keep. Called by choose.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from edge.board.profile import arithmetic, bandwidth
from edge.catalog import models
from edge.catalog.gguf import read
from edge.catalog.speed import Reach, reach_of
from edge.engines.measured import read_all
from edge.errors import ModelUnusable
from edge.state import BoardFacts


@dataclass(frozen=True, slots=True)
class Reached:
    """``files``: by the name of a file that was measured; ``board``: with any other."""

    board: Reach
    files: Mapping[str, Reach] = field(default_factory=dict)


def reached(board: BoardFacts, words: str, folder: Path | None, models_dir: Path) -> Reached:
    """``words``: the board's, as workers keep them. The median of what was measured with models
    that are still here stands for all others."""
    known = () if folder is None else read_all(folder)
    refs = models.present(models_dir, models.catalog_of(models_dir).entries) if known else ()
    paths = {ref.path.name: ref.path for ref in refs}
    found = {}
    for one in known:
        if one.board == words and one.writes and one.reads and one.model in paths:
            with suppress(ModelUnusable):
                found[one.model] = reach_of(read(paths[one.model]), one.writes, one.reads)
    if not found:
        return Reached(Reach(bandwidth(board), arithmetic(board)))
    general = Reach(
        median(one.bandwidth for one in found.values() if one.bandwidth),
        median(one.arithmetic for one in found.values() if one.arithmetic),
    )
    return Reached(general, found)
