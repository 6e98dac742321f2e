"""The Message Batches API over the queue, so that the SDKs' ``messages.batches`` work.

A batch is refused as a whole if one of its requests is: who sent it is still there to be told.
A request that is being asked when its batch is cancelled is ended, too, so that a batch is never
long "canceling". Knows aiohttp, the codec and the desk.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from aiohttp import web

from edge.api.admission import Admission, Wanted, checked_at
from edge.dialects import anthropic
from edge.dialects.anthropic import BatchView, Outcome
from edge.errors import BadRequest, CodriverError, EngineError, NotFound, NotPermitted
from edge.queue import Batch, Desk, Fault, Job
from edge.queue.jobs import State

PATH = "/v1/messages/batches"

_OUTCOMES: Mapping[State, Outcome] = {
    "done": "succeeded",
    "failed": "errored",
    "cancelled": "canceled",
    "expired": "expired",
}


class BatchHandler:
    def __init__(self, desk: Desk, admission: Admission) -> None:
        self._desk = desk
        self._admission = admission

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post(PATH, self._create),
            web.get(PATH, self._list),
            web.get(PATH + "/{id}", self._retrieve),
            web.get(PATH + "/{id}/results", self._results),
            web.post(PATH + "/{id}/cancel", self._cancel),
            web.delete(PATH + "/{id}", self._delete),
        ]

    async def _create(self, http: web.Request) -> web.Response:
        jobs = []
        for at, item in enumerate(anthropic.parse_batch(await http.read())):
            wanted = Wanted("anthropic", item.params, http.headers, item.custom_id)
            try:
                jobs.append(await self._admission.admit(wanted))
            except (BadRequest, NotPermitted) as error:
                raise checked_at(f"requests.{at}.params", error) from None
        batch = anthropic.batch_id(os.urandom(anthropic.RANDOM_BYTES))
        await self._desk.add(jobs, batch=batch)
        return _rendered(http, await self._found(batch))

    async def _list(self, http: web.Request) -> web.Response:
        page = anthropic.parse_page(http.query)
        found = await self._desk.batches(page.limit + 1, after=page.after, before=page.before)
        has_more = len(found) > page.limit
        # The one too many is the farthest from where the page begins.
        shown = found[-page.limit :] if page.before and not page.after else found[: page.limit]
        views = [(_view(batch), _results_url(http, batch.id)) for batch in shown]
        return _json(anthropic.render_batches(views, has_more=has_more))

    async def _retrieve(self, http: web.Request) -> web.Response:
        return _rendered(http, await self._found(http.match_info["id"]))

    async def _cancel(self, http: web.Request) -> web.Response:
        batch = await self._desk.cancel_batch(http.match_info["id"])
        return _rendered(http, batch or await self._found(http.match_info["id"]))

    async def _delete(self, http: web.Request) -> web.Response:
        batch = await self._found(http.match_info["id"])
        if not await self._desk.remove(batch.id):
            raise BadRequest(f"{batch.id} has not ended: cancel it first")
        return _json(anthropic.render_deleted(batch.id))

    async def _results(self, http: web.Request) -> web.StreamResponse:
        """One line a request, each read when it is sent: all together may be large."""
        batch = await self._found(http.match_info["id"])
        if batch.ended is None:
            raise NotFound(f"{batch.id} has not ended: its results are not there yet")
        jobs = await self._desk.jobs_of(batch.id)
        response = web.StreamResponse(headers={"content-type": "application/x-jsonl"})
        await response.prepare(http)
        for job in jobs:
            await response.write(await self._line(job))
        return response

    async def _line(self, job: Job) -> bytes:
        name = job.custom_id or job.id
        if job.fault is not None:
            return anthropic.render_errored(name, error_of(job.fault))
        answer = await self._desk.answer(job.id) if job.state == "done" else None
        return anthropic.render_result(name, _OUTCOMES[job.state], answer)

    async def _found(self, one: str) -> Batch:
        batch = await self._desk.batch(one)
        if batch is None:
            raise NotFound(f"message_batch: {one[:60]}")
        return batch


def error_of(fault: Fault) -> CodriverError:
    """The refusal as it was raised once."""
    error = EngineError(fault.message)
    error.kind = fault.kind
    return error


def _view(batch: Batch) -> BatchView:
    outcomes = {outcome: batch.count(state) for state, outcome in _OUTCOMES.items()}
    total = sum(number for _, number in batch.counts)
    return BatchView(
        batch.id, batch.created, batch.expires, total, outcomes, batch.cancelled, batch.ended
    )


def _rendered(http: web.Request, batch: Batch) -> web.Response:
    return _json(anthropic.render_batch(_view(batch), _results_url(http, batch.id)))


def _results_url(http: web.Request, batch: str) -> str:
    """Where this client, which reached the box by this name, finds them."""
    return f"{http.scheme}://{http.host}{PATH}/{batch}/results"


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")
