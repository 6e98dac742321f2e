"""Queued jobs over scripted engines: what is asked when, and what becomes of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge.api.errors import MISTAKE
from edge.app.runner import LAST_WRITES, STOPPED, WRITE_AGAIN, Runner
from edge.chat import (
    ChatRequest,
    Failed,
    Finished,
    RelayChunk,
    RelayStarted,
    Started,
    TextDelta,
    Usage,
)
from edge.engines.fake import FakeEngine, Pause, Step
from edge.errors import BadRequest, CodriverError, EngineError, Overloaded, UpstreamUnreachable
from edge.queue import Desk, NewJob
from edge.queue.gate import Gate
from edge.queue.schema import QueueUnusable
from edge.routing.policy import LOCAL, Rules
from edge.routing.router import Router
from edge.units import Seconds
from tests.queue.made import Clocks, come, desk

ASK = b'{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}'
BODY = b'{"type": "message", "content": [{"type": "text", "text": "yes"}]}'
RELAYED: tuple[Step, ...] = (
    RelayStarted(200, (("Content-Type", "application/json"),)),
    RelayChunk(BODY[:9]),
    RelayChunk(BODY[9:]),
)
GONE = UpstreamUnreachable("cloud (example.org): no connection")
OPEN = Gate(frozenset({"cloud"}))
SHUT = Gate(frozenset(), "the link is offline (a tunnel)")


def refusal(status: int, kind: str, *headers: tuple[str, str]) -> tuple[Step, ...]:
    body = json.dumps({"type": "error", "error": {"type": kind, "message": f"said {status}"}})
    return (RelayStarted(status, headers), RelayChunk(body.encode()))


@dataclass
class Scripted:
    """Plays one answer after the other, the last for ever."""

    answers: Sequence[Sequence[Step]]
    played: int = 0

    def __call__(self, request: ChatRequest) -> Sequence[Step]:
        self.played += 1
        return self.answers[min(self.played, len(self.answers)) - 1]


@dataclass
class Work:
    """A runner at work. Time passes only in ``pass_by``."""

    desk: Desk
    runner: Runner
    cloud: FakeEngine
    local: FakeEngine
    clocks: Clocks
    gates: list[Gate]
    asked: list[float] = field(default_factory=list)
    waits: dict[asyncio.Event, Seconds | None] = field(default_factory=dict)

    async def add(self, body: bytes = ASK, *, here: bool = False) -> str:
        job = NewJob("anthropic", "/v1/messages", (), body, "m", "hi", here)
        (one,) = await self.desk.add((job,))
        return one

    async def asking(self) -> tuple[str, asyncio.Event]:
        """A job that is being asked, and what lets its answer come."""
        held = asyncio.Event()
        self.cloud.sleep = lambda seconds: held.wait()
        one = await self.add()
        await come(lambda: bool(self.cloud.requests))
        return one, held

    async def pass_by(self, seconds: float) -> None:
        """Once somebody waits for it."""
        await come(lambda: any(wait is not None for wait in self.waits.values()))
        self.clocks.pass_by(seconds)
        for stir, wait in tuple(self.waits.items()):
            if wait is not None:
                del self.waits[stir]
                stir.set()

    async def until(self, one: str, holds: Callable[[str, str], bool]) -> str:
        """The job's reason once its state and reason are so."""
        while True:
            job = await self.desk.job(one)
            assert job is not None
            if holds(job.state, job.reason):
                return job.reason
            await asyncio.sleep(0)

    async def ended(self, one: str, state: str) -> str:
        return await self.until(one, lambda now, _: now == state)

    async def put_back(self, one: str, words: str) -> str:
        return await self.until(one, lambda now, why: now == "queued" and words in why)


@asynccontextmanager
async def working(
    folder: Path, *answers: Sequence[Step], here: Sequence[Step] = (), together: int = 1
) -> AsyncIterator[Work]:
    clocks = Clocks()
    cloud = FakeEngine(Scripted(answers or [RELAYED]), name="cloud")
    local = FakeEngine(Scripted([here]), name=LOCAL)
    router = Router({"cloud": cloud, LOCAL: local}, Rules(("cloud", LOCAL)), "rules")
    gates = [OPEN]
    made = desk(folder, clocks)
    waits: dict[asyncio.Event, Seconds | None] = {}

    async def pause(stir: asyncio.Event, seconds: Seconds | None) -> None:
        waits[stir] = seconds
        await stir.wait()
        waits.pop(stir, None)

    asked: list[float] = []
    runner = Runner(
        made,
        router,
        lambda: gates[-1],
        together=together,
        asked=lambda: asked.append(clocks.wall),
        steady=lambda: clocks.steady,
        pause=pause,
    )
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(runner.run())
        yield Work(made, runner, cloud, local, clocks, gates, asked, waits)
        running.cancel()
    await made.close()


