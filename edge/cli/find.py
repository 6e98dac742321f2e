"""``codriver find``: the boxes near this laptop."""

from __future__ import annotations

import argparse
import asyncio

from edge.lan.box import boxes_as_json, format_boxes
from edge.lan.discovery import find
from edge.units import Seconds


def add_to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long to listen")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    boxes = asyncio.run(find(Seconds(options.seconds)))
    print(boxes_as_json(boxes) if options.json else format_boxes(boxes))
    return 0 if boxes else 1
