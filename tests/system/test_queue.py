"""Queued prompts through the daemon as a person starts it: dead zones, and power cuts anywhere."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from tests.system.daemon import ROOT, Daemon
from tests.system.patient_cloud import KEY, PATIENCE, Cloud, box, kill

PATH = "/codriver/queue"


@pytest.fixture
def cloud() -> Cloud:
    return away()


def away() -> Cloud:
    """A cloud of which only the port is known."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return Cloud(sock.getsockname()[1])


@dataclass(frozen=True)
class Waiting:
    """A job that was asked in vain, its box, and the cloud that has come back since."""

    job: str
    daemon: Daemon
    cloud: Cloud
    folder: Path


@pytest.fixture(scope="module", autouse=True)
def dead_zone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waiting]:
    """For all tests, so that its quarter of a minute passes while the others run."""
    cloud, folder = away(), tmp_path_factory.mktemp("dead-zone")
    cloud.answers.set()
    with box(cloud, folder) as daemon:
        one = add(daemon, "why is the sky blue?")
        assert daemon.heard(f"job {one} waits 15 s and is asked again")
        waiting = job(daemon, one)
        assert (waiting["state"], waiting["tries"]) == ("queued", 1)
        assert "Connection refused" in waiting["reason"]
        with cloud.there():
            yield Waiting(one, daemon, cloud, folder)
    assert "Traceback" not in daemon.said


def add(daemon: Daemon, prompt: str) -> str:
    request = {
        "model": "claude-sonnet-5",
        "max_tokens": 99,
        "messages": [{"role": "user", "content": prompt}],
    }
    reply = daemon.ask("POST", PATH, {"request": request}, x_api_key="sk-ant-laptop")
    assert reply.status == 202, reply.body
    return str(reply.json["id"])


def job(daemon: Daemon, one: str) -> dict[str, Any]:
    reply = daemon.ask("GET", f"{PATH}/{one}")
    assert reply.status == 200, reply.body
    found: dict[str, Any] = reply.json
    return found


def until(daemon: Daemon, one: str, state: str) -> dict[str, Any]:
    pace, deadline = threading.Event(), monotonic() + PATIENCE
    while (found := job(daemon, one))["state"] != state:
        assert monotonic() < deadline, (found, daemon.said)
        pace.wait(0.05)
    return found


def text(done: dict[str, Any]) -> str:
    return str(done["answer"]["content"][0]["text"])


def rows(folder: Path, statement: str) -> list[tuple[Any, ...]]:
    """What SQLite itself finds in the file that was left."""
    with closing(sqlite3.connect(folder / "state" / "codriver" / "queue.db")) as database:
        return database.execute(statement).fetchall()


def test_a_laptops_own_key_is_never_kept(cloud: Cloud, tmp_path: Path):
    with box(cloud, tmp_path, credential='"pass"') as daemon:
        request = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
        reply = daemon.ask("POST", PATH, {"request": request}, x_api_key="sk-ant-laptop")
        assert reply.status == 403
        assert "give the box one of its own" in reply.json["error"]["message"]
    assert list((tmp_path / "state").rglob("*.db*")) == []


# --- power cuts ---------------------------------------------------------------------------


def test_cut_off_while_jobs_come_in_none_that_was_promised_is_lost(cloud: Cloud, tmp_path: Path):
    promised: list[str] = []
    for turn in range(3):
        with box(cloud, tmp_path) as daemon:
            askers = [
                threading.Thread(target=add_until_dead, args=(daemon, f"{turn}-{n}", promised))
                for n in range(4)
            ]
            for asker in askers:
                asker.start()
            pace, deadline = threading.Event(), monotonic() + PATIENCE
            while len(promised) < (turn + 1) * 12:
                assert monotonic() < deadline, daemon.said
                pace.wait(0.002)
            kill(daemon)
            for asker in askers:
                asker.join()
    kept = {row[0] for row in rows(tmp_path, "SELECT id FROM jobs JOIN requests ON job = id")}
    assert set(promised) <= kept
    assert rows(tmp_path, "SELECT count(*) FROM jobs") == [(len(kept),)], "no job is half there"
    assert rows(tmp_path, "PRAGMA integrity_check") == [("ok",)]


