"""The queue's SQLite file: opened whole, by one daemon at a time, or not at all.

Every commit is on the disk before it returns (WAL with synchronous = FULL), because who was
told that a job is kept must find it after a power cut. Blocking; for the store.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from edge.disk import sync_folder
from edge.errors import EngineError

log = logging.getLogger(__name__)

VERSION = 1
BUSY_SECONDS = 2.0
"""A daemon that was killed a moment ago may still hold the file."""

_TABLES = """
CREATE TABLE batches (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    created REAL NOT NULL,
    expires REAL NOT NULL,
    cancelled REAL
);
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    batch TEXT REFERENCES batches(id) ON DELETE CASCADE,
    custom_id TEXT,
    state TEXT NOT NULL,
    dialect TEXT NOT NULL,
    model TEXT NOT NULL,
    title TEXT NOT NULL,
    here INTEGER NOT NULL,
    size INTEGER NOT NULL,
    created REAL NOT NULL,
    expires REAL NOT NULL,
    not_before REAL NOT NULL,
    asked INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL,
    started REAL,
    ended REAL,
    engine TEXT,
    fault TEXT
);
CREATE INDEX jobs_by_state ON jobs(state, number);
CREATE INDEX jobs_by_batch ON jobs(batch, number);
CREATE VIEW listed AS SELECT
    id, state, dialect, model, title, here, size, created, expires, not_before, tries, reason,
    batch, custom_id, started, ended, engine, fault, number
FROM jobs;
CREATE TABLE requests (
    job TEXT PRIMARY KEY REFERENCES jobs(id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE answers (
    job TEXT PRIMARY KEY REFERENCES jobs(id) ON DELETE CASCADE,
    body BLOB NOT NULL
);
"""


class QueueUnusable(EngineError):
    """The queue's file cannot be worked with; the sentence says why."""


def connect(path: Path) -> sqlite3.Connection:
    """The file, made if it is not there; one that is damaged is set aside and made anew.

    Raises QueueUnusable where another daemon has it, or a newer version made it.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return _open(path)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            _set_aside(path, error)
            return _open(path)
    except sqlite3.OperationalError as error:
        raise QueueUnusable(_why(path, error)) from None
    except (sqlite3.Error, OSError) as error:
        raise QueueUnusable(f"the queue in {path} cannot be used: {error}") from None


def _why(path: Path, error: sqlite3.OperationalError) -> str:
    if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
        return f"the queue in {path} belongs to another codriver that runs: stop that one"
    return f"the queue in {path} cannot be used: {error}"


def _open(path: Path) -> sqlite3.Connection:
    # What people queue is theirs: nobody else may read it, nor the files that SQLite puts beside.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    sync_folder(path.parent)
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        # Who has the file keeps it: two daemons would ask everything twice.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("BEGIN IMMEDIATE")
        _make_tables(connection, path)
        connection.execute("COMMIT")
        _check(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _make_tables(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise QueueUnusable(
            f"the queue in {path} was made by a newer codriver: update this one, or move the file"
        )
    if version == 0:
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")


def _check(connection: sqlite3.Connection) -> None:
    with closing(connection.execute("PRAGMA quick_check(1)")) as found:
        (word,) = found.fetchone()
    if word != "ok":
        raise sqlite3.DatabaseError(word)


def _set_aside(path: Path, error: sqlite3.DatabaseError) -> None:
    """The damaged file is kept for whoever can read something out of it."""
    kept = path.with_name(f"{path.name}.damaged")
    log.error("the queue in %s is damaged (%s): kept as %s, made a new one", path, error, kept.name)
    path.replace(kept)
    for ending in ("-wal", "-shm", "-journal"):
        beside = path.with_name(path.name + ending)
        if beside.exists():
            beside.replace(kept.with_name(kept.name + ending))
