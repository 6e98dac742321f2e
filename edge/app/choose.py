"""Before the event loop starts: which model to run here, and why.

Blocking: reads file headers and, for a catalogue model that is not there yet, fetches it.
Called by the command line (serve, plan).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edge.app.reach import reached
from edge.board.probe import probe
from edge.board.profile import load_profiles, named, with_profile
from edge.board.storage import find as find_storage
from edge.board.throughput import disk_words, remembered
from edge.catalog import fetch, local_stores, models, store
from edge.catalog.families import Family, family_of, find_family
from edge.catalog.folder import free_above
from edge.catalog.making import FINE_ENOUGH, SPARE_BYTES, makeable_of
from edge.catalog.pairing import Wish, pair
from edge.catalog.planner import choose, is_worth_making, makeable, plan, shortened
from edge.catalog.plans import Candidate, Disk, Plan, Wishes
from edge.config import Config
from edge.engines.devices import ask
from edge.engines.frames import Load
from edge.errors import ModelUnusable, StartFailed
from edge.state import BoardFacts, EngineDevice
from edge.units import Bytes

N_PARALLEL = 4
"""Answers that run at once; more would make each of them slow on a small board."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What will run: the best of ``plans``, and on demand whatever else is there and fits.

    ``refused`` are present files that cannot be served, a sentence each; ``others`` are the
    plans for the models that nobody named, where one was named; ``makeable`` for files that could
    be made here and would serve clearly better.
    """

    plans: tuple[Plan, ...]
    board: BoardFacts
    refused: tuple[str, ...]
    others: tuple[Plan, ...] = ()
    makeable: tuple[Plan, ...] = ()

    @property
    def plan(self) -> Plan:
        """Raises ModelUnusable, with the numbers, if nothing fits."""
        return choose(self.plans, self.makeable)

    @property
    def served(self) -> tuple[Plan, ...]:
        """The default's plan, then those of the other models that fit here, best first; a
        name is served once. Raises ModelUnusable as ``plan`` does."""
        found = {self.plan.model.lower(): self.plan}
        for one in (*self.plans[1:], *self.others):
            if one.fits and one.here:
                found.setdefault(one.model.lower(), one)
        return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Keeping:
    """Where a worker keeps what it has learnt; None for nowhere. ``prefixes``: KV state, at
    most so many bytes; ``threads``: which counts were measured best on this ``board``."""

    prefixes: Path | None = None
    prefix_bytes: int = 0
    threads: Path | None = None
    board: str = ""


def load_frame(one: Plan, keeping: Keeping = Keeping()) -> Load:
    """A plan as the worker's first frame."""
    prefixes = keeping.prefixes if keeping.prefix_bytes else None
    return Load(
        path=str(one.path),
        n_ctx=one.n_ctx,
        n_batch=one.n_batch,
        n_ubatch=one.n_ubatch,
        n_threads=one.n_threads,
        n_gpu_layers=one.n_gpu_layers,
        kv_type=one.kv_type,
        n_sequences=one.n_sequences,
        n_parallel=N_PARALLEL,
        prefix_folder="" if prefixes is None else str(prefixes),
        prefix_bytes=keeping.prefix_bytes,
        draft_path="" if one.draft is None else str(one.draft.path),
        draft_n_ctx=0 if one.draft is None else one.draft.n_ctx,
        try_writing=list(one.threads.writing),
        try_reading=list(one.threads.reading),
        board=keeping.board,
        threads_folder="" if keeping.threads is None else str(keeping.threads),
    )


def board_words(board: BoardFacts) -> str:
    """What measured thread counts hang on."""
    kinds = [f"{kind.count} x {kind.capacity} {kind.top_khz}" for kind in board.core_kinds]
    return f"{board.model}; {board.cpu}; {', '.join(kinds)}; {board.cpu_quota}"


def prefix_budget(wanted: int, folder: Path, models: int = 1) -> int:
    """Bytes for the prefixes of each of so many models: what is wanted, but for all of them
    at most half of what the disk has free."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return min(wanted, shutil.disk_usage(folder).free // (2 * models))
    except OSError:
        return 0


def measured_in(state: Path) -> Path:
    """Where workers keep what they measure, in codriver's state directory."""
    return state / "threads"


def disk_file_in(state: Path) -> Path:
    """Where the measured speed of the disk is kept, in codriver's state directory."""
    return state / "disk.json"


def choose_model(
    config: Config,
    models_dir: Path,
    *,
    tell: Callable[[str], None],
    root: Path = Path("/"),
    devices: Callable[[], tuple[EngineDevice, ...] | None] = ask,
    elsewhere: str | None = None,
    offered: bool = False,
    measured: Path | None = None,
) -> Choice:
    """The plans for this board, or for the known one ``elsewhere``, best first; with what could be
    fetched among them if it is ``offered``. ``measured``: the folder where workers keep how fast
    they are here. Raises StartFailed, ModelUnusable among it."""
    board = _here(root, devices) if elsewhere is None else _known(elsewhere)
    wishes = _wishes(config, board, models_dir, measured, here=elsewhere is None)
    wanted = config.model.path_or_name
    local = local_stores.here(root)
    if not wanted:
        found = store.scan(models_dir, local=local)
        made = makeable_of(found.candidates, models_dir)
        more = (*store.offers(models_dir, here=found.candidates), *made) if offered else ()
        plans = plan((*found.candidates, *more), board, wishes)
        best = _drafted(shortened(plans), found.candidates, config, models_dir, tell)
        better = _makeable(found.candidates, made, board, wishes)
        return Choice(best, board, found.refused, makeable=better)
    if offered and (family := _family(wanted, models_dir)) is not None:
        found = store.scan(models_dir, local=local)
        here = [one for one in found.candidates if family_of(one.facts) == family]
        more = store.offers(models_dir, [family], here=here)
        made = makeable_of(here, models_dir)
        plans = plan((*here, *more, *made), board, wishes)
        best = _drafted(
            shortened(plans, all_levels=True), found.candidates, config, models_dir, tell
        )
        return Choice(best, board, found.refused)
    named = _fetched(wanted, models_dir, tell, local)
    found = store.scan(models_dir, local=local)
    taken = named.path.resolve()
    others = [one for one in found.candidates if one.path.resolve() != taken]
    made = makeable_of([named], models_dir)
    plans = plan([named, *(made if offered else ())], board, wishes)
    best = _drafted(shortened(plans), [named, *others], config, models_dir, tell)
    better = _makeable([named], made, board, wishes)
    return Choice(best, board, found.refused, plan(others, board, wishes), better)


