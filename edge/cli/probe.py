"""``codriver probe``: what this board is."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

from edge.app.choose import disk_file_in
from edge.board.probe import probe
from edge.board.profile import with_profile
from edge.board.record import record
from edge.board.report import facts_as_json, format_facts
from edge.board.storage import find
from edge.board.throughput import (
    MOST_WRITTEN,
    DiskSpeed,
    disk_words,
    large_file,
    measure,
    remember,
    remembered,
)
from edge.catalog.models import own_files
from edge.cli.settings import add_folder_options, from_options, models_dir, state_dir
from edge.engines.devices import ask
from edge.errors import ConfigError


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
    parser.add_argument(
        "--disk",
        action="store_true",
        help="measure how fast the models folder's disk reads and writes, and remember it"
        f" (writes {MOST_WRITTEN // 2**20} MiB, which are gone afterwards)",
    )
    parser.add_argument("--once", action="store_true", help="with --disk: unless it is remembered")
    add_folder_options(parser)
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
    speed = None
    if options.root == Path("/"):
        facts = replace(facts, engine_devices=ask())
        speed = _disk_speed(options)
    print(facts_as_json(facts, speed) if options.json else format_facts(facts, speed))
    return 0


def _disk_speed(options: argparse.Namespace) -> DiskSpeed | None:
    """Of the models folder's disk: as remembered, or measured where that is wished. Raises
    StartFailed if it cannot be."""
    try:
        folder, file = models_dir(from_options(options)).resolve(), disk_file_in(state_dir())
    except ConfigError:
        if options.disk:
            raise
        return None
    disk = disk_words(find(Path("/"), str(folder)))
    known = remembered(file, disk)
    if not options.disk or (known is not None and options.once):
        return known
    there = next(place for place in (folder, *folder.parents) if place.is_dir())
    speed = measure(there, disk, time.perf_counter, large_file(own_files(folder)))
    remember(file, speed)
    return speed
