"""Looks at the model files that are present, so that the planner can choose among them.

Reads headers only. A file that cannot be served is reported with its sentence and left
out, never an error here: one bad download must not keep the others from serving.
Called by cli and app.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.catalog.gguf import read
from edge.catalog.models import Catalog, CatalogEntry, ModelRef, catalog_of, present
from edge.catalog.planner import Candidate
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
    return Candidate(name=ref.name, path=ref.path, facts=read(ref.path))
