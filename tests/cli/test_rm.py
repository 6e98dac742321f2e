from pathlib import Path

import pytest

from edge.catalog.folder import partial_file
from tests.cli.command import Run


def test_it_asks_nothing_and_says_what_is_gone(codriver: Run, models: Path):
    said = codriver("rm", "tiny", "--models-dir", models)
    assert (said.code, said.out, said.err) == (0, f"{models / 'tiny.gguf'} is removed\n", "")
    assert not (models / "tiny.gguf").exists()
    assert (models / "bad.gguf").exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("absent", "no model is called 'absent'"),
        ("coder", "is not here: there is nothing to remove"),
        ("smollm2", "is a part of codriver and stays"),
        ("/etc/hostname", "does not lie in the models folder"),
        ("a/b:Q4_K_M", "a/b:Q4_K_M is not on this box"),
    ],
)
def test_what_is_not_removed(codriver: Run, models: Path, name: str, words: str):
    said = codriver("rm", name, "--models-dir", models)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("codriver: ")
    assert words in said.err


def test_what_belongs_to_others_stays(
    codriver: Run, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = tmp_path / "home" / ".lmstudio" / "models" / "a" / "b" / "c.gguf"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"GGUF....")
    said = codriver("rm", "lmstudio/a/b/c", "--models-dir", models)
    assert (said.code, said.err) == (
        1,
        "codriver: lmstudio/a/b/c belongs to LM Studio: remove it there\n",
    )
    assert file.exists()
    said = codriver("pull", "lmstudio/a/b/c", "--models-dir", models)
    assert said.out == f"lmstudio/a/b/c is here: {file}\n", "and need not be pulled"


def test_what_an_abandoned_download_left_goes(codriver: Run, models: Path):
    left = partial_file(models / "Some-Q4_K_M.gguf", "abc")
    left.write_bytes(b"GGUF")
    said = codriver("models", "some", "--models-dir", models)
    assert "unfinished (codriver pull goes on with it" in said.out
    assert said.out.splitlines()[-1].split() == ["Some-Q4_K_M.gguf", "0.00", "GB"]
    said = codriver("rm", "Some-Q4_K_M.gguf", "--models-dir", models)
    assert (said.code, said.out) == (0, f"{left} is removed\n")
    assert not left.exists()
