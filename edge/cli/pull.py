"""``codriver pull``: a model's file onto this box, from a hub, a stick or a laptop."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from edge.app.choose import choose_model
from edge.catalog import (
    bring,
    families,
    fetch,
    hub,
    hubnames,
    local_stores,
    models,
    origins,
    own,
    splits,
)
from edge.catalog.bring import Known
from edge.catalog.families import Family, Release
from edge.catalog.hubnames import HubFile
from edge.catalog.models import HubSource, ModelRef, catalog_of
from edge.catalog.origins import Origin
from edge.catalog.planner import runnable
from edge.cli.bar import Bar
from edge.cli.settings import add_folder_options, from_options, measured_dir, models_dir
from edge.errors import ModelUnusable


def add_to(parser: argparse.ArgumentParser) -> None:
    add_folder_options(parser)
    parser.add_argument(
        "name",
        metavar="NAME",
        help="a model codriver knows (coder, qwen3.5-4b[:LEVEL]), OWNER/REPOSITORY[:LEVEL] or"
        " OWNER/REPOSITORY/FILE",
    )
    parser.add_argument(
        "--from",
        dest="place",
        metavar="PATH|URL",
        help="a file, a folder or a plain web server that holds it, instead of the network's hub",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """0 if the model is here. Raises ModelUnusable."""
    folder = models_dir(from_options(options))
    with Bar(options.name, sys.stderr) as bar:
        if options.place is not None:
            path = _brought(options.name, options.place, folder, bar)
        else:
            path = _of_family(options, folder, bar) or _pulled(options.name, folder, bar)
    print(f"{options.name} is here: {path}")
    return 0


def _of_family(options: argparse.Namespace, folder: Path, bar: Bar) -> Path | None:
    """A model family's file: of the level that was named, else of the one that this board's plan
    takes. None where the name means something else."""
    meant = families.named(options.name)
    if meant is None or models.find(options.name, catalog_of(folder).entries):
        return None
    family, level = meant
    if (there := families.in_folder(family, level, folder)) is not None:
        return there
    release = _planned(options, family, folder) if level is None else family.asked(level)
    file = HubFile(family.repository, release.file)
    present = _present(folder)
    return hub.fetch(file, folder, bar, sha256=release.sha256, present=present)


def _planned(options: argparse.Namespace, family: Family, folder: Path) -> Release:
    """The file of the family that would run best here. Raises ModelUnusable if none would."""
    config = from_options(options)
    wished = replace(config, model=replace(config.model, path_or_name=family.name))
    choice = choose_model(wished, folder, tell=print, offered=True, measured=measured_dir())
    best = runnable([one for one in choice.plans if one.made is None])
    print(f"{best.model} at {best.quantization}: {best.reason}", file=sys.stderr)
    return family.asked(best.quantization)


def _pulled(name: str, folder: Path, bar: Bar) -> Path:
    """From where the catalogue or the name says."""
    found = _here(name, folder)
    if found is not None and found.is_present():
        return found.path
    present = _present(folder)
    if found is not None and found.entry is not None:
        return fetch.fetch(found.entry, folder, bar, present=present)
    meant = hubnames.parse(name)
    if meant is None:
        raise ModelUnusable(
            f"'{name}' is no name to pull: write a model's name, OWNER/REPOSITORY:LEVEL"
            " or OWNER/REPOSITORY/FILE.gguf"
        )
    return hub.fetch(hub.find(meant, present=present), folder, bar, present=present)


def _here(name: str, folder: Path) -> ModelRef | None:
    """What the name means without a hub; None for a hub's name that has not been pulled."""
    local = local_stores.here()
    known = {ref.name.lower() for ref in local}
    meant = None if name.lower() in known else hubnames.parse(name)
    if meant is not None and meant.level is not None:
        path = origins.find(meant, folder)
        return None if path is None else ModelRef(splits.title(path.name), path)
    return models.resolve(name, folder, local=local)


def _present(folder: Path) -> list[str]:
    return [ref.name for ref in models.present(folder, catalog_of(folder).entries)]


def _brought(name: str, place: str, folder: Path, bar: Bar) -> Path:
    """From a place that the person names."""
    entry = models.find(name, catalog_of(folder).entries)
    if entry is not None and entry.source.embedded:
        raise ModelUnusable(f"{entry.name} is a part of codriver: it is here")
    if entry is not None:
        source = entry.source
        kept = (
            Origin(source.repository, source.file, source.revision)
            if isinstance(source, HubSource)
            else Origin()
        )
        known = Known(entry.file, entry.bytes, entry.sha256, kept)
    else:
        file, meant = _file_for(name, place), hubnames.parse(name)
        kept = Origin(meant.repository, meant.file or file) if meant is not None else Origin()
        known = Known(file, kept=kept)
    return bring.bring(place, known, folder, bar)


def _file_for(name: str, place: str) -> str:
    """The file's name where the catalogue has none. Raises ModelUnusable."""
    own_name = place.rstrip("/").rpartition("/")[2].partition("?")[0]
    if "/" not in name:
        parts = len(splits.parts(own_name)) > 1
        file = own_name if parts else name.removesuffix(".gguf") + ".gguf"
    else:
        meant = hubnames.parse(name)
        inside = meant.file.rpartition("/")[2] if meant is not None and meant.file else ""
        file = inside or own_name
    if not own.is_plain_file(file):
        raise ModelUnusable(
            f"'{name}' does not tell the file's name: name the .gguf file with --from"
        )
    return file
