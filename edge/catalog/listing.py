"""What models are here, and which the catalogue could bring: for people and for programs.

Reads headers and records. Called by cli.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from edge.catalog import origins
from edge.catalog.folder import Unfinished, unfinished
from edge.catalog.gguf import read
from edge.catalog.known import FAMILY_HEADINGS, KnownFamily, family_row
from edge.catalog.models import Catalog, CatalogEntry, HubSource, ModelRef, present
from edge.errors import ModelUnusable
from edge.units import Bytes, Tokens


@dataclass(frozen=True, slots=True)
class Present:
    """A model that is here."""

    name: str
    file: str
    level: str
    bytes: Bytes
    context: Tokens | None
    origin: str
    verified: bool | None
    """Whether a checksum was known of it when it came; None for what did not come by codriver."""


@dataclass(frozen=True, slots=True)
class Absent:
    """A model of the catalogue that is not here; ``bytes`` None where only the hub knows."""

    name: str
    title: str
    bytes: Bytes | None
    origin: str


@dataclass(frozen=True, slots=True)
class Listing:
    """All of it; ``refused`` has a sentence for each file and entry that is no good."""

    present: tuple[Present, ...]
    absent: tuple[Absent, ...]
    refused: tuple[str, ...]
    unfinished: tuple[Unfinished, ...] = ()


def take_stock(models_dir: Path, catalog: Catalog, local: Sequence[ModelRef] = ()) -> Listing:
    """What is here and what is not; test models are passed over."""
    refs = present(models_dir, catalog.entries, local)
    here: list[Present] = []
    refused = list(catalog.refused)
    for ref in refs:
        try:
            here.append(_described(ref))
        except ModelUnusable as error:
            refused.append(str(error))
    names = {ref.name for ref in refs}
    absent = [
        Absent(entry.name, entry.title, entry.bytes, _source(entry))
        for entry in catalog.entries
        if entry.purpose == "serve" and entry.name not in names
    ]
    return Listing(tuple(here), tuple(absent), tuple(refused), unfinished(models_dir))


def _described(ref: ModelRef) -> Present:
    facts = read(ref.path)
    return Present(
        ref.name,
        str(ref.path),
        facts.quantization,
        facts.file_bytes,
        facts.context_length,
        _origin(ref),
        _verified(ref),
    )


def _verified(ref: ModelRef) -> bool | None:
    if ref.owner is not None:
        return None
    if ref.entry is not None and (ref.entry.source.embedded or ref.entry.sha256):
        return True
    told = origins.read(ref.path)
    return None if told is None else bool(told.sha256)


def _origin(ref: ModelRef) -> str:
    """Where a file came from, in words."""
    if ref.owner is not None:
        return ref.owner
    if ref.entry is not None and ref.entry.source.embedded:
        return "comes with codriver"
    told = origins.read(ref.path)
    if told is not None and told.words():
        return told.words()
    return "your own file" if ref.entry is None else _source(ref.entry)


def _source(entry: CatalogEntry) -> str:
    if isinstance(entry.source, HubSource):
        return entry.source.repository
    return "Python packages"


def filtered(listing: Listing, word: str) -> Listing:
    """What has the word in its name, its origin or its title."""
    wanted = word.lower()

    def meant(*texts: str) -> bool:
        return any(wanted in text.lower() for text in texts)

    return replace(
        listing,
        present=tuple(one for one in listing.present if meant(one.name, one.origin)),
        absent=tuple(one for one in listing.absent if meant(one.name, one.title)),
        unfinished=tuple(one for one in listing.unfinished if meant(one.file)),
    )


def listing_as_json(listing: Listing, known: Sequence[KnownFamily] = ()) -> str:
    """An object with ``present``, ``absent``, ``unfinished``, ``families`` and ``refused``."""
    families = [asdict(one) for one in known]
    return json.dumps(asdict(listing) | {"families": families}, indent=2)


def format_listing(listing: Listing, known: Sequence[KnownFamily] = ()) -> str:
    """A table of what is here, then what could be."""
    rows = [("model", "level", "size", "context", "from", "file")]
    rows += [
        (
            one.name,
            one.level,
            _size(one.bytes),
            f"{one.context:,}" if one.context else "?",
            f"{one.origin}, unverified" if one.verified is False else one.origin,
            Path(one.file).name,
        )
        for one in listing.present
    ]
    lines = _aligned(rows)
    if listing.absent:
        lines += ["", "not here yet (codriver pull NAME):"]
        lines += _aligned([
            ("  " + one.name, _size(one.bytes), one.title) for one in listing.absent
        ])  # fmt: skip
    if listing.unfinished:
        lines += ["", "unfinished (codriver pull goes on with it, codriver rm FILE removes it):"]
        lines += _aligned([("  " + one.file, _size(one.bytes)) for one in listing.unfinished])
    if known:
        lines += ["", "known families, the best for this board first (codriver pull NAME[:LEVEL]):"]
        lines += ["  " + line for line in _aligned([FAMILY_HEADINGS, *map(family_row, known)])]
    return "\n".join(lines)


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _size(nbytes: Bytes | None) -> str:
    return "? GB" if nbytes is None else f"{nbytes / 1e9:.2f} GB"
