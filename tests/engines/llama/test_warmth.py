"""When a worker is asked to warm up, and with what."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge.engines.frames import Warmed
from edge.engines.llama.beginnings import read, write
from edge.engines.llama.warmth import Warmth
from tests.engines.llama.test_beginnings import after, names, prompt


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write(tmp_path / "x", after("aab").kept)
    return tmp_path / "x"


@asynccontextmanager
async def remembering(path: Path | None) -> AsyncIterator[Warmth]:
    warmth = Warmth(path)
    async with warmth.remembering():
        yield warmth


async def test_the_best_one_is_asked_for(path: Path, caplog):
    with caplog.at_level(logging.INFO):
        async with remembering(path) as warmth:
            warm = warmth.came_up()
    assert warm is not None
    assert warm.messages[0]["content"].startswith("a")
    assert "used most lately: 1 tools, the best of 2" in caplog.text


@pytest.mark.parametrize("name", ["none", None])
async def test_nothing_remembered_is_nothing_asked(tmp_path: Path, name: str | None):
    async with remembering(tmp_path / name if name else None) as warmth:
        assert warmth.came_up() is None


async def test_a_box_that_does_not_warm_remembers_nothing():
    async with remembering(None) as warmth:
        warmth.saw(prompt("a"))
        assert warmth.came_up() is None


async def test_the_outcome_is_logged(path: Path, caplog):
    async with remembering(path) as warmth:
        assert not warmth.is_under_way
        warmth.came_up()
        assert warmth.is_under_way
        with caplog.at_level(logging.INFO):
            warmth.heard(Warmed(1, 900, 700, 512, "left for a request"))
    assert not warmth.is_under_way
    assert (
        "left for a request; 700 of 900 tokens are in memory, 512 of them from disk" in caplog.text
    )


async def test_a_worker_that_died_warming_up_is_not_asked_again(path: Path, caplog):
    async with remembering(path) as warmth:
        assert warmth.came_up()
        warmth.lost()
        with caplog.at_level(logging.INFO):
            assert warmth.came_up() is None
    assert "a worker died in the last one" in caplog.text


@pytest.mark.parametrize("over", [lambda w: w.heard(Warmed(1)), lambda w: w.saw(prompt("a"))])
async def test_one_that_died_later_is(path: Path, over):
    async with remembering(path) as warmth:
        assert warmth.came_up()
        over(warmth)
        warmth.lost()
        assert warmth.came_up()


async def test_what_changes_is_written(path: Path):
    async with remembering(path) as warmth:
        for name in "bbbb":
            warmth.saw(prompt(name))
        while names(await asyncio.to_thread(read, path)) != "ba":
            pass
