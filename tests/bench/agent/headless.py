"""Runs the real Claude Code client once: headless, bare, in a throw-away home.

Knows the command line, the environment and how to end what the client started. Knows no
task and no server but a base URL.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from time import monotonic
from typing import IO

import psutil

GRACE_S = 3.0


@dataclass(frozen=True, slots=True)
class Run:
    """What a run of the client left; ``timed_out`` runs have whatever was printed so far."""

    exit_code: int
    stdout: str
    stderr: str
    seconds: float
    timed_out: bool


def command(
    client: Path,
    prompt: str,
    max_turns: int,
    *,
    bare: bool = True,
    permission_mode: str | None = None,
) -> list[str]:
    """The headless command line for one prompt; without a permission mode none is asked for."""
    allowed = (
        ["--permission-mode", permission_mode]
        if permission_mode is not None
        else ["--dangerously-skip-permissions"]
    )
    return [
        str(client),
        "--print",
        prompt,
        *(["--bare"] if bare else []),
        "--output-format",
        "json",
        "--max-turns",
        str(max_turns),
        *allowed,
    ]


def environment(base_url: str, home: Path) -> dict[str, str]:
    """Nothing of the caller's but PATH, led by this Python's directory so that ``python`` is there.

    IS_SANDBOX lets root skip permissions: the directory is thrown away.
    """
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "PYTHONDONTWRITEBYTECODE": "1",
        "IS_SANDBOX": "1",
        "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "ANTHROPIC_BASE_URL": base_url,
        "ANTHROPIC_AUTH_TOKEN": "local",
    }


def run(argv: list[str], *, env: dict[str, str], cwd: Path, timeout_s: float) -> Run:
    """Run the client to its end or its timeout; nothing it started outlives the call.

    Output goes to files: what the client leaves in the background may hold a pipe open.
    """
    started = monotonic()
    with TemporaryFile() as stdout, TemporaryFile() as stderr:
        process = subprocess.Popen(
            argv,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
        timed_out = False
        try:
            process.wait(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            timed_out = True
            _end(process)
        finally:
            _end_stragglers(Path(env["HOME"]))
        return Run(
            exit_code=process.returncode,
            stdout=_text(stdout),
            stderr=_text(stderr),
            seconds=monotonic() - started,
            timed_out=timed_out,
        )


def _text(output: IO[bytes]) -> str:
    output.seek(0)
    return output.read().decode("utf-8", "replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process group, politely first."""
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(timeout=GRACE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _end_stragglers(home: Path) -> None:
    """Kill what the client's commands left running: they carry its throw-away HOME."""
    for process in psutil.process_iter():
        try:
            if process.environ().get("HOME") == str(home):
                process.kill()
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
