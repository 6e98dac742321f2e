"""A job and its life, as frozen values. Pure.

    queued -> running -> done | failed
       ^         |
       +---------+   the network failed, or the power: it is asked again
    queued | running -> cancelled;  queued -> expired

Times are seconds since 1970. For the whole package and those who use it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Literal

from edge.errors import ErrorKind
from edge.units import Seconds

State = Literal["queued", "running", "done", "failed", "cancelled", "expired"]
Dialect = Literal["anthropic", "openai"]
Headers = tuple[tuple[str, str], ...]

OPEN: tuple[State, ...] = ("queued", "running")
FINISHED: tuple[State, ...] = ("done", "failed", "cancelled", "expired")

ID_BYTES = 5
"""Random bytes of a job's id: eight letters that a person can type."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """A request to be kept. ``here``: the box's own model is to answer, and needs no link."""

    dialect: Dialect
    path: str
    headers: Headers
    body: bytes
    model: str
    title: str
    here: bool = False
    custom_id: str | None = None
    """Its name within its batch."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a job failed for good."""

    kind: ErrorKind
    message: str


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it is listed; ``reason`` says for a person how it came to its state."""

    id: str
    state: State
    dialect: Dialect
    model: str
    title: str
    here: bool
    size: int
    """Bytes of its request."""
    created: float
    expires: float
    not_before: float
    """The next try is made no earlier."""
    tries: int
    reason: str
    batch: str | None = None
    custom_id: str | None = None
    started: float | None = None
    """When it was asked for the last time."""
    ended: float | None = None
    engine: str | None = None
    """Who answered."""
    fault: Fault | None = None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


@dataclass(frozen=True, slots=True)
class Work:
    """A job that has been taken, with its request as it is to be sent."""

    job: Job
    path: str
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """Jobs that were added together; ``counts`` has how many are in each state."""

    id: str
    created: float
    expires: float
    counts: tuple[tuple[State, int], ...]
    cancelled: float | None = None
    """When somebody wished its end."""
    ended: float | None = None
    """When its last job ended; None while one is open."""

    def count(self, *states: State) -> int:
        return sum(number for state, number in self.counts if state in states)


@dataclass(frozen=True, slots=True)
class Wait:
    """How a job that was put back waits. ``asked``: the server named the time, so that a link
    which comes back does not shorten it."""

    until: float
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How many jobs are open; ``oldest``: since when the first of them has been there."""

    waiting: int = 0
    running: int = 0
    oldest: float | None = None


def job_id(random_bytes: bytes) -> str:
    """Eight lower-case letters and digits out of ``ID_BYTES`` random ones."""
    return base64.b32encode(random_bytes).decode("ascii").lower()


@dataclass(frozen=True, slots=True)
class Limits:
    """``keep``: how long what is finished stays; ``max_bytes``: for all that is kept."""

    expires: Seconds
    keep: Seconds
    max_bytes: int
