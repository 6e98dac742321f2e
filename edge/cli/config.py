"""``codriver config``: the settings in force, as TOML, secrets left out."""

from __future__ import annotations

import argparse

from edge.cli.settings import add_config_option
from edge.config import format_effective, load


def add_to(parser: argparse.ArgumentParser) -> None:
    add_config_option(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    print(format_effective(load(options.config)))
    return 0
