from dataclasses import replace
from pathlib import Path

import pytest

from edge.app.choose import (
    Choice,
    Keeping,
    board_words,
    choose_model,
    level_for,
    load_frame,
    prefix_budget,
)
from edge.catalog.levels import at_level
from edge.catalog.memory import N_SEQUENCES
from edge.catalog.models import resolve
from edge.catalog.store import candidate
from edge.config import Config, load
from edge.engines.measured import Measured, write
from edge.errors import ModelUnusable, StartFailed
from edge.state import EngineDevice
from edge.units import Tokens
from tests.board.boards import jetson_orin_nano, meminfo, raspberry_pi_5
from tests.board.boards import write as lay_out
from tests.catalog.tiny_gguf import CHATML_TOOLS, make_tiny_gguf


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return raspberry_pi_5(tmp_path / "root")


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    make_tiny_gguf(folder / "small.gguf", chat_template=CHATML_TOOLS)
    make_tiny_gguf(folder / "large.gguf", chat_template=CHATML_TOOLS, n_layers=4)
    return folder


def wishing(model: str = "", context: int = 0, threads: int = 0) -> Config:
    config = load(None)
    wishes = replace(config.model, path_or_name=model, context=Tokens(context), threads=threads)
    return replace(config, model=wishes)


def chosen(config: Config, models: Path, root: Path) -> Choice:
    told: list[str] = []
    choice = choose_model(config, models, tell=told.append, root=root)
    assert told == [], "nothing had to be fetched"
    return choice


