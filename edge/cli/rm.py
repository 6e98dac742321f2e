"""``codriver rm``: a model's file off the disk."""

from __future__ import annotations

import argparse

from edge.catalog import local_stores, models
from edge.catalog.remove import remove
from edge.cli.settings import add_folder_options, from_options, models_dir


def add_to(parser: argparse.ArgumentParser) -> None:
    add_folder_options(parser)
    parser.add_argument("name", metavar="NAME", help="a name that `codriver models` lists")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """0 if it is gone. Raises ModelUnusable."""
    folder = models_dir(from_options(options))
    ref = models.resolve(options.name, folder, local=local_stores.here())
    for path in remove(ref, folder):
        print(f"{path} is removed")
    return 0
