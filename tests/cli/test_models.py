import json
from pathlib import Path

from tests.cli.command import Run


def test_people_see_what_is_here_and_what_could_be(codriver: Run, models: Path):
    said = codriver("models", "--models-dir", models)
    assert said.code == 0
    assert [line.split()[0] for line in said.out.splitlines() if line.strip()] == [
        "model",
        "tiny",
        "smollm2-135m",
        "not",
        "qwen2.5-coder-0.5b",
        "qwen2.5-coder-1.5b",
    ]
    assert "bad.gguf is not a GGUF file" in said.err


def test_programs_get_all_of_it(codriver: Run, models: Path):
    told = json.loads(codriver("models", "--json", "--models-dir", models).out)
    assert told["present"][0]["file"] == str(models / "tiny.gguf")
    assert told["absent"][0]["bytes"] == 491_400_064


def test_a_wrong_entry_of_ones_own_is_told(codriver: Run, models: Path):
    (models / "own.toml").write_text('[[model]]\nname = "x"\n')
    said = codriver("models", "--models-dir", models)
    assert said.code == 0
    assert "own.toml: model 1 lacks the key 'file'; it is left out" in said.err
