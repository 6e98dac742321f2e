"""The real Claude Code client, headless, against the real daemon on a real model.

A turn: the client sends its tools, the model calls one, the client runs it and sends the
result, the model answers, the client exits 0.
"""

import json
from pathlib import Path

import pytest

from tests.bench.agent.client import PINNED, ensure_client
from tests.bench.agent.headless import command, environment, run
from tests.system.daemon import ROOT, Daemon

TASK = "Run the command: cat notes.txt - and tell me what it prints."
NOTES = "The bridge opens at 7.\n"
BARE_SECONDS = 240.0
FULL_SECONDS = 3000.0


def play(
    daemon: Daemon, version: str, place: Path, *, bare: bool, permission_mode: str | None = None
):
    """One headless run in a throw-away project; what the client printed, and its exit code."""
    client = ensure_client(version, ROOT / ".clients")
    home, project = place / "home", place / "project"
    home.mkdir()
    project.mkdir()
    (project / "notes.txt").write_text(NOTES)
    argv = command(client, TASK, max_turns=8, bare=bare, permission_mode=permission_mode)
    assert permission_mode is None or "--dangerously-skip-permissions" not in argv
    env = environment(daemon.url, home)
    done = run(argv, env=env, cwd=project, timeout_s=BARE_SECONDS if bare else FULL_SECONDS)
    assert not done.timed_out, done.stdout + done.stderr + daemon.said
    return done.exit_code, json.loads(done.stdout.splitlines()[-1])


def check(code: int, result) -> None:
    """It used a tool, told what came of it and ended well."""
    assert code == 0, result
    assert result["is_error"] is False
    assert result["num_turns"] >= 2, result
    assert "bridge" in result["result"]


@pytest.mark.parametrize("version", [PINNED, "latest"])
def test_a_bare_turn_with_a_tool(coder: Daemon, version: str, tmp_path: Path):
    check(*play(coder, version, tmp_path, bare=True))


@pytest.mark.slow
@pytest.mark.timeout(FULL_SECONDS + 60)
@pytest.mark.parametrize("version", [PINNED, "latest"])
def test_a_full_turn_with_a_tool(coder: Daemon, version: str, tmp_path: Path):
    check(*play(coder, version, tmp_path, bare=False))


@pytest.mark.slow
@pytest.mark.timeout(FULL_SECONDS + 60)
def test_a_full_turn_in_auto_mode(coder: Daemon, tmp_path: Path):
    code, result = play(coder, "latest", tmp_path, bare=False, permission_mode="auto")
    check(code, result)
    assert result["permission_denials"] == []
