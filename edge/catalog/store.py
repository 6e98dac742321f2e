"""Looks at the model files that are present, and those that could be, so that the planner can
choose among them.

Reads headers only. A file that cannot be served is reported with its sentence and left
out, never an error here: one bad download must not keep the others from serving.
Called by cli and app.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.catalog.families import Family, family_of, load_families
from edge.catalog.gguf import read
from edge.catalog.models import Catalog, CatalogEntry, ModelRef, catalog_of, present
from edge.catalog.plans import Candidate
from edge.errors import ModelUnusable


@dataclass(frozen=True, slots=True)
class Found:
    """The models that could be served, and for each other file why it could not."""

    candidates: tuple[Candidate, ...]
    refused: tuple[str, ...]


def scan(
    models_dir: Path,
    catalog: Sequence[CatalogEntry] | None = None,
    local: Sequence[ModelRef] = (),
) -> Found:
    """Every model in the folder, the embedded one and those of the ``local`` stores; test
    models are passed over."""
    known = catalog_of(models_dir) if catalog is None else Catalog(tuple(catalog))
    candidates: list[Candidate] = []
    refused = list(known.refused)
    for ref in present(models_dir, known.entries, local):
        try:
            candidates.append(candidate(ref))
        except ModelUnusable as error:
            refused.append(str(error))
    return Found(tuple(candidates), tuple(refused))


def candidate(ref: ModelRef) -> Candidate:
    """One model, its header read. Raises ModelUnusable."""
    facts = read(ref.path)
    family = family_of(facts)
    ability = None if family is None else family.ability
    return Candidate(name=ref.name, path=ref.path, facts=facts, ability=ability)


def offers(
    models_dir: Path, families: Sequence[Family] | None = None, *, here: Sequence[Candidate] = ()
) -> tuple[Candidate, ...]:
    """Every file of the families that is not ``here``, as it would lie in the folder."""
    there = {one.path.name for one in here}
    every = load_families() if families is None else families
    return tuple(
        Candidate(
            name=family.name,
            path=models_dir / release.file,
            facts=family.facts(release),
            ability=family.ability,
            here=False,
            level=release.level,
        )
        for family in every
        for release in family.releases
        if release.file not in there
    )
