"""After a restart the box reads what its clients begin with before they ask."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from tests.system.daemon import Daemon, started
from tests.system.test_bad_days import until_taken, wait_for_blocks

SYSTEM = " ".join(f"Rule {number}: keep the harbour open." for number in range(72))
TOOL = {"name": "tide", "description": "Tells the tide.", "input_schema": {"type": "object"}}
WITHIN_S = 120.0


def asked(words: str) -> dict[str, Any]:
    return {
        "model": "claude-x",
        "max_tokens": 2,
        "system": SYSTEM,
        "tools": [TOOL],
        "messages": [{"role": "user", "content": words}],
    }


def measure(daemon: Daemon, name: str) -> float:
    text = daemon.ask("GET", "/metrics").body.decode()
    found = re.search(rf"^codriver_{name}{{[^}}]*}} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def wait_until(true: Callable[[], bool], what: str) -> None:
    pace, deadline = threading.Event(), monotonic() + WITHIN_S
    while not true():
        assert monotonic() < deadline, what
        pace.wait(0.02)


def box(state: Path, *options: str):
    environment = {"XDG_STATE_HOME": str(state)}
    return started(
        *("--model", "smollm2", "--context", "4096", "--port", "0", *options),
        environment=environment,
    )


@dataclass(frozen=True)
class Life:
    """What a box leaves behind, and how many tokens of its prompt came from no memory."""

    left: Path
    read: int


@pytest.fixture(scope="module")
def first_life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    state = tmp_path_factory.mktemp("first-life")
    with box(state) as daemon:
        daemon.wait_up()
        assert "warming up" not in daemon.said
        reply = until_taken(daemon, asked("Hello?"))
        wait_for_blocks(state, 1)
        wait_until(lambda: bool(list(state.rglob("*.beginnings"))), "nothing was remembered")
        daemon.process.kill()
    return Life(state, int(reply.json["usage"]["input_tokens"]))


@pytest.fixture
def state(first_life: Life, tmp_path: Path) -> Path:
    """The state that it left, for a second life."""
    return Path(shutil.copytree(first_life.left, tmp_path / "state"))


def test_the_first_request_after_a_restart_finds_its_beginning_read(first_life: Life, state: Path):
    with box(state) as daemon:
        daemon.wait_up()
        wait_until(lambda: measure(daemon, "warm_ups_total") == 1, daemon.said)
        assert daemon.heard("warm-up: done")
        restored = measure(daemon, "warm_tokens_restored_total")
        assert restored >= 512
        assert measure(daemon, "warm_tokens_read_total") < 512
        assert measure(daemon, "prefix_bytes_written_total") == 0
        usage = until_taken(daemon, asked("Is it closed?")).json["usage"]
        assert usage["cache_read_input_tokens"] >= restored
        assert usage["cache_read_input_tokens"] > 0.95 * first_life.read
        assert measure(daemon, "prompt_tokens_restored_total") == restored


def test_a_damaged_memory_of_beginnings_is_no_hindrance(state: Path):
    (file,) = state.rglob("*.beginnings")
    file.write_bytes(b"no such thing")
    with box(state) as daemon:
        daemon.wait_up()
        assert daemon.heard("is ignored")
        usage = until_taken(daemon, asked("Is it closed?")).json["usage"]
        assert usage["cache_read_input_tokens"] >= 512
        assert "warming up" not in daemon.said


def test_a_box_that_is_told_not_to_does_not_warm_up(state: Path, tmp_path: Path):
    settings = tmp_path / "codriver.toml"
    settings.write_text("[prefixes]\nwarm = false\n")
    with box(state, "--config", str(settings)) as daemon:
        daemon.wait_up()
        assert until_taken(daemon, asked("Is it closed?")).status == 200
        assert "warming up" not in daemon.said
