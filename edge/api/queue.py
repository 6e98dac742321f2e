"""The queue's own door: jobs one at a time, of either dialect, as ``codriver queue`` uses it.

    POST   /codriver/queue            {"request": ...}, perhaps with a dialect, a route,
                                      expires_seconds; answered with 202 once it is safe
    GET    /codriver/queue            every job, and what they wait for
    GET    /codriver/queue/ID         one job, with its answer if there is one
    POST   /codriver/queue/ID/cancel
    DELETE /codriver/queue/ID         a job that has ended, with its answer

Errors come in the envelope of the Messages API. Knows aiohttp and the desk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web

from edge.api.admission import ROUTE_HEADER, Admission, Wanted
from edge.errors import BadRequest, NotFound
from edge.queue import Desk, Job
from edge.queue.jobs import Dialect
from edge.units import Seconds

PATH = "/codriver/queue"
SHORTEST, LONGEST = Seconds(60.0), Seconds(3_024_000.0)
"""How long a job may wait: a minute to five weeks."""


class _Add(msgspec.Struct):
    request: msgspec.Raw
    dialect: Dialect = "anthropic"
    route: str | None = None
    expires_seconds: float | None = None


class QueueHandler:
    """``waiting`` says what jobs wait for now, None if for nothing."""

    def __init__(self, desk: Desk, admission: Admission, waiting: Callable[[], str | None]) -> None:
        self._desk = desk
        self._admission = admission
        self._waiting = waiting

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post(PATH, self._add),
            web.get(PATH, self._list),
            web.get(PATH + "/{id}", self._show),
            web.post(PATH + "/{id}/cancel", self._cancel),
            web.delete(PATH + "/{id}", self._remove),
        ]

    async def _add(self, http: web.Request) -> web.Response:
        wish = _read(await http.read())
        route = {} if wish.route is None else {ROUTE_HEADER: wish.route}
        wanted = Wanted(wish.dialect, bytes(wish.request), {**http.headers, **route})
        job = await self._admission.admit(wanted)
        expires = None if wish.expires_seconds is None else Seconds(wish.expires_seconds)
        (one,) = await self._desk.add((job,), expires=expires)
        return _json(job_as_json(await self._found(one)) | self._wait(), status=202)

    async def _list(self, http: web.Request) -> web.Response:
        jobs = await self._desk.jobs()
        return _json({"jobs": [job_as_json(job) for job in jobs]} | self._wait())

    async def _show(self, http: web.Request) -> web.Response:
        job = await self._found(http.match_info["id"])
        answer = await self._desk.answer(job.id)
        whole = {"answer": None if answer is None else msgspec.Raw(answer)}
        return _json(job_as_json(job) | self._wait() | whole)

    async def _cancel(self, http: web.Request) -> web.Response:
        job = await self._desk.cancel(http.match_info["id"])
        if job is None:
            raise _missing(http.match_info["id"])
        return _json(job_as_json(job))

    async def _remove(self, http: web.Request) -> web.Response:
        job = await self._found(http.match_info["id"])
        if job.batch is not None:
            raise BadRequest(f"{job.id} belongs to {job.batch}: delete that one")
        if not await self._desk.remove(job.id):
            raise BadRequest(f"{job.id} is {job.state}: cancel it first")
        return _json({"id": job.id, "removed": True})

    async def _found(self, one: str) -> Job:
        job = await self._desk.job(one)
        if job is None:
            raise _missing(one)
        return job

    def _wait(self) -> dict[str, str | None]:
        return {"waiting_for": self._waiting()}


def job_as_json(job: Job) -> dict[str, Any]:
    """A job for programs: every key is always there, null where unknown; times are RFC 3339."""
    return {
        "id": job.id,
        "state": job.state,
        "reason": job.reason,
        "dialect": job.dialect,
        "model": job.model,
        "title": job.title,
        "here": job.here,
        "bytes": job.size,
        "tries": job.tries,
        "engine": job.engine,
        "batch": job.batch,
        "custom_id": job.custom_id,
        "created_at": _time(job.created),
        "expires_at": _time(job.expires),
        "next_try_at": _time(job.not_before) if job.state == "queued" else None,
        "started_at": _time(job.started),
        "ended_at": _time(job.ended),
        "error": None if job.fault is None else job.fault.kind,
    }


def _read(body: bytes) -> _Add:
    try:
        wish = msgspec.json.decode(body, type=_Add)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadRequest(f"the request body is no job: {error}") from None
    if wish.expires_seconds is not None and not SHORTEST <= wish.expires_seconds <= LONGEST:
        raise BadRequest(f"expires_seconds: expected a number from {SHORTEST:.0f} to {LONGEST:.0f}")
    return wish


def _missing(one: str) -> NotFound:
    return NotFound(f"no job is called {one[:40]!r}: `codriver queue` lists them")


def _json(value: Mapping[str, Any], status: int = 200) -> web.Response:
    body = msgspec.json.encode(value)
    return web.Response(body=body, status=status, content_type="application/json")


def _time(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
