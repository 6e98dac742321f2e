"""Rows of the queue's tables as values. Pure; for the store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from edge.queue.jobs import Batch, Fault, Headers, Job, State


def job_of(row: Sequence[Any]) -> Job:
    """A row of the view ``listed``."""
    *plain, fault, _number = row
    job = Job(*plain)
    failed = None if fault is None else Fault(fault, job.reason)
    return replace(job, here=bool(job.here), fault=failed)


def headers_of(text: str) -> Headers:
    return tuple((name, value) for name, value in json.loads(text))


def batch_of(
    row: Sequence[Any], counts: Sequence[tuple[State, int, float | None]], open_: Sequence[State]
) -> Batch:
    """``counts``: state, number and the last end of the batch's jobs in each state."""
    identity, created, expires, cancelled = row
    ends = [end for _, _, end in counts if end is not None]
    has_open = any(state in open_ for state, _, _ in counts)
    return Batch(
        identity,
        created,
        expires,
        tuple((state, number) for state, number, _ in counts),
        cancelled,
        None if has_open else max(ends, default=created),
    )