def add_until_dead(daemon: Daemon, name: str, promised: list[str]) -> None:
    number = 0
    try:
        while True:
            promised.append(add(daemon, f"{name}-{number}"))
            number += 1
    except (OSError, http.client.HTTPException):
        """The power is gone."""


def test_cut_off_while_it_asks_it_asks_again(cloud: Cloud, tmp_path: Path):
    with cloud.there():
        with box(cloud, tmp_path) as daemon:
            first, second = add(daemon, "first"), add(daemon, "second")
            assert cloud.asked.acquire(timeout=PATIENCE)
            assert job(daemon, first)["state"] == "running"
            kill(daemon)
        assert rows(tmp_path, "SELECT state FROM jobs ORDER BY number") == [
            ("running",),
            ("queued",),
        ]
        cloud.answers.set()
        with box(cloud, tmp_path) as daemon:
            assert daemon.heard("1 queued jobs were being asked when the box stopped")
            done = until(daemon, first, "done")
            assert (text(done), done["tries"]) == ("answer to first", 2)
            assert text(until(daemon, second, "done")) == "answer to second"
    assert cloud.seen == ["first", "first", "second"]


@pytest.mark.parametrize("delay_ms", [0, 1, 3, 6, 12])
def test_cut_off_while_answers_arrive_each_is_there_once(
    cloud: Cloud, tmp_path: Path, delay_ms: int
):
    """Killed a moment after an answer has left the cloud: before, in or behind its delivery."""
    with cloud.there():
        with box(cloud, tmp_path) as daemon:
            ids = [add(daemon, f"prompt {number}") for number in range(4)]
            assert cloud.asked.acquire(timeout=PATIENCE)
            cloud.answers.set()
            assert cloud.asked.acquire(timeout=PATIENCE)
            threading.Event().wait(delay_ms / 1000)
            kill(daemon)
        done = {row[0] for row in rows(tmp_path, "SELECT id FROM jobs WHERE state = 'done'")}
        answered = {row[0] for row in rows(tmp_path, "SELECT job FROM answers")}
        assert done == answered
        assert ids[0] in done, "it was delivered before the second was asked"
        with box(cloud, tmp_path) as daemon:
            for number, one in enumerate(ids):
                assert text(until(daemon, one, "done")) == f"answer to prompt {number}"
            listed = daemon.ask("GET", PATH).json["jobs"]
            assert [(one["id"], one["state"]) for one in listed] == [(one, "done") for one in ids]
    assert rows(tmp_path, "SELECT count(*) FROM answers") == [(4,)]
    times = Counter(cloud.seen)
    assert all(times[f"prompt {number}"] >= 1 for number in range(4))
    assert sum(times.values()) <= 5, "what was done is not asked again"


def test_a_job_that_was_cancelled_stays_so_after_a_cut(cloud: Cloud, tmp_path: Path):
    with cloud.there():
        with box(cloud, tmp_path) as daemon:
            one = add(daemon, "never mind")
            assert cloud.asked.acquire(timeout=PATIENCE)
            reply = daemon.ask("POST", f"{PATH}/{one}/cancel")
            assert reply.json["state"] == "cancelled"
            kill(daemon)
        cloud.answers.set()
        with box(cloud, tmp_path) as daemon:
            other = add(daemon, "another")
            until(daemon, other, "done")
            assert job(daemon, one)["state"] == "cancelled"
    assert cloud.seen == ["never mind", "another"]


# --- a box that is stopped ------------------------------------------------------------------


