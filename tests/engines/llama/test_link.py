"""One child process and the socket to it."""

import asyncio
import os
import signal
from contextlib import aclosing
from pathlib import Path

import pytest

from edge.engines.frames import Cancel, Count, Counted, Generate, Prompt, Ready, Stop, Unusable
from edge.engines.frames import SamplingValues as Sampling
from edge.engines.llama import WorkerLink, spawn
from edge.units import Seconds
from tests.engines.llama.workers import PROGRAM, load


def prompt(text: str) -> Prompt:
    return Prompt([{"role": "user", "content": text}], [], False, 0.0)


def order(text: str) -> Generate:
    return Generate(1, prompt(text), [], "none", True, Sampling(), [], None)


async def open_link(tmp_path: Path, start: str = "fine", grace: float = 30.0) -> WorkerLink:
    first = load(tmp_path / "starts", start)
    return await spawn(first, program=PROGRAM, exit_grace=Seconds(grace))


async def test_frames_pass_both_ways(tmp_path: Path):
    link = await open_link(tmp_path)
    async with aclosing(link.incoming()) as incoming:
        assert isinstance(await anext(incoming), Ready)
        link.send(Count(7, prompt("messages")))
        assert await anext(incoming) == Counted(7, 1)
    assert await link.close() == "exit code 0"


async def test_the_first_frame_says_what_to_load(tmp_path: Path):
    link = await open_link(tmp_path, "unusable no such model")
    assert [frame async for frame in link.incoming()] == [Unusable("no such model")]
    assert await link.close() == "exit code 1"


async def test_a_stopped_worker_ends_the_frames(tmp_path: Path):
    link = await open_link(tmp_path)
    link.send(Stop())
    assert len([frame async for frame in link.incoming()]) == 1
    assert await link.close() == "exit code 0"


async def test_a_killed_worker_ends_the_frames(tmp_path: Path):
    link = await open_link(tmp_path)
    async with aclosing(link.incoming()) as incoming:
        assert isinstance(await anext(incoming), Ready)
        assert link.pid is not None
        os.kill(link.pid, signal.SIGKILL)
        with pytest.raises(StopAsyncIteration):
            await anext(incoming)
    link.send(Cancel(1))
    assert await link.close() == "killed by signal 9"
    link.send(Cancel(1))


@pytest.mark.parametrize("kind", ["nonsense", "foreign", "giant"])
async def test_what_is_no_frame_ends_the_frames(tmp_path: Path, kind: str, caplog):
    link = await open_link(tmp_path)
    link.send(order(f"{kind} and words"))
    frames = [frame async for frame in link.incoming()]
    assert len(frames) == 6
    assert f"worker {link.pid} sent what is no frame" in caplog.text
    assert await link.close() == "exit code 0"


async def test_a_worker_that_does_not_leave_is_killed(tmp_path: Path):
    link = await open_link(tmp_path, grace=0.01)
    link.send(order("linger"))
    async with aclosing(link.incoming()) as incoming:
        for _ in range(4):
            await anext(incoming)
    assert await link.close() == "killed by signal 9"


async def test_a_cancelled_close_leaves_no_child(tmp_path: Path):
    link = await open_link(tmp_path)
    assert link.pid is not None
    os.kill(link.pid, signal.SIGSTOP)
    async with asyncio.TaskGroup() as tasks:
        closing = tasks.create_task(link.close())
        await asyncio.sleep(0)
        closing.cancel()
    with pytest.raises(ProcessLookupError):
        os.kill(link.pid, 0)
