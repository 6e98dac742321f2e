"""The real Claude Code client as one of the bench's laptops: one conversation, and how it ended.

Knows the client's command line by the agent bench; knows no row.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.agent.client import ensure_client
from tests.bench.agent.headless import Run, command, environment, run
from tests.bench.link.answers import MARKS
from tests.bench.link.place import BOX_PORT, TOKEN, Place
from tests.system.daemon import ROOT
from tests.system.hosts import BOX_ADDRESS, at

PROJECT = "project"
WITHIN_S = 180.0


@contextmanager
def throwaway(place: Place) -> Iterator[Path]:
    """A home with a project, for one conversation."""
    with TemporaryDirectory(prefix="home-", dir=place.folder) as name:
        (Path(name) / PROJECT).mkdir()
        yield Path(name)


def converse(
    place: Place, version: str, home: Path, task: str, most_turns: int, port: int = BOX_PORT
) -> Run:
    """The client of that version, from the laptop's namespace, until it exits. Raises
    ClientUnavailable."""
    client = ensure_client(version, ROOT / ".clients")
    env = environment(f"http://{BOX_ADDRESS}:{port}", home)
    env["ANTHROPIC_AUTH_TOKEN"] = TOKEN
    argv = [*at(place.laptop), *command(client, task, most_turns)]
    return run(argv, env=env, cwd=home / PROJECT, timeout_s=WITHIN_S)


def marks(home: Path) -> tuple[str, ...]:
    """The lines that its commands have written."""
    path = home / PROJECT / MARKS
    return tuple(path.read_text().split()) if path.exists() else ()


def wrongs(ended: Run, lines: tuple[str, ...]) -> str:
    """What is wrong with the end of a run, in words; empty if nothing is."""
    told = []
    if ended.timed_out:
        told.append("it did not end;")
    elif ended.exit_code != 0:
        told.append(f"exit code {ended.exit_code};")
    if lines != tuple(f"step-{at + 1}" for at in range(len(lines))):
        told.append(f"the commands ran as {', '.join(lines)};")
    return " ".join(told)
