"""The ``codriver`` command line: arguments in, one function a command.

Knows argparse and the composition root; prints for people, or JSON where asked.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from edge import __version__
from edge.cli import find, plan, probe, serve
from edge.errors import CodriverError

COMMANDS = (serve, plan, probe, find)


def main(arguments: Sequence[str]) -> int:
    """Run one command; the exit code. Errors of ours are one sentence on stderr."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except CodriverError as error:
        print(f"codriver: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def run() -> None:
    """The entry point of the installed script."""
    sys.exit(main(sys.argv[1:]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="codriver", description="Claude Code goes on without a link: local models, one box."
    )
    parser.add_argument("--version", action="version", version=f"codriver {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_to(commands)
    return parser
