"""``codriver probe``: what this board is."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge.board.probe import probe
from edge.board.profile import with_profile
from edge.board.report import facts_as_json, format_facts


def add_to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--root", type=Path, default=Path("/"), help="read facts below this folder")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    facts = with_profile(probe(options.root))
    print(facts_as_json(facts) if options.json else format_facts(facts))
    return 0
