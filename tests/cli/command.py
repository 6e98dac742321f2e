"""Runs a command in this process, as the installed script would, without its exit."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from edge.cli import main


@dataclass(frozen=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]


def runner(capsys: pytest.CaptureFixture[str]) -> Run:
    """A function that runs ``codriver`` with its arguments."""

    def run(*arguments: object) -> Said:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):  # as the installed script does
                stream.reconfigure(errors="backslashreplace")
        try:
            code = main([str(word) for word in arguments])
        except SystemExit as end:  # argparse's way out
            code = end.code if isinstance(end.code, int) else 1
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return run
