"""``codriver models``: the models that are here, and those that could be."""

from __future__ import annotations

import argparse
import sys

from edge.catalog import local_stores
from edge.catalog.listing import format_listing, listing_as_json, take_stock
from edge.catalog.models import catalog_of
from edge.cli.settings import add_folder_options, from_options, models_dir


def add_to(parser: argparse.ArgumentParser) -> None:
    add_folder_options(parser)
    parser.add_argument("--json", action="store_true", help="an object, as programs want it")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Always 0: a file that cannot be served is a sentence beside the others."""
    folder = models_dir(from_options(options))
    listing = take_stock(folder, catalog_of(folder), local_stores.here())
    print(listing_as_json(listing) if options.json else format_listing(listing))
    for sentence in listing.refused:
        print(sentence, file=sys.stderr)
    return 0
