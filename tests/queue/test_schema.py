"""The queue's file as it is found."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from edge.queue import schema
from edge.queue.schema import VERSION, QueueUnusable, connect

HOLD = """
import sys
from pathlib import Path
from edge.queue.schema import connect
connection = connect(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_it_is_durable_and_private(tmp_path: Path):
    file = tmp_path / "state" / "queue.db"
    connection = connect(file)
    connection.execute("INSERT INTO batches (id, created, expires) VALUES ('b', 1, 2)")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    for path in file.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    connection.close()


def test_it_is_found_again(tmp_path: Path):
    file = tmp_path / "queue.db"
    first = connect(file)
    first.execute("INSERT INTO batches (id, created, expires) VALUES ('b', 1, 2)")
    first.close()
    again = connect(file)
    assert again.execute("SELECT id FROM batches").fetchall() == [("b",)]
    again.close()


def test_a_second_daemon_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(schema, "BUSY_SECONDS", 0.1)
    file = tmp_path / "queue.db"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(QueueUnusable, match="belongs to another codriver that runs"):
            connect(file)
        other.kill()
    connect(file).close()


@pytest.mark.parametrize("content", [b"<html>not a database</html>" * 99, b"SQLite format 3\0" * 9])
def test_a_damaged_file_is_set_aside(tmp_path: Path, content: bytes):
    file = tmp_path / "queue.db"
    file.write_bytes(content)
    connection = connect(file)
    assert connection.execute("SELECT count(*) FROM jobs").fetchone() == (0,)
    connection.close()
    assert file.with_name("queue.db.damaged").read_bytes() == content


def test_damage_inside_is_found(tmp_path: Path):
    file = tmp_path / "queue.db"
    connection = connect(file)
    for number in range(400):
        connection.execute(
            "INSERT INTO batches (id, created, expires) VALUES (?, 1, 2)", (f"b{number}" * 20,)
        )
    connection.close()
    content = bytearray(file.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xa5" * 4096
    file.write_bytes(content)
    connect(file).close()
    assert file.with_name("queue.db.damaged").exists()


def test_a_newer_versions_file_is_left_alone(tmp_path: Path):
    file = tmp_path / "queue.db"
    newer = sqlite3.connect(file)
    newer.execute(f"PRAGMA user_version = {VERSION + 1}")
    newer.close()
    with pytest.raises(QueueUnusable, match="made by a newer codriver"):
        connect(file)
    assert not file.with_name("queue.db.damaged").exists()


def test_a_folder_that_cannot_be_made(tmp_path: Path):
    (tmp_path / "state").write_text("a file")
    with pytest.raises(QueueUnusable, match="cannot be used"):
        connect(tmp_path / "state" / "queue.db")
