"""Crowds, power cuts and bad disks, on the real daemon with the embedded model."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections import Counter
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from tests.engines.worker.tiny_kinds import Kind, make_kind
from tests.system.daemon import Daemon, Reply, serving, started

KILLS = 1000
CROWD = 100
GROWTH_LIMIT = 30 * 2**20

STORY = (
    "The road goes on and on, past the mill, over the bridge, through the village of seven "
    "chimneys, and nobody on it remembers where it began. "
) * 20


def asked(number: int, tokens: int = 12) -> dict[str, Any]:
    """One of a few conversations with a long beginning in common; greedy."""
    return {
        "model": "claude-sonnet-5",
        "max_tokens": tokens,
        "temperature": 0,
        "system": STORY,
        "messages": [{"role": "user", "content": f"Count from {number % 5} upwards."}],
    }


def until_taken(daemon: Daemon, body: dict[str, Any], seconds: float = 90.0) -> Reply:
    """As a client would: again while the box says that it is overloaded."""
    pace, deadline = threading.Event(), monotonic() + seconds
    while True:
        reply = daemon.ask("POST", "/v1/messages", body)
        if reply.status == 200 or monotonic() > deadline:
            return reply
        assert reply.json["error"]["type"] == "overloaded_error", reply.body
        pace.wait(0.02)


def words(reply: Reply) -> str:
    assert reply.status == 200, reply.body
    return "".join(block.get("text", "") for block in reply.json["content"])


def resident(pid: int) -> int:
    """Bytes of a process in memory."""
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def kill_at_random(daemon: Daemon, kills: int) -> None:
    """Workers killed at any moment while requests run; every answer that comes is right."""
    chance = random.Random(7)
    truth = {n: words(until_taken(daemon, asked(n))) for n in range(5)}
    before = resident(daemon.process.pid)
    for number in range(kills):
        killer = threading.Timer(chance.uniform(0.0, 0.6), kill_worker, [daemon])
        killer.start()
        reply = daemon.ask("POST", "/v1/messages", asked(number))
        killer.join()
        if reply.status == 200:
            assert words(reply) == truth[number % 5]
        else:
            assert reply.json["error"]["type"] == "overloaded_error", reply.body
    assert {n: words(until_taken(daemon, asked(n))) for n in range(5)} == truth
    assert resident(daemon.process.pid) - before < GROWTH_LIMIT


def kill_worker(daemon: Daemon) -> None:
    for worker in daemon.workers():
        try:
            os.kill(worker, signal.SIGKILL)
        except ProcessLookupError:
            return


def test_workers_killed_at_any_moment():
    with serving("--model", "smollm2", "--context", "4096") as daemon:
        kill_at_random(daemon, 3)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_thousand_workers_killed():
    with serving("--model", "smollm2", "--context", "4096") as daemon:
        kill_at_random(daemon, KILLS)


def test_a_crowd_gets_answers_or_clear_refusals(small: Daemon):
    outcomes: Counter[str] = Counter()
    lock = threading.Lock()

    def client(number: int) -> None:
        body = {**asked(number, tokens=2), "system": "Be brief."}
        reply = small.ask("POST", "/v1/messages", body)
        kind = "answer" if reply.status == 200 else reply.json["error"]["type"]
        if reply.status != 200:
            assert "Retry-After" in {name.title() for name in reply.headers}
        with lock:
            outcomes[kind] += 1

    threads = [threading.Thread(target=client, args=[n]) for n in range(CROWD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(outcomes.values()) == CROWD
    assert set(outcomes) <= {"answer", "overloaded_error", "rate_limit_error"}
    assert outcomes["answer"] >= 16
    assert words(small.ask("POST", "/v1/messages", asked(1)))


@pytest.mark.parametrize("kind", [None, "window", "hybrid"])
def test_a_restart_reads_no_prefix_twice(tmp_path: Path, kind: Kind | None):
    """Blocks of a model that can be cut, whole states of the others."""
    model = "smollm2" if kind is None else str(make_kind(tmp_path / "tiny.gguf", kind))
    state = {"XDG_STATE_HOME": str(tmp_path)}
    usage: list[dict[str, int]] = []
    answers: list[str] = []
    for _ in range(2):
        with started(
            "--model",
            model,
            "--context",
            "4096" if kind is None else "8192",
            "--port",
            "0",
            environment=state,
        ) as daemon:
            daemon.wait_up()
            reply = until_taken(daemon, asked(1))
            usage.append(reply.json["usage"])
            answers.append(words(reply))
            until_taken(daemon, asked(2))
            wait_for_blocks(tmp_path, 1)
            kill_worker(daemon)
            daemon.process.kill()
    assert answers[0] == answers[1]
    assert usage[0]["cache_read_input_tokens"] == 0
    assert usage[1]["cache_read_input_tokens"] >= 512


def wait_for_blocks(state: Path, count: int) -> None:
    pace, deadline = threading.Event(), monotonic() + 60
    while len(list(state.rglob("*.kv"))) < count:
        assert monotonic() < deadline, "no prefix came to the disk"
        pace.wait(0.02)


def test_a_state_directory_that_cannot_be_written(tmp_path: Path):
    blocked = tmp_path / "codriver"
    blocked.mkdir()
    (blocked / "prefixes").write_text("in the way")
    state = {"XDG_STATE_HOME": str(tmp_path)}
    with started(
        "--model", "smollm2", "--context", "4096", "--port", "0", environment=state
    ) as daemon:
        daemon.wait_up()
        assert words(until_taken(daemon, asked(1)))
        assert "codriver_answers_total" in daemon.ask("GET", "/metrics").body.decode()