def level_for(
    source: Candidate,
    config: Config,
    models_dir: Path,
    *,
    root: Path = Path("/"),
    devices: Callable[[], tuple[EngineDevice, ...] | None] = ask,
    measured: Path | None = None,
) -> Plan:
    """The plan for the file that is best made of this one, for this board. Raises ModelUnusable,
    with the reason, where none is better than the file as it is."""
    board = _here(root, devices)
    wishes = _wishes(config, board, models_dir, measured, here=True)
    made = makeable_of([source], models_dir)
    if not made:
        raise ModelUnusable(
            f"{source.path.name} is {source.facts.quantization}: a level is chosen only for a file"
            f" of {', '.join(FINE_ENOUGH)} whose coarser ones are not here yet; name one"
        )
    plans = plan([source, *made], board, wishes)
    as_it_is = next(one for one in plans if one.here)
    if not plans[0].fits or not plans[0].has_room:
        raise ModelUnusable(f"no level of {source.name} will do here: {plans[0].reason}")
    if plans[0].here or not is_worth_making(plans[0], as_it_is):
        raise ModelUnusable(
            f"{source.path.name} runs here as well as any file made of it; name a level to make one"
        )
    return plans[0]


def _makeable(
    here: Sequence[Candidate], made: Sequence[Candidate], board: BoardFacts, wishes: Wishes
) -> tuple[Plan, ...]:
    return makeable(plan((*here, *made), board, wishes)) if made else ()


def _wishes(
    config: Config, board: BoardFacts, models_dir: Path, measured: Path | None, *, here: bool
) -> Wishes:
    """What the configuration asks for, and what is known of the board's speed and disk."""
    reach = reached(board, board_words(board), measured if here else None, models_dir)
    return Wishes(
        context=config.model.context or None,
        threads=config.model.threads or None,
        kv_type=None if config.model.kv == "auto" else config.model.kv,
        reach=reach.board,
        measured=reach.files,
        disk=_disk(models_dir, measured) if here else None,
    )


def _disk(models_dir: Path, measured: Path | None) -> Disk:
    free = free_above(models_dir)
    words = disk_words(find_storage(Path("/"), str(models_dir.resolve())))
    speed = remembered(disk_file_in(measured.parent), words) if measured is not None else None
    return Disk(
        models_dir,
        room=None if free is None else Bytes(max(0, free - SPARE_BYTES)),
        reads=None if speed is None else speed.reads,
    )


def _family(word: str, models_dir: Path) -> Family | None:
    """The model family that a name, or the catalogue's entry of that name, means."""
    entry = models.find(word, models.catalog_of(models_dir).entries)
    return find_family(word if entry is None else entry.name)


def _here(root: Path, devices: Callable[[], tuple[EngineDevice, ...] | None]) -> BoardFacts:
    """This board; llama.cpp is asked only where there is something to ask for."""
    board = with_profile(probe(root))
    if any(device.kind == "cuda" for device in board.accelerators):
        return replace(board, engine_devices=devices())
    return board


def _known(name: str) -> BoardFacts:
    """A board of hw/boards, just started. Raises StartFailed."""
    profile = named(name)
    if profile is None or profile.memory is None:
        known = ", ".join(one.name for one in load_profiles() if one.memory is not None)
        raise StartFailed(f"there is no plan for a board {name!r}; known are {known}")
    return profile.as_facts()


def _fetched(
    wanted: str,
    models_dir: Path,
    tell: Callable[[str], None],
    local: Sequence[models.ModelRef] = (),
) -> Candidate:
    """The model a person named, fetched if the catalogue knows where. Raises ModelUnusable."""
    ref = models.resolve(wanted, models_dir, local=local)
    if not ref.is_present() and ref.entry is not None:
        size = f" ({ref.entry.bytes // 1_000_000} MB)" if ref.entry.bytes else ""
        tell(f"fetching {ref.name}{size} into {models_dir}")
    present = models.present(models_dir, models.catalog_of(models_dir).entries, local)
    fetch.ensure(ref, models_dir, present=[one.name for one in present])
    return store.candidate(ref)


def _drafted(
    plans: tuple[Plan, ...],
    candidates: Sequence[Candidate],
    config: Config,
    models_dir: Path,
    tell: Callable[[str], None],
) -> tuple[Plan, ...]:
    """The plans, the best one with a draft model where that pays. Raises ModelUnusable."""
    if not plans or not plans[0].fits or not plans[0].here:
        return plans
    wish = Wish(allowed=config.model.draft != "off")
    if config.model.draft not in ("auto", "off"):
        wish = Wish(named=_fetched(config.model.draft, models_dir, tell))
    return (pair(plans[0], candidates, wish), *plans[1:])
