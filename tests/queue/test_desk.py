"""The queue as the event loop has it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from edge.errors import Overloaded
from edge.queue import Fault
from edge.queue.desk import SPARE_BYTES
from edge.queue.schema import QueueUnusable
from edge.units import Seconds
from tests.queue.made import HOUR, LIMITS, NOON, Clocks, desk, job


async def test_nothing_is_on_disk_before_the_first_job(tmp_path: Path):
    made = desk(tmp_path)
    await made.open()
    assert await made.take(here=True, away=True) is None
    assert await made.look() is None
    assert await made.jobs() == ()
    assert await made.cancel("a") is None
    assert await made.remove("a") is False
    assert await made.batches(3) == ()
    await made.forgive()
    await made.close()
    assert os.listdir(tmp_path) == []  # noqa: PTH208


async def test_a_job_survives_a_restart(tmp_path: Path):
    made = desk(tmp_path)
    (one,) = await made.add((job(b"{}"),))
    work = await made.take(here=False, away=True)
    assert work is not None
    await made.close()
    again = desk(tmp_path)
    await again.open()
    work = await again.take(here=False, away=True)
    assert work is not None
    assert (work.job.id, work.job.tries, work.body) == (one, 2, b"{}")
    assert await again.deliver(one, b"yes", "cloud", "")
    assert await again.answer(one) == b"yes"
    await again.close()


async def test_who_works_is_told_of_what_is_new_and_what_is_cancelled(tmp_path: Path):
    heard: list[str] = []
    made = desk(tmp_path)
    made.subscribe(lambda: heard.append("new"), heard.append)
    one, other = await made.add((job(), job()))
    assert heard == ["new"]
    cancelled = await made.cancel(one)
    assert cancelled is not None
    assert cancelled.state == "cancelled"
    await made.cancel(one)
    assert heard == ["new", one]
    await made.take(here=True, away=True)
    await made.fail(other, Fault("api_error", "no"))
    await made.cancel(other)
    assert heard == ["new", one]
    await made.close()


async def test_a_batch_is_cancelled_job_by_job(tmp_path: Path):
    heard: list[str] = []
    made = desk(tmp_path)
    made.subscribe(lambda: None, heard.append)
    ids = await made.add((job(name="x"), job(name="y")), batch="b")
    batch = await made.cancel_batch("b")
    assert batch is not None
    assert (batch.count("cancelled"), tuple(heard)) == (2, ids)
    assert [one.custom_id for one in await made.jobs_of("b")] == ["x", "y"]
    assert await made.cancel_batch("nobody") is None
    await made.close()


async def test_a_full_queue_takes_no_more(tmp_path: Path):
    made = desk(tmp_path, limits=replace(LIMITS, max_bytes=300_000))
    await made.add((job(b"x" * 200_000),))
    with pytest.raises(Overloaded, match=r"the queue is full: .* allows 300,000 bytes"):
        await made.add((job(b"x" * 200_000),))
    assert len(await made.jobs()) == 1
    await made.close()


async def test_a_disk_that_is_full_takes_nothing_and_asks_nothing(tmp_path: Path):
    left = [10 * SPARE_BYTES]
    made = desk(tmp_path, free=lambda folder: left[0])
    await made.add((job(),))
    left[0] = SPARE_BYTES
    with pytest.raises(Overloaded, match="disk is full"):
        await made.add((job(),))
    assert await made.take(here=True, away=True) is None
    left[0] = 10 * SPARE_BYTES
    assert await made.take(here=True, away=True) is not None
    await made.close()


async def test_time_expires_jobs_and_forgets_what_is_old(tmp_path: Path):
    clocks = Clocks()
    made = desk(tmp_path, clocks)
    (one,) = await made.add((job(),))
    await made.add((job(),), expires=Seconds(10 * 24 * HOUR))
    assert await made.look() == 0
    for _ in range(24):
        clocks.pass_by(HOUR)
        await made.look()
    found = await made.job(one)
    assert found is not None
    assert (found.state, found.ended) == ("expired", NOON + 24 * HOUR)
    clocks.pass_by(240 * HOUR + 1)
    await made.look()
    assert await made.jobs() != ()
    assert await made.job(one) is None
    await made.close()


async def test_a_board_that_woke_up_in_the_past_loses_nothing(tmp_path: Path):
    clocks = Clocks(wall=1.0)
    made = desk(tmp_path, clocks)
    (one,) = await made.add((job(),), expires=Seconds(HOUR))
    clocks.wall = NOON
    assert await made.look() == 0
    found = await made.job(one)
    assert found is not None
    assert (found.state, found.expires) == ("queued", NOON + HOUR)
    clocks.pass_by(HOUR)
    assert await made.look() is None
    await made.close()


async def test_a_wait_is_over_in_time_or_when_the_link_is_back(tmp_path: Path):
    clocks = Clocks()
    made = desk(tmp_path, clocks)
    (one,) = await made.add((job(),))
    await made.take(here=True, away=True)
    await made.put_back(one, "no link", Seconds(60))
    assert await made.look() == 60
    assert await made.take(here=True, away=True) is None
    await made.forgive()
    assert await made.take(here=True, away=True) is not None
    await made.close()


async def test_what_the_disk_does_is_a_sentence(tmp_path: Path):
    (tmp_path / "queue.db").mkdir()
    made = desk(tmp_path)
    with pytest.raises(QueueUnusable, match=r"queue\.db cannot be used"):
        await made.open()
    with pytest.raises(QueueUnusable, match=r"queue\.db cannot be used"):
        await made.add((job(),))
    assert await made.jobs() == ()
    await made.close()


async def test_its_measures(tmp_path: Path):
    clocks = Clocks()
    made = desk(tmp_path, clocks)
    nothing = dict(await made.measures())
    assert set(nothing.values()) == {0.0}
    assert os.listdir(tmp_path) == []  # noqa: PTH208
    one, other, *_ = await made.add(tuple(job() for _ in range(4)), expires=Seconds(HOUR))
    for _ in range(2):
        await made.take(here=True, away=True)
    await made.deliver(one, b"{}", "cloud", "")
    assert not await made.deliver(one, b"{}", "cloud", ""), "counted once"
    await made.fail(other, Fault("api_error", "no"))
    await made.take(here=True, away=True)
    clocks.pass_by(30)
    assert dict(await made.measures()) == {
        "queue_waiting": 1.0,
        "queue_running": 1.0,
        "queue_oldest_seconds": 30.0,
        "queue_delivered_total": 1.0,
        "queue_failed_total": 1.0,
        "queue_expired_total": 0.0,
    }
    clocks.pass_by(HOUR)
    await made.look()
    assert dict(await made.measures())["queue_expired_total"] == 1.0
    clocks.wall -= 9 * HOUR
    assert dict(await made.measures())["queue_oldest_seconds"] == 0.0, "a clock was set back"
    await made.close()


async def test_of_a_file_that_cannot_be_opened_nothing_is_told(tmp_path: Path):
    (tmp_path / "queue.db").mkdir()
    made = desk(tmp_path)
    with pytest.raises(QueueUnusable):
        await made.open()
    assert {name for name, _ in await made.measures()} == {
        "queue_delivered_total",
        "queue_failed_total",
        "queue_expired_total",
    }
    await made.close()
