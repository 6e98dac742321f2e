"""The queue as the configuration has it, on a real folder."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from edge.app.queue import FILE, queueing
from edge.chat import RelayChunk, RelayStarted
from edge.config import Config, CredentialFile, UpstreamSettings, load
from edge.engines.fake import FakeEngine, Pause
from edge.routing.policy import LOCAL, Rules
from edge.routing.router import Router
from edge.state import LinkLevel, LinkState
from edge.units import Seconds

ASK = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
DEFAULTS = load(None)
ANSWER = (RelayStarted(200, ()), RelayChunk(b'{"content": []}'))


class Watched:
    """A watch that says what it is told."""

    over_link = frozenset({"cloud"})

    def __init__(self, level: LinkLevel, metered: bool | None = None) -> None:
        self.level, self.metered = level, metered
        self.told: list[Callable[[LinkState], None]] = []
        self.wanted = asyncio.Event()

    def state(self) -> LinkState:
        return LinkState(self.level, "a tunnel", self.metered)

    def asked(self) -> None:
        self.wanted.set()

    def subscribe(self, told: Callable[[LinkState], None]) -> Callable[[], None]:
        self.told.append(told)
        return lambda: self.told.remove(told)

    def becomes(self, level: LinkLevel) -> None:
        self.level = level
        for told in self.told:
            told(self.state())


def config(credential: object = CredentialFile(Path("/key")), **queue: object) -> Config:
    made = DEFAULTS
    cloud = UpstreamSettings("anthropic", "https://cloud.example", credential)
    return replace(made, upstreams={"cloud": cloud}, queue=replace(made.queue, **queue))


def router_of(uplink: Watched | None) -> tuple[Router, FakeEngine]:
    cloud = FakeEngine(lambda request: ANSWER, name="cloud")
    engines = {"cloud": cloud, LOCAL: FakeEngine()}
    return Router(engines, Rules(("cloud", LOCAL)), "rules", uplink=uplink), cloud


async def ask(client: TestClient[web.Request, web.Application], path: str = "") -> dict:
    async with client.get(f"/codriver/queue{path}") as answer:
        return await answer.json()


def client_of(routes: Sequence[web.RouteDef]) -> TestClient[web.Request, web.Application]:
    app = web.Application()
    app.add_routes(routes)
    return TestClient(TestServer(app))


async def until_done(client: TestClient[web.Request, web.Application], one: str) -> None:
    while True:
        if (await ask(client, f"/{one}"))["state"] == "done":
            return


async def test_a_job_waits_for_the_link_and_goes_out_when_it_is_back(tmp_path: Path):
    uplink = Watched("offline")
    router, cloud = router_of(uplink)
    async with (
        queueing(config(), tmp_path, router, uplink) as queue,
        client_of(queue.routes) as client,
    ):
        async with client.post("/codriver/queue", json={"request": ASK}) as answer:
            job = await answer.json()
        assert job["waiting_for"] == "the link is offline (a tunnel)"
        await uplink.wanted.wait()
        assert cloud.requests == []
        uplink.becomes("online")
        await until_done(client, job["id"])
    assert uplink.told == []
    assert os.listdir(tmp_path) == [FILE]  # noqa: PTH208


async def test_a_metered_link_is_used_only_if_that_is_wished(tmp_path: Path):
    uplink = Watched("online", metered=True)
    router, cloud = router_of(uplink)
    async with (
        queueing(config(), tmp_path, router, uplink) as queue,
        client_of(queue.routes) as client,
    ):
        async with client.post("/codriver/queue", json={"request": ASK}) as answer:
            job = await answer.json()
        assert job["waiting_for"] == "the link is metered, and [queue] metered is false"
        await uplink.wanted.wait()
        assert cloud.requests == []
    async with (
        queueing(config(metered=True), tmp_path, router, uplink) as queue,
        client_of(queue.routes) as client,
    ):
        await until_done(client, job["id"])


async def test_without_a_watch_a_job_goes_out_at_once(tmp_path: Path):
    router, _ = router_of(None)
    async with (
        queueing(config(), tmp_path, router, None) as queue,
        client_of(queue.routes) as client,
        client.post("/codriver/queue", json={"request": ASK}) as answer,
    ):
        await until_done(client, (await answer.json())["id"])


async def test_the_box_serves_all_the_same_where_the_file_cannot_be_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    (tmp_path / FILE).mkdir()
    router, _ = router_of(None)
    async with (
        queueing(config(), tmp_path, router, None) as queue,
        client_of(queue.routes) as client,
    ):
        assert await ask(client) == {"jobs": [], "waiting_for": None}
    assert "queue.db cannot be used" in caplog.text


async def test_the_end_waits_for_an_answer_under_way_and_counts_it(tmp_path: Path):
    router, cloud = router_of(None)
    there, held = asyncio.Event(), asyncio.Event()

    async def hold(seconds: float) -> None:
        there.set()
        await held.wait()

    cloud.sleep = hold
    cloud.script = lambda request: (Pause(Seconds(1)), *ANSWER)
    async with (
        asyncio.TaskGroup() as tasks,
        queueing(config(), tmp_path, router, None) as queue,
        client_of(queue.routes) as client,
    ):
        async with client.post("/codriver/queue", json={"request": ASK}) as answer:
            job = await answer.json()
        await there.wait()
        assert dict(await queue.measures())["queue_running"] == 1.0
        queue.stop()
        tasks.create_task(release(held))
    assert len(cloud.requests) == 1
    async with (
        queueing(config(), tmp_path, router, None) as queue,
        client_of(queue.routes) as client,
    ):
        assert (await ask(client, f"/{job['id']}"))["state"] == "done"
        measures = dict(await queue.measures())
    assert (measures["queue_waiting"], measures["queue_running"]) == (0.0, 0.0)
    assert len(cloud.requests) == 1


async def release(held: asyncio.Event) -> None:
    held.set()


async def test_an_answer_that_takes_longer_than_the_drain_waits_for_the_next_start(tmp_path: Path):
    router, cloud = router_of(None)
    there = asyncio.Event()

    async def hold(seconds: float) -> None:
        there.set()
        await asyncio.Event().wait()

    cloud.sleep = hold
    cloud.script = lambda request: (Pause(Seconds(1)), *ANSWER)
    made = config()
    made = replace(made, server=replace(made.server, drain_seconds=Seconds(0.0)))
    async with (
        queueing(made, tmp_path, router, None) as queue,
        client_of(queue.routes) as client,
    ):
        async with client.post("/codriver/queue", json={"request": ASK}) as answer:
            job = await answer.json()
        await there.wait()
    assert cloud.cancelled == 1
    cloud.script = lambda request: ANSWER
    async with (
        queueing(made, tmp_path, router, None) as queue,
        client_of(queue.routes) as client,
    ):
        await until_done(client, job["id"])
        assert (await ask(client, f"/{job['id']}"))["tries"] == 2
