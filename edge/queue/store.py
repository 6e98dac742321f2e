"""The queue on disk: every change of a job's state is one transaction.

The single writer. A state changes only from one that may come before it, so that whoever is
late (an answer to a job that was cancelled) changes nothing; an answer is written in the same
transaction that makes its job done, once. Blocking, and for one thread; used by the desk.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from edge.queue.jobs import OPEN, Batch, Fault, Job, NewJob, Standing, State, Wait, Work
from edge.queue.reading import batch_of, headers_of, job_of
from edge.queue.schema import connect

AGAIN = "the box stopped while it was asked: it is asked again"
CANCELLED = "it was cancelled"
EXPIRED = "no answer came before its time was over"
WAITING = "it waits for its turn"

_NEWEST = "SELECT id, created, expires, cancelled FROM batches ORDER BY number DESC LIMIT ?"
_AFTER = (
    "SELECT id, created, expires, cancelled FROM batches"
    " WHERE number < (SELECT number FROM batches WHERE id = ?) ORDER BY number DESC LIMIT ?"
)
_BEFORE = (
    "SELECT id, created, expires, cancelled FROM batches"
    " WHERE number > (SELECT number FROM batches WHERE id = ?) ORDER BY number LIMIT ?"
)


class Store:
    """Raises sqlite3.Error where the disk does not play along, and QueueUnusable at first."""

    def __init__(self, path: Path) -> None:
        self._db = connect(path)

    def close(self) -> None:
        self._db.close()

    # --- in -----------------------------------------------------------------------------

    def add(
        self, ids: Sequence[str], jobs: Sequence[NewJob], now: float, expires: float, batch: str
    ) -> None:
        """All of them or none; they are on the disk when this returns. ``batch`` may be empty."""
        with self._writing() as db:
            if batch:
                db.execute(
                    "INSERT INTO batches (id, created, expires) VALUES (?, ?, ?)",
                    (batch, now, expires),
                )
            for one, job in zip(ids, jobs, strict=True):
                db.execute(
                    "INSERT INTO jobs (id, batch, custom_id, state, dialect, model, title, here,"
                    " size, created, expires, not_before, reason)"
                    " VALUES (?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (one, batch or None, job.custom_id, job.dialect, job.model, job.title,
                     job.here, len(job.body), now, expires, now, WAITING),
                )  # fmt: skip
                db.execute(
                    "INSERT INTO requests (job, path, headers, body) VALUES (?, ?, ?, ?)",
                    (one, job.path, json.dumps(job.headers), job.body),
                )

    def recover(self) -> int:
        """After a start: what ran when the box stopped is asked again. How many those are."""
        return self._change(
            "UPDATE jobs SET state = 'queued', reason = ? WHERE state = 'running'", (AGAIN,)
        )

    # --- out ----------------------------------------------------------------------------

    def take(self, now: float, *, here: bool, away: bool) -> Work | None:
        """The oldest job that is due, running from now on. ``here``, ``away``: of which kind."""
        kinds = [int(kind) for kind, wanted in ((True, here), (False, away)) if wanted]
        with self._writing() as db:
            row = db.execute(
                "SELECT id FROM jobs WHERE state = 'queued' AND not_before <= ? AND expires > ?"
                " AND here IN (SELECT value FROM json_each(?)) ORDER BY number LIMIT 1",
                (now, now, json.dumps(kinds)),
            ).fetchone()
            if row is None:
                return None
            db.execute(
                "UPDATE jobs SET state = 'running', started = ?, tries = tries + 1, reason = ?"
                " WHERE id = ?",
                (now, "it is being asked", row[0]),
            )
            path, headers, body = db.execute(
                "SELECT path, headers, body FROM requests WHERE job = ?", row
            ).fetchone()
        job = self.job(row[0])
        assert job is not None  # noqa: S101 - it was changed a moment ago
        return Work(job, path, headers_of(headers), body)

    def deliver(self, one: str, answer: bytes, engine: str, reason: str, now: float) -> bool:
        """The answer and its job's end together. False if the job no longer runs."""
        with self._writing() as db:
            changed = db.execute(
                "UPDATE jobs SET state = 'done', ended = ?, engine = ?, reason = ?"
                " WHERE id = ? AND state = 'running'",
                (now, engine, reason, one),
            ).rowcount
            if changed:
                db.execute("INSERT INTO answers (job, body) VALUES (?, ?)", (one, answer))
        return bool(changed)

    def fail(self, one: str, fault: Fault, now: float) -> bool:
        """For good. False if the job no longer runs."""
        return bool(
            self._change(
                "UPDATE jobs SET state = 'failed', ended = ?, reason = ?, fault = ?"
                " WHERE id = ? AND state = 'running'",
                (now, fault.message, fault.kind, one),
            )
        )

    def put_back(self, one: str, reason: str, wait: Wait) -> bool:
        """It is asked again. False if the job no longer runs."""
        return bool(
            self._change(
                "UPDATE jobs SET state = 'queued', reason = ?, not_before = ?, asked = ?"
                " WHERE id = ? AND state = 'running'",
                (reason, wait.until, wait.asked, one),
            )
        )

    # --- ends and times -----------------------------------------------------------------

    def cancel(self, one: str, now: float) -> bool:
        """False if there is no such job or it has ended."""
        return bool(
            self._change(
                "UPDATE jobs SET state = 'cancelled', ended = ?, reason = ?"
                " WHERE id = ? AND state IN ('queued', 'running')",
                (now, CANCELLED, one),
            )
        )

    def cancel_batch(self, batch: str, now: float) -> tuple[str, ...]:
        """The jobs of it that this ended."""
        with self._writing() as db:
            rows = db.execute(
                "SELECT id FROM jobs WHERE batch = ? AND state IN ('queued', 'running')", (batch,)
            ).fetchall()
            db.execute(
                "UPDATE jobs SET state = 'cancelled', ended = ?, reason = ?"
                " WHERE batch = ? AND state IN ('queued', 'running')",
                (now, CANCELLED, batch),
            )
            if rows:
                db.execute("UPDATE batches SET cancelled = ? WHERE id = ?", (now, batch))
        return tuple(row[0] for row in rows)

    def expire(self, now: float) -> int:
        """How many have run out of time; one that is being asked may still be answered."""
        return self._change(
            "UPDATE jobs SET state = 'expired', ended = ?, reason = ?"
            " WHERE state = 'queued' AND expires <= ?",
            (now, EXPIRED, now),
        )

    def forget(self, before: float) -> int:
        """What ended earlier goes, a batch as a whole; its room goes back to the disk."""
        with self._writing() as db:
            gone = db.execute(
                "DELETE FROM jobs WHERE batch IS NULL AND ended < ?", (before,)
            ).rowcount
            gone += db.execute(
                "DELETE FROM batches WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE batch = batches.id"
                " AND (ended IS NULL OR ended >= ?))",
                (before,),
            ).rowcount
        if gone:
            self._db.execute("PRAGMA incremental_vacuum").fetchall()
        return gone

    def remove(self, one: str) -> bool:
        """A job that has ended and is in no batch, or a batch whose jobs have all ended."""
        with self._writing() as db:
            jobs = db.execute(
                "DELETE FROM jobs WHERE id = ? AND batch IS NULL AND ended IS NOT NULL", (one,)
            ).rowcount
            batches = db.execute(
                "DELETE FROM batches WHERE id = ? AND NOT EXISTS"
                " (SELECT 1 FROM jobs WHERE batch = batches.id AND ended IS NULL)",
                (one,),
            ).rowcount
        self._db.execute("PRAGMA incremental_vacuum").fetchall()
        return bool(jobs + batches)

    def shift(self, by: float) -> None:
        """The clock was set: what waits keeps the time that it had left."""
        with self._writing() as db:
            db.execute(
                "UPDATE jobs SET created = created + ?, expires = expires + ?,"
                " not_before = not_before + ? WHERE state IN ('queued', 'running')",
                (by, by, by),
            )

    def forgive(self, now: float) -> None:
        """The link is back: what waited because of it is due at once."""
        self._change(
            "UPDATE jobs SET not_before = ? WHERE state = 'queued' AND asked = 0"
            " AND not_before > ?",
            (now, now),
        )

    # --- read ---------------------------------------------------------------------------

    def job(self, one: str) -> Job | None:
        found = self._jobs("SELECT * FROM listed WHERE id = ?", (one,))
        return found[0] if found else None

    def jobs(self, states: Sequence[State], limit: int) -> tuple[Job, ...]:
        """The newest so many in these states, oldest first."""
        newest = self._jobs(
            "SELECT * FROM listed WHERE state IN (SELECT value FROM json_each(?))"
            " ORDER BY number DESC LIMIT ?",
            (json.dumps(states), limit),
        )
        return newest[::-1]

    def jobs_of(self, batch: str) -> tuple[Job, ...]:
        return self._jobs("SELECT * FROM listed WHERE batch = ? ORDER BY number", (batch,))

    def answer(self, one: str) -> bytes | None:
        row = self._db.execute("SELECT body FROM answers WHERE job = ?", (one,)).fetchone()
        return None if row is None else bytes(row[0])

    def batch(self, one: str) -> Batch | None:
        row = self._db.execute(
            "SELECT id, created, expires, cancelled FROM batches WHERE id = ?", (one,)
        ).fetchone()
        return None if row is None else self._with_counts(row)

    def batches(self, limit: int, *, after: str = "", before: str = "") -> tuple[Batch, ...]:
        """The newest first: those that follow ``after`` in that order, or, nearest to it, those
        that come before ``before``. Behind an id that is not there is nothing."""
        statement = _AFTER if after else _BEFORE if before else _NEWEST
        anchor = (after or before,) if after or before else ()
        rows = self._db.execute(statement, (*anchor, limit)).fetchall()
        found = tuple(self._with_counts(row) for row in rows)
        return found[::-1] if before and not after else found

    def due(self, now: float) -> float | None:
        """When the next job is due or runs out of time; None where none waits."""
        (soonest,) = self._db.execute(
            "SELECT min(min(max(not_before, ?), expires)) FROM jobs WHERE state = 'queued'", (now,)
        ).fetchone()
        return None if soonest is None else float(soonest)

    def standing(self) -> Standing:
        """Of the jobs that are open."""
        waiting, running, oldest = self._db.execute(
            "SELECT count(*) FILTER (WHERE state = 'queued'),"
            " count(*) FILTER (WHERE state = 'running'), min(created)"
            " FROM jobs WHERE state IN ('queued', 'running')"
        ).fetchone()
        return Standing(waiting, running, oldest)

    def stored(self) -> int:
        """Bytes that the file has in use."""
        pages, free, size = (
            self._db.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    # --- parts --------------------------------------------------------------------------

    def _jobs(self, statement: str, values: Sequence[object]) -> tuple[Job, ...]:
        return tuple(job_of(row) for row in self._db.execute(statement, tuple(values)))

    def _with_counts(self, row: tuple[str, float, float, float | None]) -> Batch:
        counts = self._db.execute(
            "SELECT state, count(*), max(ended) FROM jobs WHERE batch = ? GROUP BY state", row[:1]
        ).fetchall()
        return batch_of(row, counts, OPEN)

    def _change(self, statement: str, values: Sequence[object]) -> int:
        """A transaction of one statement; how many rows it changed."""
        with self._writing() as db:
            return db.execute(statement, tuple(values)).rowcount

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
