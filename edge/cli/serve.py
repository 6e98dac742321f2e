"""``codriver serve``: the daemon.

Its parts are imported when it runs: `codriver serve --help` needs no box.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from edge.app.banner import starting
from edge.app.choose import Choice, choose_model
from edge.cli.settings import (
    add_config_option,
    add_model_options,
    from_options,
    limits,
    measured_dir,
    models_dir,
    number,
    state_dir,
)
from edge.config import Config
from edge.config.settings import ServerSettings

if TYPE_CHECKING:
    from edge.app.daemon import Plant


def add_to(parser: argparse.ArgumentParser) -> None:
    add_config_option(parser)
    add_model_options(parser)
    parser.add_argument("--host", metavar="H", help="address to listen on (0.0.0.0: the whole LAN)")
    parser.add_argument(
        "--port",
        type=number(int, limits(ServerSettings, "port")),
        metavar="N",
        help="port to listen on; 0 takes a free one",
    )
    parser.add_argument("--fake", action="store_true", help="a scripted engine instead of a model")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from edge.app.daemon import Plant
    from edge.engines.fake import FakeEngine

    config = _with_address(from_options(options), options)
    logging.basicConfig(
        level=config.log.level.upper(),
        format="%(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    choice = None if options.fake else _chosen(config)
    if choice is not None:
        _tell(_explain(choice))
    plant = Plant(config, state_dir(), choice, _tell, engine=FakeEngine() if options.fake else None)
    asyncio.run(_serve(plant))
    return 0


def _chosen(config: Config) -> Choice:
    return choose_model(config, models_dir(config), tell=_tell, measured=measured_dir())


async def _serve(plant: Plant) -> None:
    from edge.app.daemon import serve

    try:
        await serve(plant)
    except* asyncio.CancelledError:
        pass


def _with_address(config: Config, options: argparse.Namespace) -> Config:
    server = config.server
    if options.host is not None:
        server = replace(server, host=options.host)
    if options.port is not None:
        server = replace(server, port=options.port)
    return replace(config, server=server)


def _explain(choice: Choice) -> str:
    best = choice.plan
    better = [f"better: {one.model}, {one.reason}" for one in choice.makeable[:1]]
    return starting(f"{best.model} ({best.path})", [best.reason, *better, *choice.refused])


def _tell(text: str) -> None:
    print(text, flush=True)
