"""``codriver find``: the boxes near this laptop."""

from __future__ import annotations

import argparse
import asyncio

from edge.cli.settings import number
from edge.config.settings import Between
from edge.lan.box import boxes_as_json, format_boxes
from edge.lan.discovery import find
from edge.units import Seconds

LISTENING = Between(0.1, 3600)


def add_to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="an array, by name")
    parser.add_argument(
        "--seconds",
        type=number(float, LISTENING),
        default=3.0,
        metavar="S",
        help="how long to listen",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """0 if a box was found, else 1."""
    boxes = asyncio.run(find(Seconds(options.seconds)))
    print(boxes_as_json(boxes) if options.json else format_boxes(boxes))
    return 0 if boxes else 1
