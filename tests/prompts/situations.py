"""What the real Claude Code client sends from a project, at a time, in a session.

Runs the client headless in throw-away directories against a server of canned turns, and
gives the request bodies as they came. Used by the recorder and by the live test.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.agent import headless
from tests.bench.agent.scripted import Script, call, serving, text

CLIENT_WITHIN_S = 120.0

Body = dict[str, Any]

EAST, WEST = "Etc/GMT-14", "Etc/GMT+12"
"""Zones 26 hours apart: it is never the same day in both."""


@dataclass(frozen=True, slots=True)
class Project:
    """Where the client is started, by whom and on which side of the date line."""

    name: str
    user: str
    zone: str
    git: bool = False
    notes: str = ""
    """A CLAUDE.md."""


HARBOUR = Project("harbour", "ada", EAST)
ORCHARD = Project("orchard", "grace", WEST, git=True, notes="Trees are numbered from the gate.\n")


@dataclass(frozen=True, slots=True)
class Heard:
    """The requests of one run that offer tools, in order; ``root`` was its directory."""

    root: Path
    home: Path
    project: Path
    bodies: Sequence[Body]


LOOK = call("Bash", {"command": "ls", "description": "List files"}, "toolu_look")
READ = call("Read", {"file_path": "main.py"}, "toolu_read")
CHANGE = call("Bash", {"command": "echo >> main.py", "description": "Add a line"}, "toolu_change")
ASK = call(
    "Agent",
    {
        "description": "Count files",
        "prompt": "How many files are there?",
        "subagent_type": "Explore",
        "run_in_background": False,
    },
    "toolu_ask",
)


@contextmanager
def place(project: Project) -> Iterator[tuple[Path, Path, Path]]:
    """A throw-away root with the user's home and the project in it, as the project wants it."""
    with tempfile.TemporaryDirectory(prefix="situation-", ignore_cleanup_errors=True) as name:
        root = Path(name)
        home, cwd = root / project.user, root / project.user / project.name
        cwd.mkdir(parents=True)
        (cwd / "main.py").write_text("print('hello')\n", encoding="utf-8")
        if project.notes:
            (cwd / "CLAUDE.md").write_text(project.notes, encoding="utf-8")
        if project.git:
            _commit(cwd, project)
        yield root, home, cwd


def _commit(cwd: Path, project: Project) -> None:
    """One commit, one change behind it and one file that git does not know."""
    who = ["-c", f"user.name={project.user}", "-c", f"user.email={project.user}@example.org"]
    git = [shutil.which("git") or "git", *who]
    for arguments in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "Plant"]):
        subprocess.run([*git, *arguments], cwd=cwd, check=True, env={"PATH": os.environ["PATH"]})
    (cwd / "main.py").write_text("print('changed')\n", encoding="utf-8")
    (cwd / "new.py").write_text("\n", encoding="utf-8")


def hear(
    client: Path,
    project: Project,
    prompts: Sequence[str],
    turns: Sequence[Mapping[str, Any]] = (),
    *options: str,
    bare: bool = False,
    countdown: bool = False,
) -> Heard:
    """One session: each prompt is answered with ``turns``, a tool call each, and then is done.

    ``countdown``: the client tells in system turns how many tokens are left.
    """
    told = {"CLAUDE_CODE_TOTAL_TOKENS_REMINDER": "countdown"} if countdown else {}
    script = Script([*([turn] for turn in turns), [text("Done.")]])
    with place(project) as (root, home, cwd), serving(script) as url:
        for number, prompt in enumerate(prompts):
            done = headless.run(
                [
                    *headless.command(client, prompt, len(turns) + 1, bare=bare),
                    *(["--continue"] if number else []),
                    *options,
                ],
                env={**headless.environment(url, home), "TZ": project.zone, **told},
                cwd=cwd,
                timeout_s=CLIENT_WITHIN_S,
            )
    bodies = [body for body in script.requests if body.get("tools")]
    assert bodies, done.stderr or done.stdout
    return Heard(root, home, cwd, bodies)