async def test_an_answer_is_kept_byte_for_byte(tmp_path: Path):
    async with working(tmp_path) as work:
        one = await work.add()
        await work.ended(one, "done")
        assert await work.desk.answer(one) == BODY
        job = await work.desk.job(one)
        assert job is not None
        assert (job.engine, job.tries) == ("cloud", 1)
        (request,) = work.cloud.requests
        assert request.wire is not None
        assert (request.wire.body, request.stream) == (ASK, False)
        assert work.local.requests == []


async def test_a_translated_answer_is_kept_in_the_jobs_dialect(tmp_path: Path):
    events = (Started("m", Usage()), TextDelta("yes"), Finished("end_turn", Usage()))
    async with working(tmp_path, events) as work:
        one = await work.add()
        await work.ended(one, "done")
        answer = json.loads(await work.desk.answer(one) or b"")
        assert answer["type"] == "message"
        assert answer["content"] == [{"type": "text", "text": "yes"}]


async def test_jobs_are_asked_one_after_the_other_in_their_order(tmp_path: Path):
    async with working(tmp_path) as work:
        ids = [await work.add(ASK.replace(b"hi", name)) for name in (b"a", b"b", b"c")]
        for one in ids:
            await work.ended(one, "done")
        bodies = [request.wire.body for request in work.cloud.requests if request.wire]
        assert [body[-5:-4] for body in bodies] == [b"a", b"b", b"c"]


async def test_nothing_goes_out_while_the_gate_is_shut(tmp_path: Path):
    async with working(tmp_path) as work:
        work.gates.append(SHUT)
        one = await work.add()
        await come(lambda: bool(work.asked))
        assert work.cloud.requests == []
        work.gates.append(OPEN)
        work.runner.link_is_back()
        await work.ended(one, "done")


async def test_what_is_meant_for_the_box_needs_no_link(tmp_path: Path):
    events = (Started("m", Usage()), TextDelta("here"), Finished("end_turn", Usage()))
    async with working(tmp_path, here=events) as work:
        work.gates.append(SHUT)
        far, near = await work.add(), await work.add(here=True)
        await work.ended(near, "done")
        job = await work.desk.job(far)
        assert job is not None
        assert job.state == "queued"
        assert work.cloud.requests == []


async def test_the_box_never_stands_in_for_a_cloud_that_is_gone(tmp_path: Path):
    async with working(tmp_path, [GONE], RELAYED) as work:
        one = await work.add()
        await work.put_back(one, "no connection")
        assert work.local.requests == []
        await work.pass_by(14)
        await work.pass_by(2)
        await work.ended(one, "done")
        assert len(work.cloud.requests) == 2


async def test_a_link_that_is_back_ends_the_wait(tmp_path: Path):
    async with working(tmp_path, [GONE], RELAYED) as work:
        one = await work.add()
        await work.put_back(one, "no connection")
        work.runner.link_is_back()
        await work.ended(one, "done")
        assert work.clocks.wall == Clocks().wall


async def test_while_the_network_fails_the_others_are_not_tried_in_vain(tmp_path: Path):
    async with working(tmp_path, [GONE]) as work:
        one, other = await work.add(), await work.add()
        await work.put_back(one, "no connection")
        untouched = await work.desk.job(other)
        assert untouched is not None
        assert untouched.tries == 0


