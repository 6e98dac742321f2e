"""``codriver quantize``."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from edge.catalog.gguf import read
from edge.cli.quantize import target_name
from tests.cli.command import Run

Usage = namedtuple("Usage", "total used free")


def test_a_smaller_file_is_made_and_judged(codriver: Run, models: Path):
    said = codriver("quantize", "tiny", "q8_0", "--models-dir", models)
    assert said.code == 0
    assert "tiny-Q8_0.gguf has 0.00 GB" in said.err
    assert "nats a token on a sample of prose and code" in said.out
    assert said.out.rstrip().endswith("sound")
    assert read(models / "tiny-Q8_0.gguf").quantization == "Q8_0"
    assert (models / "tiny.gguf").exists()


def test_the_old_file_goes_where_that_is_wished(codriver: Run, models: Path):
    said = codriver(
        "quantize", models / "tiny.gguf", "Q8_0", "--replace", "--to", models / "x.gguf"
    )
    assert said.code == 0
    assert "tiny.gguf is removed" in said.err
    assert sorted(path.name for path in models.iterdir()) == ["bad.gguf", "x.gguf"]


def test_what_makes_no_sense(codriver: Run, models: Path, monkeypatch: pytest.MonkeyPatch):
    def refused(*words: object) -> str:
        said = codriver("quantize", *words, "--models-dir", models)
        assert said.code == 1
        return said.err

    assert "there is no level Q9; known are Q2_K, Q3_K_S" in refused("tiny", "Q9")
    assert "no model is called 'none'" in refused("none", "Q8_0")
    assert "bad.gguf is not a GGUF file" in refused("bad.gguf", "Q8_0")
    taken = models / "bad.gguf"
    assert "bad.gguf is there already" in refused("tiny", "Q8_0", "--to", taken)
    assert "cannot write to" in refused("tiny", "Q8_0", "--to", "/no/such/folder/x.gguf")
    codriver("quantize", "tiny", "Q8_0", "--models-dir", models)
    finer = refused("tiny-Q8_0", "Q8_0")
    assert "tiny-Q8_0.gguf is Q8_0: Q8_0 cannot be better; take a finer file" in finer
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**9, 10**9, 1000))
    assert "0.00 GB are free on its disk" in refused("tiny", "Q6_K")


def test_what_comes_with_codriver_is_not_removed(codriver: Run, models: Path):
    said = codriver("quantize", "smollm2", "Q2_K", "--replace", "--models-dir", models)
    assert said.code == 1
    assert "smollm2-135m is a part of codriver and stays" in said.err


@pytest.mark.parametrize(
    ("name", "old", "new", "made"),
    [
        ("a-q4_k_m.gguf", "Q4_K_M", "Q2_K", "a-q2_k.gguf"),
        ("A.Q8_0.gguf", "Q8_0", "Q4_K_M", "A.Q4_K_M.gguf"),
        ("model.gguf", "F16", "Q6_K", "model-Q6_K.gguf"),
        ("f16-f16.gguf", "F16", "Q6_K", "f16-q6_k.gguf"),
    ],
)
def test_the_name_tells_the_level(name: str, old: str, new: str, made: str):
    assert target_name(name, old, new) == made
