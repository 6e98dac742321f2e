import logging
from dataclasses import replace
from pathlib import Path

import pytest

from edge.app.likeness import compared, embedding_file, likeness_of
from edge.config import Config, load
from edge.routing.features import Likeness, features_of
from edge.routing.need import load_table
from edge.routing.rules import Route, Rules, Step, When
from tests.routing.asked import asked

DEFAULTS = load(None)
LOOK_UP = ("Where is this defined?", "Which file holds it?")
RULES = Rules(
    own=(
        Route("look-up", (Step("local"),), When(like=LOOK_UP)),
        Route("light", (Step("local"),), When(need="light")),
    ),
    table=load_table(),
)


def config(models_dir: Path) -> Config:
    return replace(DEFAULTS, model=replace(DEFAULTS.model, models_dir=models_dir))


async def test_without_sentences_nothing_runs(tmp_path: Path):
    async with compared(config(tmp_path), Rules(), tmp_path) as comparing:
        assert comparing is None


async def test_without_the_model_the_log_says_how_to_get_it_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.WARNING)
    async with compared(config(tmp_path), RULES, tmp_path) as comparing:
        assert comparing is not None
        found = await comparing.known(features_of(asked("hello")))
    assert found.likeness == Likeness()
    (record,) = caplog.records
    assert "codriver pull minilm" in record.getMessage()


def test_the_models_folder_is_the_configurations_else_in_the_state_directory(tmp_path: Path):
    assert embedding_file(DEFAULTS, tmp_path).parent == tmp_path / "models"
    assert embedding_file(config(tmp_path / "x"), tmp_path).parent == tmp_path / "x"


async def test_the_real_model_tells_a_look_up_from_other_work(minilm: Path, tmp_path: Path):
    async with compared(config(minilm.parent), RULES, tmp_path) as comparing:
        assert comparing is not None
        await comparing.prepare()
        ask = "in which file is the router defined?"
        alike = (await comparing.known(features_of(asked(ask)))).likeness
        other = (await comparing.known(features_of(asked("fix the memory leak")))).likeness
    assert alike is not None
    assert other is not None
    assert alike.most[LOOK_UP] > 0.4 > other.most[LOOK_UP]
    assert alike.leaning is not None
    assert other.leaning is not None
    assert alike.leaning < 0 < other.leaning


async def test_who_explains_gets_it_without_a_daemon(tmp_path: Path):
    assert await likeness_of(asked("hello"), config(tmp_path), tmp_path) == Likeness()
