"""``codriver models``: the models that are here, and those that could be."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from edge.catalog import local_stores
from edge.catalog.listing import format_listing, listing_as_json, take_stock
from edge.catalog.models import catalog_of
from edge.cli.settings import add_config_option, from_options, models_dir


def add_to(parser: argparse.ArgumentParser) -> None:
    add_config_option(parser)
    parser.add_argument("--json", action="store_true", help="an object, as programs want it")
    parser.add_argument("--models-dir", type=Path, metavar="DIR", help="where GGUF files lie")
    parser.set_defaults(run=run, model=None, context=None)


def run(options: argparse.Namespace) -> int:
    """Always 0: a file that cannot be served is a sentence beside the others."""
    folder = models_dir(from_options(options))
    listing = take_stock(folder, catalog_of(folder), local_stores.here())
    print(listing_as_json(listing) if options.json else format_listing(listing))
    for sentence in listing.refused:
        print(sentence, file=sys.stderr)
    return 0
