"""The ``codriver`` command line: arguments in, one module a command.

Knows argparse and nothing else: a command's module is imported when it is called, so that
a laptop's install (without llama.cpp, templates and the shell parser) can run its own.
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence

from edge import __version__
from edge.errors import CodriverError

COMMANDS = {
    "serve": "serve the laptops around",
    "plan": "what would run here and why",
    "probe": "what this board is",
    "pull": "a model onto this box",
    "models": "the models that are here, and those that could be",
    "rm": "a model off this box",
    "quantize": "a model file at another level, made here",
    "find": "boxes near me",
    "queue": "prompts for when there is a link, and their answers",
    "config": "the settings in force",
    "explain": "who would answer a recorded request, and why",
    "budget": "what upstreams were used for, and what is left",
    "import-ccr": "settings of claude-code-router as ours",
}


def main(arguments: Sequence[str]) -> int:
    """Run one command; the exit code. Errors of ours are one sentence on stderr."""
    try:
        options = _parse(arguments)
        return int(options.run(options))
    except CodriverError as error:
        print(f"codriver: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "edge":
            raise
        print(f"codriver: this needs the box's install (no {error.name}): "
              "pip install 'codriver[box]'", file=sys.stderr)  # fmt: skip
        return 1
    except KeyboardInterrupt:
        return 130


def run() -> None:
    """The entry point of the installed script."""
    # A file's name may hold bytes that are no text, a terminal may know few letters.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = main(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        # Who reads has seen enough (`codriver plan | head -1`); nothing is left to be flushed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="codriver", description="Claude Code goes on without a link: local models, one box."
    )
    parser.add_argument("--version", action="version", version=f"codriver {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    wanted = next((word for word in arguments if not word.startswith("-")), "")
    for name, purpose in COMMANDS.items():
        command = commands.add_parser(name, help=purpose)
        if name == wanted:
            module = name.replace("-", "_")
            importlib.import_module(f"edge.cli.{module}").add_to(command)
    return parser.parse_args(arguments)