def tight(models: Path, root: Path) -> Path:
    """A board whose memory the models are a little too large for; coarser ones would fit."""
    for name in ("small", "large"):
        wide = {"n_embd": 256, "n_heads": 8, "n_layers": 16}
        make_tiny_gguf(models / f"{name}.gguf", chat_template=CHATML_TOOLS, **wide)
    memory = chosen(wishing("small"), models, root).plan.memory
    short = memory.total - memory.weights // 2
    lay_out(root, {"proc/meminfo": meminfo(1_000_000, (short + 256 * 2**20) // 1024)})
    return root


def test_where_nothing_fits_the_sentence_says_how_to_make_what_does(models: Path, root: Path):
    tight(models, root)
    for wish, source in (("small", "small"), (str(models / "large.gguf"), "large")):
        choice = chosen(wishing(wish, context=2048), models, root)
        assert [one.here for one in choice.makeable] == [False]
        with pytest.raises(
            ModelUnusable, match=rf"make one that fits: codriver quantize {source} Q"
        ):
            _ = choice.plan


def test_what_could_be_made_is_told_and_not_served(models: Path, root: Path):
    tight(models, root)
    make_tiny_gguf(models / "tiny.gguf", chat_template="{{ messages }}")
    choice = chosen(wishing(), models, root)
    assert choice.plan.model == "tiny"
    assert all(plan.here for plan in (*choice.plans, *choice.served))
    assert {plan.made.source.name for plan in choice.makeable if plan.made} == {
        "small.gguf",
        "large.gguf",
    }
    offered = choose_model(wishing("small"), models, tell=print, root=root, offered=True)
    made = [plan for plan in offered.plans if plan.made]
    assert [plan.made.source.name for plan in made if plan.made] == ["small.gguf"]
    elsewhere = "jetson-orin-nano-8gb"
    choice = choose_model(wishing(), models, tell=print, elsewhere=elsewhere, offered=True)
    assert not any(plan.made for plan in choice.plans), "all of it fits there"


def test_the_level_that_a_file_is_made_at_is_the_plans(models: Path, root: Path):
    source = candidate(resolve("small", models))
    with pytest.raises(ModelUnusable, match=r"small\.gguf runs here as well as any file"):
        level_for(source, wishing(), models, root=root)
    tight(models, root)
    best = level_for(candidate(resolve("small", models)), wishing(), models, root=root)
    assert (best.fits, best.made is not None) == (True, True)
    lay_out(root, {"proc/meminfo": meminfo(400_000, 300_000)})
    with pytest.raises(ModelUnusable, match="no level of small will do here: needs"):
        level_for(source, wishing(), models, root=root)
    coarse = replace(source, facts=at_level(source.facts, "Q6_K"))
    with pytest.raises(ModelUnusable, match="a level is chosen only for a file of F32"):
        level_for(coarse, wishing(), models, root=root)


def test_a_named_file_is_planned_for_the_board(models: Path, root: Path):
    choice = chosen(wishing(str(models / "small.gguf")), models, root)
    assert choice.board.board == "raspberry-pi-5-8gb"
    assert (choice.plan.model, choice.plan.n_threads, choice.plan.n_ctx) == ("small", 4, 2048)
    assert choice.plan.decode_tokens_per_second is not None, "the board's bandwidth is known"
    assert choice.refused == ()


def test_what_workers_measured_here_counts_more_than_the_profile(
    models: Path, root: Path, tmp_path: Path
):
    folder = tmp_path / "threads"
    before = chosen(wishing("small"), models, root)
    words = board_words(before.board)
    counts = (4, 4, "threads: 4")
    write(folder, Measured("a", "small.gguf", words, *counts, 50.0, 400.0))
    write(folder, Measured("b", "large.gguf", "another board", *counts, 1.0, 1.0))
    write(folder, Measured("c", "gone.gguf", words, *counts, 1.0, 1.0))
    plan = choose_model(wishing("small"), models, tell=print, root=root, measured=folder).plan
    assert plan.decode_tokens_per_second is not None
    assert 40.0 < plan.decode_tokens_per_second < 50.0, "a token is chosen, too"
    assert plan.prefill_tokens_per_second == pytest.approx(400.0)
    assert before.plan.decode_tokens_per_second != plan.decode_tokens_per_second


def test_a_plan_for_a_board_that_is_not_here(models: Path):
    choice = choose_model(wishing("small"), models, tell=print, elsewhere="jetson-orin-nano-8gb")
    assert choice.board.board == "jetson-orin-nano-8gb"
    assert choice.plan.n_gpu_layers > 0
    for name in ("jetson", "generic-x86_64"):
        with pytest.raises(StartFailed, match="known are jetson-agx-orin-64gb, jetson-orin-nano"):
            choose_model(wishing("small"), models, tell=print, elsewhere=name)


@pytest.mark.parametrize(("names", "layers"), [(("CPU", "CUDA0"), True), (("CPU",), False)])
def test_the_engine_is_asked_what_it_can_use(
    models: Path, tmp_path: Path, names: tuple[str, ...], layers: bool
):
    listed = tuple(EngineDevice(name, "", 8) for name in names)
    choice = choose_model(
        wishing("small"),
        models,
        tell=print,
        root=jetson_orin_nano(tmp_path / "jetson"),
        devices=lambda: listed,
    )
    assert bool(choice.plan.n_gpu_layers) is layers
    assert ("built without" in choice.plan.reason) is not layers


def test_a_name_in_the_models_folder_will_do(models: Path, root: Path):
    assert chosen(wishing("large"), models, root).plan.path == models / "large.gguf"


def test_without_a_wish_every_present_model_is_weighed(models: Path, root: Path):
    (models / "bad.gguf").write_bytes(b"<html>")
    choice = chosen(wishing(), models, root)
    names = [plan.model for plan in choice.plans]
    assert set(names) >= {"small", "large", "smollm2-135m"}
    assert names.index("large") < names.index("small")
    assert [sentence for sentence in choice.refused if "bad.gguf is not a GGUF" in sentence]


def test_wishes_reach_the_plan_and_the_workers_first_frame(models: Path, root: Path):
    choice = chosen(wishing("small", context=512, threads=2), models, root)
    frame = load_frame(choice.plan)
    assert frame.path == str(models / "small.gguf")
    assert (frame.n_ctx, frame.n_threads, frame.n_sequences) == (512, 2, N_SEQUENCES)
    assert frame.n_gpu_layers == choice.plan.n_gpu_layers == 0


def drafted(models: Path, draft: str) -> Config:
    """A wish for the large model, beside which a small one of its vocabulary lies."""
    make_tiny_gguf(models / "large.gguf", chat_template=CHATML_TOOLS, n_embd=512, n_heads=8)
    config = wishing("large")
    return replace(config, model=replace(config.model, draft=draft))


def test_a_draft_model_reaches_the_workers_first_frame(models: Path, root: Path):
    choice = chosen(drafted(models, "small"), models, root)
    assert "small drafts, as configured" in choice.plan.reason
    frame = load_frame(choice.plan)
    assert (frame.draft_path, frame.draft_n_ctx) == (str(models / "small.gguf"), 2048)


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        ("off", "no draft model, as configured"),
        ("auto", "small does not draft: expected to be"),
        ("smollm2", "smollm2-135m does not draft: its vocabulary is not that of large"),
    ],
)
def test_a_person_decides_about_the_draft_model(models: Path, root: Path, draft: str, words: str):
    choice = chosen(drafted(models, draft), models, root)
    assert words in choice.plan.reason
    assert bool(load_frame(choice.plan).draft_path) is False


def test_a_draft_model_that_is_not_there_is_one_sentence(models: Path, root: Path):
    with pytest.raises(ModelUnusable, match="no model is called 'nothing'"):
        chosen(drafted(models, "nothing"), models, root)


def test_what_else_is_there_is_served_too_the_named_one_first(models: Path, root: Path):
    (models / "bad.gguf").write_bytes(b"<html>")
    choice = chosen(wishing("small"), models, root)
    assert [plan.model for plan in choice.plans] == ["small"]
    served = [plan.model for plan in choice.served]
    assert served[0] == "small"
    assert set(served) >= {"small", "large", "smollm2-135m"}
    assert [sentence for sentence in choice.refused if "bad.gguf" in sentence]


def test_a_file_is_served_once_however_it_was_named(models: Path, root: Path):
    link = models.parent / "linked"
    link.symlink_to(models)
    choice = chosen(wishing(str(link / "small.gguf")), models, root)
    assert [plan.model for plan in choice.served].count("small") == 1


def test_a_name_is_served_once(models: Path, root: Path):
    other = models.parent / "SMALL.gguf"
    other.write_bytes((models / "small.gguf").read_bytes())
    choice = chosen(wishing(str(other)), models, root)
    assert [plan.model.lower() for plan in choice.served].count("small") == 1
    assert choice.served[0].path == other


def test_what_does_not_fit_even_alone_is_not_served(models: Path, root: Path):
    lay_out(root, {"proc/meminfo": meminfo(900_000, 600_000)})
    choice = chosen(wishing("small"), models, root)
    needs = {plan.model: plan.fits for plan in (*choice.plans, *choice.others)}
    assert {plan.model for plan in choice.served} == {name for name in needs if needs[name]}


def test_the_disk_is_shared_by_all_models(tmp_path: Path):
    free = prefix_budget(2**60, tmp_path)
    assert prefix_budget(1000, tmp_path, models=3) == 1000
    assert prefix_budget(2**60, tmp_path, models=4) == pytest.approx(free / 4, rel=0.05)
    file = tmp_path / "file"
    file.write_text("")
    assert prefix_budget(1000, file / "below") == 0


def test_a_model_that_does_not_fit_is_planned_but_not_loaded(models: Path, root: Path):
    lay_out(root, {"proc/meminfo": meminfo(400_000, 300_000)})
    choice = chosen(wishing("small"), models, root)
    assert [plan.fits for plan in choice.plans] == [False]
    with pytest.raises(ModelUnusable, match=r"small: needs 0\.\d\d GB .* may be used"):
        _ = choice.plan


def test_a_containers_limit_counts_as_the_boards_memory(models: Path, root: Path):
    group = "sys/fs/cgroup/system.slice/codriver.service/"
    lay_out(root, {f"{group}memory.max": str(300 * 2**20)})
    with pytest.raises(ModelUnusable, match="may be used"):
        _ = chosen(wishing("small"), models, root).plan


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nothing-like-it", "no model is called 'nothing-like-it'"),
        ("codr", "did you mean coder"),
        ("./none.gguf", "there is no such file"),
        ("x" * 300, "names no model: File name too long"),
        ("./" + "x" * 300, "File name too long"),
        ("~nobody-of-that-name/x.gguf", "nobody's home directory"),
    ],
)
def test_a_wrong_name_is_one_sentence(models: Path, root: Path, name: str, words: str):
    with pytest.raises(ModelUnusable, match=words):
        chosen(wishing(name), models, root)


def test_the_worker_is_told_what_to_try_unless_somebody_said(models: Path, root: Path):
    choice = chosen(wishing("small"), models, root)
    keeping = Keeping(threads=Path("/state/threads"), board=board_words(choice.board))
    frame = load_frame(choice.plan, keeping)
    assert (frame.n_threads, frame.try_writing, frame.try_reading) == (4, [4, 3, 2], [4, 3])
    assert frame.threads_folder == "/state/threads"
    assert frame.board == "Raspberry Pi 5 Model B Rev 1.0; Cortex-A76; 4 x None None; None"
    said = load_frame(chosen(wishing("small", threads=3), models, root).plan)
    assert (said.n_threads, said.try_writing, said.try_reading) == (3, [], [])
