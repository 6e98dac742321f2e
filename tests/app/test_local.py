from dataclasses import replace
from pathlib import Path

import pytest

from edge.app.choose import Choice, choose_model
from edge.app.local import COACHED_BELOW, Place, local_models, room_for
from edge.catalog.models import load_catalog
from edge.config import load
from edge.engines.llama.names import Names
from tests.board.boards import raspberry_pi_5
from tests.catalog.tiny_gguf import CHATML_TOOLS, make_tiny_gguf

CODER = next(entry for entry in load_catalog() if "coder" in entry.aliases)


@pytest.fixture
def choice(tmp_path: Path) -> Choice:
    """A file of one's own is the default; a coder and the embedded model are there too."""
    models = tmp_path / "models"
    models.mkdir()
    for name in ("Mine.gguf", CODER.file, "local.gguf", "cloud.gguf"):
        make_tiny_gguf(models / name, chat_template=CHATML_TOOLS)
    config = load(None)
    config = replace(config, model=replace(config.model, path_or_name="Mine"))
    root = raspberry_pi_5(tmp_path / "root")
    return choose_model(config, models, tell=lambda text: None, root=root)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, 1000)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("Mine", "Mine"),
        ("mine.gguf", "Mine"),
        ("codriver/mine", "Mine"),
        ("codriver/local", "Mine"),
        ("default", "Mine"),
        ("codriver/default", "Mine"),
        ("claude-sonnet-5", "Mine"),
        ("coder", CODER.name),
        ("codriver/coder-0.5b", CODER.name),
        (CODER.name, CODER.name),
        (CODER.file, CODER.name),
        (f"codriver/{CODER.file.removesuffix('.gguf')}", CODER.name),
        ("smollm2", "smollm2-135m"),
        ("local", "local"),
        ("codriver/cloud", "cloud"),
    ],
)
def test_words_for_models(choice: Choice, place: Place, word: str, meant: str):
    models, _ = local_models(choice, place)
    assert Names(models).meant(word).model.id == meant


def test_each_model_has_its_own_frame_and_help(choice: Choice, place: Place):
    models, _ = local_models(choice, place)
    assert [model.id for model in models] == [plan.model for plan in choice.served]
    assert [model.load.path for model in models] == [str(plan.path) for plan in choice.served]
    assert {model.load.prefix_folder for model in models} == {str(place.prefixes)}
    assert all(model.coached for model in models)
    large = replace(choice.plans[0], parameters=COACHED_BELOW)
    models, _ = local_models(replace(choice, plans=(large,)), place)
    assert [model.coached for model in models] == [False] + [True] * (len(models) - 1)


def test_what_a_person_is_told(choice: Choice, place: Place):
    _, reasons = local_models(choice, place)
    assert reasons[0].startswith("coached: fewer than 8 billion")
    assert reasons[1] == f"prefixes: up to 0.0 GB for each model in {place.prefixes}"
    assert reasons[2].startswith("on demand: ")
    assert CODER.name in reasons[2]
    alone = replace(choice, others=())
    assert len(local_models(alone, Place(place.folder, 0))[1]) == 1


def test_who_fits_beside_whom_is_the_planners_word(choice: Choice):
    fit = room_for(choice)
    both = ["Mine", CODER.name]
    assert fit(both).fits
    board = replace(choice.board, memory_available=choice.plan.memory_bytes * 2)
    room = room_for(replace(choice, board=board))(both)
    assert not room.fits
    assert "GB may be used" in room.reason


def test_each_model_remembers_its_own_beginnings(choice: Choice, place: Place):
    models, _ = local_models(choice, place)
    files = {model.beginnings for model in models}
    assert len(files) == len(models)
    assert {file.parent for file in files if file} == {place.folder / "beginnings"}
    cold, _ = local_models(choice, replace(place, warm=False))
    assert {model.beginnings for model in cold} == {None}
