"""The queue's own door."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from edge.queue import Fault
from tests.api.queueing import queueing
from tests.api.serving import ASK, refusal
from tests.queue.made import HOUR, Clocks

PATH = "/codriver/queue"


async def added(client, **more: Any) -> dict[str, Any]:
    async with client.post(PATH, json={"request": ASK, **more}) as answer:
        assert answer.status == 202
        return await answer.json()


async def shown(client, one: str) -> dict[str, Any]:
    async with client.get(f"{PATH}/{one}") as answer:
        assert answer.status == 200
        return await answer.json()


async def test_a_job_from_its_beginning_to_its_answer(tmp_path: Path):
    async with queueing(tmp_path) as queue:
        queue.waits.append("the link is offline (a tunnel)")
        job = await added(queue.client)
        assert job["state"] == "queued"
        assert job["waiting_for"] == "the link is offline (a tunnel)"
        assert (job["title"], job["model"]) == ("hello, are you there?", "claude-x")
        work = await queue.desk.take(here=False, away=True)
        assert work is not None
        assert (await shown(queue.client, job["id"]))["state"] == "running"
        await queue.desk.deliver(job["id"], b'{"content": []}', "cloud", "first in order")
        done = await shown(queue.client, job["id"])
        assert (done["state"], done["engine"]) == ("done", "cloud")
        assert done["answer"] == {"content": []}
        async with queue.client.delete(f"{PATH}/{job['id']}") as answer:
            assert await answer.json() == {"id": job["id"], "removed": True}
        async with queue.client.get(f"{PATH}/{job['id']}") as answer:
            status, _, said = await refusal(answer)
        assert (status, said.startswith("no job is called")) == (404, True)


async def test_a_route_and_a_time_of_its_own(tmp_path: Path):
    async with queueing(tmp_path, clocks=Clocks()) as queue:
        job = await added(queue.client, route="local", expires_seconds=HOUR)
        assert job["here"] is True
        assert (job["created_at"], job["expires_at"]) == (
            "2027-01-15T08:00:00Z",
            "2027-01-15T09:00:00Z",
        )


async def test_all_are_listed(tmp_path: Path):
    async with queueing(tmp_path) as queue:
        first = await added(queue.client)
        second = await added(queue.client)
        async with queue.client.post(f"{PATH}/{first['id']}/cancel") as answer:
            assert (await answer.json())["state"] == "cancelled"
        async with queue.client.get(PATH) as answer:
            listed = await answer.json()
        states = {job["id"]: job["state"] for job in listed["jobs"]}
        assert states == {first["id"]: "cancelled", second["id"]: "queued"}
        assert listed["waiting_for"] is None


async def test_a_refused_job_says_why(tmp_path: Path):
    async with queueing(tmp_path) as queue:
        job = await added(queue.client)
        await queue.desk.take(here=False, away=True)
        await queue.desk.fail(job["id"], Fault("not_found_error", "model: nothing"))
        failed = await shown(queue.client, job["id"])
        assert (failed["state"], failed["error"], failed["reason"], failed["answer"]) == (
            "failed",
            "not_found_error",
            "model: nothing",
            None,
        )


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"{", 400, "the request body is no job"),
        (b'{"dialect": "anthropic"}', 400, "missing required field `request`"),
        (b'{"request": {}, "dialect": "ollama"}', 400, "Invalid enum value 'ollama'"),
        (b'{"request": {}}', 400, "model: Field required"),
        (b'{"request": [1]}', 400, "not a JSON object"),
        (b'{"request": {}, "expires_seconds": 1}', 400, "expected a number from 60 to 3024000"),
        (b'{"request": {}, "expires_seconds": 1e99}', 400, "expected a number from 60"),
    ],
)
async def test_what_is_no_job(tmp_path: Path, body: bytes, status: int, words: str):
    async with queueing(tmp_path) as queue:
        async with queue.client.post(PATH, data=body) as answer:
            told, _, said = await refusal(answer)
        assert (told, words in said) == (status, True), said
        assert await queue.desk.jobs() == ()


async def test_a_laptops_key_is_refused_with_what_to_do(tmp_path: Path):
    async with queueing(tmp_path, usable=()) as queue:
        key = {"x-api-key": "sk-ant-laptop"}
        async with queue.client.post(PATH, json={"request": ASK}, headers=key) as answer:
            status, kind, said = await refusal(answer)
        assert (status, kind) == (403, "permission_error")
        assert "give the box one of its own" in said
    assert "queue.db" not in os.listdir(tmp_path)  # noqa: PTH208


async def test_what_has_not_ended_is_not_removed(tmp_path: Path):
    async with queueing(tmp_path) as queue:
        job = await added(queue.client)
        async with queue.client.delete(f"{PATH}/{job['id']}") as answer:
            status, _, said = await refusal(answer)
        assert (status, said) == (400, f"{job['id']} is queued: cancel it first")
        async with queue.client.post(f"{PATH}/nobody/cancel") as answer:
            assert answer.status == 404


async def test_a_job_of_a_batch_goes_with_its_batch(tmp_path: Path):
    async with queueing(tmp_path) as queue:
        body = {"requests": [{"custom_id": "a", "params": ASK}]}
        async with queue.client.post("/v1/messages/batches", json=body) as answer:
            batch = (await answer.json())["id"]
        (job,) = await queue.desk.jobs_of(batch)
        async with queue.client.delete(f"{PATH}/{job.id}") as answer:
            _, _, said = await refusal(answer)
        assert said == f"{job.id} belongs to {batch}: delete that one"
