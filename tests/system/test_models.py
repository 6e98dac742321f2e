"""Two real models in one daemon: beside each other, in turn, with a deadline, given back.

The daemon runs in this process, because the board it finds is one that the test lays out.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
import psutil
import pytest

from edge.app.choose import Choice, choose_model
from edge.app.daemon import Plant, serve
from edge.catalog.models import DEFAULT_MODEL, embedded_path, find, load_catalog
from edge.config import Config, load
from edge.units import Seconds, Tokens
from tests.app.test_daemon import Heard, quiet
from tests.board.boards import meminfo, raspberry_pi_5, write
from tests.system.daemon import sse, text_of

HELLO = {
    "max_tokens": 8,
    "temperature": 0,
    "messages": [{"role": "user", "content": "Write a very long story about a road."}],
}
GIVEN_BACK_SECONDS = 200.0
CLAUDE = {"anthropic-version": "2023-06-01"}
"""What every client of Anthropic's sends: the list then has ids that it keeps."""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of the embedded model, which is another model by its name."""
    entry = find(DEFAULT_MODEL, load_catalog())
    assert entry is not None
    source = embedded_path(entry)
    assert source is not None
    folder = tmp_path_factory.mktemp("models")
    shutil.copyfile(source, folder / "second.gguf")
    return folder


@dataclass
class Box:
    """A running daemon."""

    session: aiohttp.ClientSession
    url: str

    async def ask(self, model: str, *, headers: dict[str, str] | None = None, **more: Any):
        body = {**HELLO, "model": model, **more}
        async with self.session.post(f"{self.url}/v1/messages", json=body, headers=headers) as got:
            return got.status, got.headers.get("x-codriver-reason", ""), await got.read()

    async def stream(self, model: str, **more: Any) -> list[tuple[str, Any]]:
        _, _, body = await self.ask(model, stream=True, **more)
        return sse(body)


def settings(idle: float = 0.0) -> Config:
    config = quiet(load(None))
    wishes = replace(
        config.model,
        path_or_name=DEFAULT_MODEL,
        context=Tokens(2048),
        threads=1,
        idle_unload_seconds=Seconds(idle),
    )
    return replace(config, model=wishes)


def chosen(config: Config, root: Path, models: Path, room_for: float) -> Choice:
    """For a board with memory for so many of the default model."""
    raspberry_pi_5(root)
    needs = choose_model(config, models, tell=print, root=root).plan.memory_bytes
    kilobytes = int((needs * room_for + 256 * 2**20) * 1.12) // 1024
    write(root, {"proc/meminfo": meminfo(kilobytes, kilobytes)})
    return choose_model(config, models, tell=print, root=root)


@asynccontextmanager
async def serving(
    folder: Path, models: Path, *, room_for: float = 8.0, idle: float = 0.0
) -> AsyncIterator[Box]:
    """Up inside the block, on a board that has memory for so many of these models."""
    heard = Heard()
    config = await asyncio.to_thread(settings, idle)
    choice = await asyncio.to_thread(chosen, config, folder / "root", models, room_for)
    async with asyncio.TaskGroup() as tasks, patient_client() as session:
        daemon = tasks.create_task(serve(Plant(config, folder / "state", choice, heard)))
        daemon.add_done_callback(lambda _: heard.up.set())
        await heard.up.wait()
        yield Box(session, heard.pasted("ANTHROPIC_BASE_URL"))
        os.kill(os.getpid(), signal.SIGTERM)
        await daemon


def patient_client() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))


def workers() -> int:
    return sum("edge.engines.worker" in child.cmdline() for child in psutil.Process().children())


async def test_both_are_served_at_once_where_they_fit_until_a_deadline(
    tmp_path: Path, models: Path
):
    async with serving(tmp_path, models) as box:
        async with box.session.get(f"{box.url}/v1/models", headers=CLAUDE) as page:
            ids = [model["id"] for model in (await page.json())["data"]]
        assert ids == ["anthropic-local-smollm2-135m", "anthropic-local-second"]
        answers = await asyncio.gather(box.stream("claude-sonnet-5"), box.stream(ids[1]))
        first, second = (text_of(events) for events in answers)
        assert first == second != ""
        assert workers() == 2
        _, reason, _ = await box.ask("codriver/second")
        assert reason == "the request names codriver/second, a model of local"
        await ends_at_its_deadline(box)


async def ends_at_its_deadline(box: Box) -> None:
    """The worker's seat is free then, and what it read is kept."""
    road = [{"role": "user", "content": "Describe every house of a street of a hundred houses."}]
    long = {"messages": road, "max_tokens": 1500, "temperature": 0.9}
    began = monotonic()
    await box.stream("claude-x")
    deadline = str(1.0 + 3.0 * (monotonic() - began))
    events = await box.stream("claude-x", headers={"x-codriver-deadline": deadline}, **long)
    assert events[0][0] == "message_start"
    assert events[-1] == (
        "error",
        {
            "type": "error",
            "error": {
                "type": "timeout_error",
                "message": "the time that the request allows (x-codriver-deadline) is over",
            },
        },
    )
    usage = dict(await box.stream("claude-x", messages=road))["message_delta"]["usage"]
    if text_of(events):  # on a crowded machine the time may end while the prompt is read
        assert usage["input_tokens"] == 1


async def test_where_they_do_not_they_take_turns(tmp_path: Path, models: Path):
    async with serving(tmp_path, models, room_for=1.5) as box:
        assert workers() == 1
        (_, reason, _), first, again = await asyncio.gather(
            box.ask("second"), box.stream("claude-sonnet-5"), box.stream("second")
        )
        assert "smollm2-135m" in reason
        assert "GB together" in reason
        # How a prompt is divided into steps moves sums by their last bits: a later word may differ.
        assert text_of(first).split()[:3] == text_of(again).split()[:3] != []
        assert workers() == 1
        count = {**HELLO, "model": "claude-x"}
        async with box.session.post(f"{box.url}/v1/messages/count_tokens", json=count) as got:
            assert (await got.json())["input_tokens"] > 10
        assert workers() == 1


async def test_memory_is_given_back_and_taken_again(tmp_path: Path, models: Path):
    async with serving(tmp_path, models, idle=0.2) as box:
        async with asyncio.timeout(GIVEN_BACK_SECONDS):
            while workers():
                await asyncio.to_thread(os.sched_yield)
        assert text_of(await box.stream("claude-x"))
