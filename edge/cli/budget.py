"""``codriver budget``: what upstreams were used for today and this month, and what is left."""

from __future__ import annotations

import argparse

from edge.app.budget import books, format_spending, rows, spending_as_json
from edge.cli.settings import add_config_option, state_dir
from edge.config import load


def add_to(parser: argparse.ArgumentParser) -> None:
    add_config_option(parser)
    parser.add_argument("--json", action="store_true", help="an object, as programs want it")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    config = load(options.config)
    told = rows(books(config, state_dir()))
    print(spending_as_json(told) if options.json else format_spending(told))
    return 0
