"""``codriver probe``: what this board is."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from edge.board.probe import probe
from edge.board.profile import with_profile
from edge.board.record import record
from edge.board.report import facts_as_json, format_facts
from edge.engines.devices import ask


def add_to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="an object; unknown is null")
    parser.add_argument(
        "--root",
        type=_folder,
        default=Path("/"),
        metavar="DIR",
        help="read facts below this folder",
    )
    parser.add_argument(
        "--record",
        type=Path,
        metavar="DIR",
        help="copy the files that say so into a new folder, without what is private",
    )
    parser.set_defaults(run=run)


def _folder(text: str) -> Path:
    """An argparse type: unknown facts are normal, a mistyped folder is not."""
    path = Path(text)
    try:
        found = path.is_dir()
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{text}: {error.strerror}") from None
    if not found:
        raise argparse.ArgumentTypeError(f"there is no folder {text}")
    return path


def run(options: argparse.Namespace) -> int:
    if options.record is not None:
        written = record(options.root, options.record)
        print(f"{len(written)} files are in {options.record}; look through them, then send them in")
        return 0
    facts = with_profile(probe(options.root))
    if options.root == Path("/"):
        facts = replace(facts, engine_devices=ask())
    print(facts_as_json(facts) if options.json else format_facts(facts))
    return 0