def test_stopped_while_it_asks_the_answer_is_waited_for(cloud: Cloud, tmp_path: Path):
    with cloud.there(), box(cloud, tmp_path) as daemon:
        first, _ = add(daemon, "first"), add(daemon, "second")
        assert cloud.asked.acquire(timeout=PATIENCE)
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.heard("stopping")
        cloud.answers.set()
        assert daemon.heard(f"job {first} is done by cloud")
        daemon.process.wait(PATIENCE)
    states = rows(tmp_path, "SELECT state, tries FROM jobs ORDER BY number")
    assert states == [("done", 1), ("queued", 0)]
    assert cloud.seen == ["first"]
    assert "Traceback" not in daemon.said


def test_stopped_while_it_asks_too_long_it_is_asked_again(cloud: Cloud, tmp_path: Path):
    with cloud.there():
        with box(cloud, tmp_path, drain=0.2) as daemon:
            one = add(daemon, "first")
            assert cloud.asked.acquire(timeout=PATIENCE)
            daemon.process.send_signal(signal.SIGTERM)
            daemon.process.wait(PATIENCE)
        assert rows(tmp_path, "SELECT state FROM jobs") == [("queued",)]
        cloud.answers.set()
        with box(cloud, tmp_path) as again:
            assert until(again, one, "done")["tries"] == 2
            assert "were being asked when the box stopped" not in again.said
    assert cloud.seen == ["first", "first"]
    assert "Traceback" not in daemon.said


# --- the command --------------------------------------------------------------------------


def codriver(daemon: Daemon, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge", "queue", *words],
        input=said,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=PATIENCE,
        env={**os.environ, "ANTHROPIC_BASE_URL": daemon.url, "ANTHROPIC_AUTH_TOKEN": "local"},
    )


def test_the_command_from_a_prompt_to_a_file_with_the_answer(cloud: Cloud, tmp_path: Path):
    cloud.answers.set()
    request = tmp_path / "request.json"
    request.write_text(
        '{"model": "gpt-x", "messages": [{"role": "user", "content": "in the other dialect"}]}'
    )
    with box(cloud, tmp_path) as daemon, cloud.there():
        empty = codriver(daemon)
        assert (empty.returncode, empty.stdout) == (0, "Nothing is queued.\n")
        added = codriver(daemon, "add", "--system", "Be brief.", said="from a pipe")
        assert (added.returncode, added.stderr) == (0, "kept; it goes out at once\n")
        other = codriver(daemon, "add", "--request", str(request), "--route", "local")
        one, local = added.stdout.strip(), other.stdout.strip()
        waited = codriver(daemon, "wait", one)
        assert (waited.returncode, waited.stdout) == (0, "answer to from a pipe\n")
        assert codriver(daemon, "wait", local).stdout == "Hello from codriver.\n"
        shown = codriver(daemon, "show", one).stdout
        assert "prompt   from a pipe" in shown
        folder = tmp_path / "answers"
        saved = codriver(daemon, "results", "--to", str(folder))
        assert saved.stdout.split() == [str(folder / f"{name}.md") for name in (one, local)]
        assert (folder / f"{local}.md").read_text() == "Hello from codriver.\n"
        assert codriver(daemon, "results", "--to", str(folder)).stdout == ""
        assert codriver(daemon, "cancel", one).returncode == 1
        assert codriver(daemon, "rm", one).returncode == 0
        gone = codriver(daemon, "show", one)
        assert (gone.returncode, gone.stdout) == (1, "")
        assert gone.stderr == f"codriver: no job is called '{one}': `codriver queue` lists them\n"


# --- the dead zone, behind all that could run meanwhile --------------------------------------


def test_a_prompt_of_the_dead_zone_is_answered_when_the_cloud_is_back(dead_zone: Waiting):
    done = until(dead_zone.daemon, dead_zone.job, "done")
    assert text(done) == "answer to why is the sky blue?"
    assert done["engine"] == "cloud"
    cloud = dead_zone.cloud
    assert (cloud.seen, cloud.keys) == (["why is the sky blue?"], {KEY})
    left = (dead_zone.folder / "state").rglob("*.db*")
    assert b"sk-ant" not in b"".join(path.read_bytes() for path in left)