@pytest.mark.parametrize(
    "broken",
    [
        (*RELAYED[:2], Failed(UpstreamUnreachable("cloud: it broke off"))),
        RELAYED[:2],
        (RelayStarted(200, ()), RelayChunk(b"[]")),
        (Started("m", Usage()), TextDelta("ye"), Failed(UpstreamUnreachable("cloud: it broke"))),
    ],
    ids=["cut", "half", "no object", "events"],
)
async def test_half_an_answer_is_none(tmp_path: Path, broken: Sequence[Step]):
    async with working(tmp_path, broken, RELAYED) as work:
        one = await work.add()
        await work.put_back(one, "it broke" if isinstance(broken[-1], Failed) else "broke off")
        assert await work.desk.answer(one) is None
        work.runner.link_is_back()
        await work.ended(one, "done")
        assert await work.desk.answer(one) == BODY


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "invalid_request_error"), (401, "authentication_error"), (404, "not_found_error")],
)
async def test_a_refusal_is_final(tmp_path: Path, status: int, kind: str):
    async with working(tmp_path, refusal(status, kind), RELAYED) as work:
        one, other = await work.add(), await work.add()
        assert await work.ended(one, "failed") == f"said {status}"
        job = await work.desk.job(one)
        assert job is not None
        assert job.fault is not None
        assert job.fault.kind == kind
        await work.ended(other, "done")


async def test_a_server_that_says_when_is_asked_then_and_no_earlier(tmp_path: Path):
    slow = refusal(429, "rate_limit_error", ("Retry-After", "600"))
    async with working(tmp_path, slow, RELAYED) as work:
        one = await work.add()
        await work.put_back(one, "said 429")
        work.runner.link_is_back()
        await work.pass_by(590)
        job = await work.desk.job(one)
        assert job is not None
        assert job.tries == 1
        await work.pass_by(20)
        await work.ended(one, "done")


@pytest.mark.parametrize("error", [EngineError("no"), Overloaded("full")])
async def test_a_server_in_trouble_is_asked_again(tmp_path: Path, error: CodriverError):
    async with working(tmp_path, [error], RELAYED) as work:
        one = await work.add()
        await work.put_back(one, str(error))
        await work.pass_by(16)
        await work.ended(one, "done")


async def test_what_this_version_cannot_read_fails(tmp_path: Path):
    async with working(tmp_path) as work:
        one = await work.add(b'{"model": 7}')
        assert "model" in await work.ended(one, "failed")


async def test_a_mistake_of_ours_fails_one_job_alone(tmp_path: Path):
    async with working(tmp_path) as work:

        def broken(request: ChatRequest) -> Sequence[Step]:
            work.cloud.script = Scripted([RELAYED])
            raise RuntimeError("a mistake")

        work.cloud.script = broken
        one, other = await work.add(), await work.add()
        assert await work.ended(one, "failed") == MISTAKE
        await work.ended(other, "done")


async def test_a_job_that_is_cancelled_is_asked_no_further(tmp_path: Path):
    async with working(tmp_path, RELAYED) as work:
        held = asyncio.Event()

        async def hold(seconds: float) -> None:
            await held.wait()

        work.cloud.sleep = hold
        work.cloud.script = Scripted([[Pause(Seconds(1)), *RELAYED], RELAYED])
        one, other = await work.add(), await work.add()
        await work.until(one, lambda now, _: now == "running")
        await come(lambda: bool(work.cloud.requests))
        await work.desk.cancel(one)
        await work.ended(other, "done")
        assert work.cloud.cancelled == 1
        assert await work.desk.answer(one) is None
        await work.ended(one, "cancelled")


async def test_several_at_once_where_that_is_wished(tmp_path: Path):
    async with working(tmp_path, [Pause(Seconds(1)), *RELAYED], together=2) as work:
        held = asyncio.Event()
        work.cloud.sleep = lambda seconds: held.wait()
        ids = [await work.add() for _ in range(3)]
        await come(lambda: len(work.cloud.requests) == 2)
        held.set()
        for one in ids:
            await work.ended(one, "done")


async def test_an_answer_waits_for_a_disk_that_refuses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with working(tmp_path) as work:
        deliver, refused = work.desk.deliver, []

        async def reluctant(*arguments: object) -> bool:
            if len(refused) < 2:
                refused.append(arguments)
                raise QueueUnusable("the disk is full")
            return await deliver(*arguments)

        monkeypatch.setattr(work.desk, "deliver", reluctant)
        one = await work.add()
        while (found := await work.desk.job(one)) is not None and found.state != "done":
            await work.pass_by(15)
        assert len(refused) == 2
        assert len(work.cloud.requests) == 1


async def test_what_has_no_time_left_expires(tmp_path: Path):
    async with working(tmp_path) as work:
        work.gates.append(SHUT)
        one = await work.add()
        await work.pass_by(25 * 3600)
        await work.ended(one, "expired")
        assert work.cloud.requests == []


