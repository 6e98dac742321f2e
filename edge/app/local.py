"""A choice as the local engine takes it: each model's frame, its names, who fits beside whom.

Blocking: makes the prefixes' folder. Called by the daemon once, at its start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edge.app.choose import Choice, Keeping, board_words, load_frame, measured_in, prefix_budget
from edge.board.live import free_memory, oom_kills
from edge.catalog.models import find, load_catalog
from edge.catalog.planner import together, usable_at_load
from edge.catalog.plans import Plan
from edge.engines.llama import LocalModel, Readings, Rung, beginnings_file
from edge.engines.llama.residence import Fit
from edge.routing.policy import LOCAL, OVERRIDE_PREFIX
from edge.state import Room
from edge.units import Bytes

COACHED_BELOW = 8_000_000_000
"""Parameters. Published tool-call tests call models below about 7 B unreliable agents."""

DEFAULT_WORD = "default"


@dataclass(frozen=True, slots=True)
class Place:
    """Where workers keep what they learn, and how many bytes of KV state are wanted for each
    model; whether each is to ``warm`` up."""

    folder: Path
    wanted: int
    warm: bool = True

    @property
    def prefixes(self) -> Path:
        return self.folder / "prefixes"

    @property
    def threads(self) -> Path:
        return measured_in(self.folder)

    def beginnings(self, model: str) -> Path | None:
        return beginnings_file(self.folder / "beginnings", model) if self.warm else None


def local_models(choice: Choice, place: Place) -> tuple[tuple[LocalModel, ...], tuple[str, ...]]:
    """Every model that can be served here, the default first, and sentences for the person."""
    served = choice.served
    budget = prefix_budget(place.wanted, place.prefixes, len(served))
    keeping = Keeping(place.prefixes, budget, place.threads, board_words(choice.board))
    models = tuple(
        LocalModel(
            id=one.model,
            load=load_frame(one, keeping),
            coached=one.parameters < COACHED_BELOW,
            names=_words(one, is_default=one is served[0]),
            beginnings=place.beginnings(one.model),
            memory=one.memory_bytes,
            smaller=_smaller(one, keeping),
        )
        for one in served
    )
    return models, tuple(_reasons(choice, models, place, budget))


def _smaller(one: Plan, keeping: Keeping) -> tuple[Rung, ...]:
    """How else the plan's model may be loaded, where there is less memory than was planned with."""
    drafting = one.draft.memory if one.draft else 0
    return tuple(
        Rung(load_frame(replace(one, n_ctx=step.n_ctx), keeping), Bytes(step.memory + drafting))
        for step in one.steps
    )


def readings(root: Path = Path("/")) -> Readings:
    """What is asked before each load."""

    def free() -> Bytes | None:
        found = free_memory(root)
        return None if found is None else usable_at_load(found)

    return Readings(free, lambda: oom_kills(root))


def room_for(choice: Choice) -> Fit:
    """Which of the served models, by their ids, can be in memory together."""
    plans = {one.model: one for one in choice.served}

    def fit(models: Sequence[str]) -> Room:
        return together([plans[model] for model in models], choice.board)

    return fit


def _words(one: Plan, *, is_default: bool) -> frozenset[str]:
    """What a request may call a model, in lower case: its name, its file, its aliases; each
    also behind the prefix, for clients that want to be sure."""
    words = {one.model, one.path.stem, one.path.name}
    if (entry := find(one.path.name, load_catalog())) is not None:
        words |= {entry.name, *entry.aliases}
    # "default" is the catalogue's word for the embedded model, but means this one in a
    # request; and what names the engine means none of its models in particular.
    words.discard(DEFAULT_WORD)
    own = {DEFAULT_WORD} if is_default else set()
    names = {word.lower() for word in words | own}
    prefixed = {OVERRIDE_PREFIX + name for name in names}
    engine = {OVERRIDE_PREFIX + LOCAL}
    return frozenset((names | prefixed) - engine | (engine if is_default else set()))


def _reasons(choice: Choice, models: Sequence[LocalModel], place: Place, budget: int) -> list[str]:
    told = []
    if models[0].coached:
        told.append("coached: fewer than 8 billion parameters act better with help")
    if budget:
        told.append(f"prefixes: up to {budget / 1e9:.1f} GB for each model in {place.prefixes}")
    if len(models) > 1:
        others = ", ".join(model.id for model in models[1:])
        told.append(f"on demand: {others}")
    return told
