import json
from pathlib import Path

from edge.catalog.families import load_families
from tests.cli.command import Run


def test_people_see_what_is_here_and_what_could_be(codriver: Run, models: Path):
    said = codriver("models", "--models-dir", models)
    assert said.code == 0
    words = [line.split()[0] for line in said.out.splitlines() if line.strip()]
    assert words[:8] == [
        "model",
        "tiny",
        "smollm2-135m",
        "not",
        "qwen2.5-coder-0.5b",
        "qwen2.5-coder-1.5b",
        "known",
        "family",
    ]
    assert set(words[8:]) == {one.name for one in load_families()}
    assert max(map(len, said.out.splitlines())) <= 160
    assert "bad.gguf is not a GGUF file" in said.err


def test_programs_get_all_of_it(codriver: Run, models: Path):
    told = json.loads(codriver("models", "--json", "--models-dir", models).out)
    assert told["present"][0]["file"] == str(models / "tiny.gguf")
    assert told["absent"][0]["bytes"] == 491_400_064


def test_a_word_chooses(codriver: Run, models: Path):
    said = codriver("models", "qwen3.6", "--models-dir", models)
    words = [line.split()[0] for line in said.out.splitlines() if line.strip()]
    assert words == ["model", "known", "family", "qwen3.6-35b-a3b"]
    told = json.loads(codriver("models", "glm", "--json", "--models-dir", models).out)
    assert (told["present"], told["absent"]) == ([], [])
    (air, large) = sorted(told["families"], key=lambda one: one["parameters"])
    assert (air["name"], air["calls"], air["licence"]) == ("glm-4.5-air", "glm", "MIT")
    assert large["bytes"] > air["bytes"] > 10**10


def test_a_model_that_the_configuration_names_is_not_fetched(
    codriver: Run, models: Path, tmp_path: Path
):
    config = tmp_path / "codriver.toml"
    config.write_text('[model]\npath_or_name = "coder"\ndraft = "coder-1.5b"\n')
    said = codriver("models", "--config", config, "--models-dir", models)
    assert said.code == 0
    assert not list(models.glob("qwen*"))


def test_a_wrong_entry_of_ones_own_is_told(codriver: Run, models: Path):
    (models / "own.toml").write_text('[[model]]\nname = "x"\n')
    said = codriver("models", "--models-dir", models)
    assert said.code == 0
    assert "own.toml: model 1 lacks the key 'file'; it is left out" in said.err
