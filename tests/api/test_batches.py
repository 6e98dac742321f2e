"""The Message Batches API, by hand; tests/clients has it by the official SDK."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from edge.queue import Fault
from tests.api.queueing import SECRET, Queue, queueing
from tests.api.serving import ASK, refusal

PATH = "/v1/messages/batches"


async def create(queue: Queue, *names: str) -> dict[str, Any]:
    body = {"requests": [{"custom_id": name, "params": ASK} for name in names]}
    async with queue.client.post(PATH, json=body) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def get(queue: Queue, path: str = "") -> dict[str, Any]:
    async with queue.client.get(PATH + path) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def work_off(queue: Queue) -> None:
    """The first is answered, the second refused, the third cancelled by somebody."""
    first = await queue.desk.take(here=False, away=True)
    second = await queue.desk.take(here=False, away=True)
    assert first is not None
    assert second is not None
    await queue.desk.deliver(first.job.id, b'{"content":\n []}', "cloud", "")
    await queue.desk.fail(second.job.id, Fault("rate_limit_error", "slowly"))


async def test_from_in_progress_to_results(tmp_path: Path):
    async with queueing(tmp_path) as queue:
        batch = await create(queue, "a", "b", "c")
        assert batch["processing_status"] == "in_progress"
        assert batch["request_counts"]["processing"] == 3
        await work_off(queue)
        async with queue.client.get(f"{PATH}/{batch['id']}/results") as answer:
            assert answer.status == 404
        async with queue.client.post(f"{PATH}/{batch['id']}/cancel") as answer:
            ended = await answer.json()
        assert ended["processing_status"] == "ended"
        assert ended["request_counts"] == {
            "processing": 0,
            "succeeded": 1,
            "errored": 1,
            "canceled": 1,
            "expired": 0,
        }
        assert ended["results_url"].startswith("http://127.0.0.1:")
        async with queue.client.get(urlsplit(ended["results_url"]).path) as answer:
            lines = (await answer.text()).splitlines()
        results = {line["custom_id"]: line["result"] for line in map(json.loads, lines)}
        assert results["a"] == {"type": "succeeded", "message": {"content": []}}
        assert results["b"]["error"]["error"] == {"type": "rate_limit_error", "message": "slowly"}
        assert results["c"] == {"type": "canceled"}


async def test_one_bad_request_refuses_all(tmp_path: Path):
    async with queueing(tmp_path) as queue:
        good = {"custom_id": "a", "params": ASK}
        bad = {"custom_id": "b", "params": {"model": "m"}}
        async with queue.client.post(PATH, json={"requests": [good, bad]}) as answer:
            status, kind, said = await refusal(answer)
        assert (status, kind) == (400, "invalid_request_error")
        assert said == "requests.1.params.max_tokens: Field required"
        assert await queue.desk.jobs() == ()


async def test_one_secret_refuses_all(tmp_path: Path):
    async with queueing(tmp_path) as queue:
        secret = {**ASK, "messages": [{"role": "user", "content": SECRET}]}
        requests = [
            {"custom_id": "a", "params": ASK},
            {"custom_id": "b", "params": secret},
        ]
        async with queue.client.post(PATH, json={"requests": requests}) as answer:
            status, _, said = await refusal(answer)
        assert (status, said.startswith("requests.1.params: this cannot be queued")) == (403, True)
        assert SECRET not in said


async def test_pages_forwards_and_back(tmp_path: Path):
    async with queueing(tmp_path) as queue:
        ids = [(await create(queue, "a"))["id"] for _ in range(4)][::-1]
        page = await get(queue, "?limit=3")
        assert ([one["id"] for one in page["data"]], page["has_more"]) == (ids[:3], True)
        page = await get(queue, f"?limit=3&after_id={page['last_id']}")
        assert ([one["id"] for one in page["data"]], page["has_more"]) == (ids[3:], False)
        page = await get(queue, f"?limit=2&before_id={ids[3]}")
        assert ([one["id"] for one in page["data"]], page["has_more"]) == (ids[1:3], True)
        async with queue.client.get(f"{PATH}?limit=0") as answer:
            assert answer.status == 400


async def test_deleting(tmp_path: Path):
    async with queueing(tmp_path) as queue:
        batch = (await create(queue, "a"))["id"]
        async with queue.client.delete(f"{PATH}/{batch}") as answer:
            _, _, said = await refusal(answer)
        assert said == f"{batch} has not ended: cancel it first"
        await queue.client.post(f"{PATH}/{batch}/cancel")
        async with queue.client.delete(f"{PATH}/{batch}") as answer:
            assert await answer.json() == {"id": batch, "type": "message_batch_deleted"}
        for method in (queue.client.get, queue.client.delete):
            async with method(f"{PATH}/{batch}") as answer:
                assert (await refusal(answer))[0] == 404
        async with queue.client.post(f"{PATH}/nobody/cancel") as answer:
            assert answer.status == 404
