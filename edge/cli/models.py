"""``codriver models``: the models that are here, and those that could be."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

from edge.app.choose import choose_model
from edge.catalog import local_stores
from edge.catalog.families import load_families
from edge.catalog.known import known_families
from edge.catalog.listing import filtered, format_listing, listing_as_json, take_stock
from edge.catalog.models import catalog_of
from edge.catalog.plans import Plan
from edge.cli.settings import add_folder_options, from_options, measured_dir, models_dir
from edge.config import Config


def add_to(parser: argparse.ArgumentParser) -> None:
    add_folder_options(parser)
    parser.add_argument(
        "word", metavar="WORD", nargs="?", default="", help="only those with it in their names"
    )
    parser.add_argument("--json", action="store_true", help="an object, as programs want it")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Always 0: a file that cannot be served is a sentence beside the others."""
    config = from_options(options)
    folder = models_dir(config)
    listing = filtered(take_stock(folder, catalog_of(folder), local_stores.here()), options.word)
    known = known_families(load_families(), _plans(config), options.word)
    said = listing_as_json(listing, known) if options.json else format_listing(listing, known)
    print(said)
    for sentence in listing.refused:
        print(sentence, file=sys.stderr)
    return 0


def _plans(config: Config) -> tuple[Plan, ...]:
    """For everything that is here or could be fetched, whatever the configuration names."""
    anything = replace(config.model, path_or_name="", draft="off")
    return choose_model(
        replace(config, model=anything),
        models_dir(config),
        tell=lambda text: print(text, file=sys.stderr),
        offered=True,
        measured=measured_dir(),
    ).plans
