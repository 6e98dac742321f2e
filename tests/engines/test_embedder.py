"""The embedder over a session that counts, and over the model."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from edge.engines.embedder import Embedder, embed, open_session
from edge.errors import ModelUnusable
from edge.units import Seconds


class Counting:
    """A session whose vectors say how many tokens there were."""

    def __init__(self) -> None:
        self.runs = 0

    def run(self, wanted, inputs):
        self.runs += 1
        tokens = inputs["input_ids"].shape[1]
        hidden = np.zeros((1, tokens, 384), np.float32)
        hidden[:, :, tokens % 384] = 1.0
        return [hidden]


class Opener:
    def __init__(self) -> None:
        self.session = Counting()
        self.times = 0

    def __call__(self, path: Path) -> Counting:
        self.times += 1
        return self.session


@asynccontextmanager
async def running(embedder: Embedder) -> AsyncGenerator[Embedder, None]:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(embedder.run())
        yield embedder
        task.cancel()


def a_file(folder: Path) -> Path:
    path = folder / "model.onnx"
    path.write_bytes(b"not a model")
    return path


async def test_each_text_is_embedded_once(tmp_path: Path):
    opener = Opener()
    async with running(Embedder(a_file(tmp_path), open_=opener)) as embedder:
        assert await embedder.compare("one two", ["a b", "a b c"]) == (1.0, 0.0)
        assert await embedder.compare("one two", ["a b c", "a b"]) == (0.0, 1.0)
    assert (opener.times, opener.session.runs) == (1, 3)


async def test_nothing_is_opened_before_somebody_asks(tmp_path: Path):
    opener = Opener()
    async with running(Embedder(a_file(tmp_path), open_=opener)):
        await asyncio.sleep(0)
    assert opener.times == 0


async def test_an_idle_session_is_closed_and_opened_again(tmp_path: Path):
    opener = Opener()
    closed = asyncio.Event()
    loop = asyncio.get_running_loop()

    class Told(Embedder):
        def _close(self) -> None:
            super()._close()
            loop.call_soon_threadsafe(closed.set)

    async with running(Told(a_file(tmp_path), idle=Seconds(0.01), open_=opener)) as embedder:
        await embedder.compare("one", ["two"])
        await closed.wait()
        await embedder.compare("one two three", ["two"])
    assert opener.times == 2


async def test_without_its_file_the_log_says_once_how_to_get_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.WARNING)
    async with running(Embedder(tmp_path / "model.onnx")) as embedder:
        assert await embedder.compare("one", ["two"]) is None
        assert await embedder.compare("one", ["two"]) is None
    (record,) = caplog.records
    assert "codriver pull minilm" in record.getMessage()


async def test_a_file_that_is_fetched_later_is_found(tmp_path: Path):
    opener = Opener()
    async with running(Embedder(tmp_path / "model.onnx", open_=opener)) as embedder:
        assert await embedder.compare("one", ["two"]) is None
        a_file(tmp_path)
        assert await embedder.compare("one", ["two"]) == (1.0,)


async def test_a_file_that_is_no_model_is_no_crash(tmp_path: Path):
    async with running(Embedder(a_file(tmp_path))) as embedder:
        assert await embedder.compare("one", ["two"]) is None


def test_a_model_of_another_shape_is_refused():
    class Other:
        def run(self, wanted, inputs):
            return [np.zeros((1, 3, 5), np.float32)]

    class Broken:
        def run(self, wanted, inputs):
            raise RuntimeError("no such input")

    for session in (Other(), Broken()):
        with pytest.raises(ModelUnusable, match="no MiniLM"):
            embed(session, "text")


def test_the_real_models_vectors(minilm: Path):
    """Similarities of the float weights, computed once without onnxruntime, within int8's
    error."""
    session = open_session(minilm)
    rename, identifier, weather = (
        embed(session, text)
        for text in (
            "how do I rename a variable",
            "please change this identifier's name everywhere",
            "the weather is nice today",
        )
    )
    assert float(rename @ rename) == pytest.approx(1.0, abs=1e-5)
    assert float(rename @ identifier) == pytest.approx(0.557, abs=0.02)
    assert float(rename @ weather) == pytest.approx(-0.015, abs=0.02)
