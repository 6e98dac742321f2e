"""``codriver rm``: a model's file off the disk."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge.catalog import local_stores, models
from edge.catalog.remove import remove, remove_unfinished
from edge.cli.settings import add_folder_options, from_options, models_dir
from edge.errors import ModelUnusable


def add_to(parser: argparse.ArgumentParser) -> None:
    add_folder_options(parser)
    parser.add_argument("name", metavar="NAME", help="a name that `codriver models` lists")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """0 if it is gone. Raises ModelUnusable."""
    folder = models_dir(from_options(options))
    for path in _removed(options.name, folder):
        print(f"{path} is removed")
    return 0


def _removed(name: str, folder: Path) -> tuple[Path, ...]:
    """The model's files; where there are none, what an abandoned download left of them."""
    try:
        return remove(models.resolve(name, folder, local=local_stores.here()), folder)
    except ModelUnusable:
        if gone := remove_unfinished(name, folder):
            return gone
        raise
