"""One look at what a model would say next: when a worker is asked, and what is made of it."""

import asyncio
import logging
from pathlib import Path

import pytest

from edge.engines.base import Odds, Question
from edge.engines.frames import Cancel, Weigh
from edge.engines.llama import Ladder, LlamaEngine, Warmth
from edge.errors import EngineError
from tests.engines.llama.engine_stage import ask, begin, running
from tests.engines.llama.workers import Spawner, load


def question(text: str) -> Question:
    return Question("Is it light or heavy?", text, ("light", "heavy"))


async def test_a_question_has_its_odds(tmp_path: Path, caplog):
    caplog.set_level(logging.INFO)
    async with running(tmp_path) as (engine, spawner):
        assert await engine.weigh(question("shares 0.25 0.75")) == Odds(
            "model-x", (0.25, 0.75), 0.8
        )
        (sent,) = spawner.links[0].sent
        assert isinstance(sent, Weigh)
        assert [turn["role"] for turn in sent.prompt.messages] == ["system", "user"]
        assert (sent.labels, sent.prompt.enable_thinking) == (["light", "heavy"], False)
        assert await engine.weigh(question("refuse input")) is None
        assert "cannot say: refused: input" in caplog.text
        with pytest.raises(EngineError, match="answered a question with Counted"):
            await engine.weigh(question("wrong"))
        assert await engine.weigh(question("die")) is None
        assert "died while it was asked a question" in caplog.text


async def test_it_is_not_put_while_anything_else_is_asked(tmp_path: Path):
    async with running(tmp_path) as (engine, spawner):
        held = await begin(engine, ask("hold x"))
        assert await engine.weigh(question("shares 1 0")) is None
        await held.aclose()
        assert await engine.weigh(question("shares 1 0")) is not None
        assert [type(sent).__name__ for sent in spawner.links[0].sent].count("Weigh") == 1


async def test_it_is_not_put_while_a_beginning_is_read_or_nothing_is_loaded(tmp_path: Path):
    class Reading(Warmth):
        @property
        def is_under_way(self) -> bool:
            return True

    async with running(tmp_path, warmth=Reading()) as (engine, _):
        assert await engine.weigh(question("shares 1 0")) is None
    engine = LlamaEngine(
        "model-x", Ladder.only(load(tmp_path / "starts")), coached=False, spawn=Spawner()
    )
    assert await engine.weigh(question("shares 1 0")) is None


async def test_who_does_not_wait_for_it_cancels_it_in_the_worker(tmp_path: Path):
    async with running(tmp_path) as (engine, spawner):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await engine.weigh(question("hold"))
        assert spawner.links[0].sent[-1] == Cancel(1)
        assert await engine.count_tokens(ask("cancelled")) == 1
        assert await engine.weigh(question("shares 1 0")) is not None, "the next one is put"