async def test_bad_requests_of_engines_are_final(tmp_path: Path):
    async with working(tmp_path, [BadRequest("prompt is too long")]) as work:
        one = await work.add()
        assert await work.ended(one, "failed") == "prompt is too long"


# --- the end ------------------------------------------------------------------------------

SLOW: tuple[Step, ...] = (Pause(Seconds(1)), *RELAYED)
DRAIN = Seconds(20.0)


async def state(work: Work, one: str) -> tuple[str, str, int]:
    job = await work.desk.job(one)
    assert job is not None
    return job.state, job.reason, job.tries


async def test_an_answer_under_way_is_waited_for_and_nothing_else_is_begun(tmp_path: Path):
    async with working(tmp_path, SLOW) as work:
        one, held = await work.asking()
        other = await work.add()
        work.runner.stop(DRAIN)
        async with asyncio.TaskGroup() as tasks:
            ending = tasks.create_task(work.runner.stopped())
            await come(lambda: DRAIN in work.waits.values())
            later = await work.add()
            held.set()
            await ending
        assert (await state(work, one))[0] == "done"
        assert await work.desk.answer(one) == BODY
        for waiting in (other, later):
            assert (await state(work, waiting))[::2] == ("queued", 0)
        assert len(work.cloud.requests) == 1


async def test_an_answer_that_does_not_come_in_time_is_put_back(tmp_path: Path):
    async with working(tmp_path, SLOW) as work:
        one, _ = await work.asking()
        work.runner.stop(DRAIN)
        work.clocks.pass_by(12)
        work.runner.stop(DRAIN)  # said twice it gives no more time
        async with asyncio.TaskGroup() as tasks:
            ending = tasks.create_task(work.runner.stopped())
            await come(lambda: 8.0 in work.waits.values())
            await work.pass_by(8)
            await ending
        assert await state(work, one) == ("queued", STOPPED, 1)
        assert work.cloud.cancelled == 1
    again = desk(tmp_path, work.clocks)
    await again.open()
    taken = await again.take(here=False, away=True)
    assert taken is not None
    assert taken.job.id == one, "the next start asks it at once"
    await again.close()


async def test_an_idle_queue_ends_at_once(tmp_path: Path):
    async with working(tmp_path) as work:
        one = await work.add()
        await work.ended(one, "done")
        work.runner.stop(DRAIN)
        await work.runner.stopped()
        assert DRAIN not in work.waits.values()


async def test_a_job_that_was_taken_as_the_box_stopped_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with working(tmp_path) as work:
        take = work.desk.take

        async def stopping(*, here: bool, away: bool) -> object:
            taken = await take(here=here, away=away)
            if taken is not None:
                work.runner.stop(DRAIN)
            return taken

        monkeypatch.setattr(work.desk, "take", stopping)
        one = await work.add()
        await work.put_back(one, STOPPED)
        await work.runner.stopped()
        assert work.cloud.requests == []


async def test_a_failure_while_the_box_stops_waits_as_any_other(tmp_path: Path):
    async with working(tmp_path, [Pause(Seconds(1)), GONE]) as work:
        one, held = await work.asking()
        work.runner.stop(DRAIN)
        held.set()
        await work.runner.stopped()
        found, reason, _ = await state(work, one)
        assert (found, "no connection" in reason) == ("queued", True)


async def test_a_job_that_is_cancelled_while_the_box_stops_stays_so(tmp_path: Path):
    async with working(tmp_path, SLOW) as work:
        one, _ = await work.asking()
        work.runner.stop(DRAIN)
        await work.desk.cancel(one)
        await work.runner.stopped()
        assert (await state(work, one))[0] == "cancelled"


async def test_a_disk_that_refuses_an_answer_does_not_hold_up_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with working(tmp_path) as work:

        async def full(*arguments: object) -> bool:
            raise QueueUnusable("the disk is full")

        monkeypatch.setattr(work.desk, "deliver", full)
        one = await work.add()
        await come(lambda: WRITE_AGAIN in work.waits.values())
        work.runner.stop(DRAIN)
        async with asyncio.TaskGroup() as tasks:
            ending = tasks.create_task(work.runner.stopped())
            for wait in (DRAIN, LAST_WRITES):
                await come(lambda wait=wait: wait in work.waits.values())
                work.clocks.pass_by(wait)
                for stir, left in tuple(work.waits.items()):
                    if left == wait:
                        stir.set()
            await ending
        assert (await state(work, one))[0] == "running", "the next start asks it again"
