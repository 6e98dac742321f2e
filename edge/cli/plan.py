"""``codriver plan``: what would run here and why."""

from __future__ import annotations

import argparse
import sys

from edge.app.choose import choose_model
from edge.catalog.planner import runnable
from edge.catalog.report import format_plans, plans_as_json
from edge.cli.settings import (
    add_config_option,
    add_model_options,
    from_options,
    measured_dir,
    models_dir,
)


def add_to(parser: argparse.ArgumentParser) -> None:
    add_config_option(parser)
    add_model_options(parser)
    parser.add_argument("--json", action="store_true", help="an array, best first")
    parser.add_argument("--board", metavar="NAME", help="plan for a board of hw/SUPPORTED.md")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """0 if something can run here. Raises ModelUnusable, the plans printed, if nothing can."""
    config = from_options(options)
    choice = choose_model(
        config,
        models_dir(config),
        tell=lambda text: print(text, file=sys.stderr),
        elsewhere=options.board,
        offered=True,
        measured=measured_dir(),
    )
    print(plans_as_json(choice.plans) if options.json else format_plans(choice.plans))
    for sentence in choice.refused:
        print(sentence, file=sys.stderr)
    runnable(choice.plans)
    return 0
