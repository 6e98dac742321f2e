"""Before the event loop starts: which model to run here, and why.

Blocking: reads file headers and, for a catalogue model that is not there yet, fetches it.
Called by the command line (serve, plan).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.board.probe import probe
from edge.board.profile import bandwidth, with_profile
from edge.catalog import fetch, models, store
from edge.catalog.planner import Plan, Wishes, choose, plan
from edge.config import Config
from edge.engines.frames import Load
from edge.state import BoardFacts

N_SEQUENCES = 4
"""Conversations whose prefixes are kept side by side: a session, its title and two agents."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What will run. ``refused`` are present files that cannot be served, a sentence each."""

    plans: tuple[Plan, ...]
    board: BoardFacts
    refused: tuple[str, ...]

    @property
    def plan(self) -> Plan:
        """Raises ModelUnusable, with the numbers, if nothing fits."""
        return choose(self.plans)

    def load(self) -> Load:
        """The plan as the worker's first frame."""
        best = self.plan
        return Load(
            path=str(best.path),
            n_ctx=best.n_ctx,
            n_batch=best.n_batch,
            n_ubatch=best.n_ubatch,
            n_threads=best.n_threads,
            n_gpu_layers=best.n_gpu_layers,
            kv_type=best.kv_type,
            n_sequences=N_SEQUENCES,
        )


def choose_model(
    config: Config,
    models_dir: Path,
    *,
    tell: Callable[[str], None],
    root: Path = Path("/"),
) -> Choice:
    """The plans for this board, best first. Raises ModelUnusable."""
    board = with_profile(probe(root))
    wishes = Wishes(
        context=config.model.context or None,
        threads=config.model.threads or None,
        bandwidth=bandwidth(board),
    )
    wanted = config.model.path_or_name
    if not wanted:
        found = store.scan(models_dir)
        return Choice(plan(found.candidates, board, wishes), board, found.refused)
    ref = models.resolve(wanted, models_dir)
    if not ref.is_present() and ref.entry is not None:
        tell(f"fetching {ref.name} ({ref.entry.bytes // 1_000_000} MB) into {models_dir}")
    fetch.ensure(ref, models_dir)
    return Choice(plan([store.candidate(ref)], board, wishes), board, ())
