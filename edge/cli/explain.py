"""``codriver explain``: who would answer a recorded request, and why. Nothing is sent."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import get_args

from edge.app.explain import explain, explanation_as_json, format_explanation, read_request
from edge.app.likeness import likeness_of
from edge.app.privacy import unremembering
from edge.cli.settings import add_config_option, state_dir
from edge.config import load
from edge.errors import BadRequest
from edge.state import LinkLevel


def add_to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a request's body, or a recording")
    add_config_option(parser)
    parser.add_argument(
        "--link", choices=get_args(LinkLevel), help="as if the link were so; else not watched"
    )
    parser.add_argument("--json", action="store_true", help="an object, as programs want it")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    config = load(options.config)
    privacy = unremembering(config.privacy)
    try:
        content = options.file.read_bytes()
    except OSError as error:
        raise BadRequest(f"{options.file}: {error.strerror}") from None
    try:
        request = read_request(content)
        kept = asyncio.run(privacy.look(request))
        likeness = asyncio.run(likeness_of(request, config, state_dir()))
        why = None if kept is None else kept.why
        told = explain(request, config, options.link, why, likeness)
    except BadRequest as error:
        raise BadRequest(f"{options.file}: {error}") from None
    print(explanation_as_json(told) if options.json else format_explanation(told))
    return 0
