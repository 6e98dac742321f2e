"""``codriver quantize``."""

import json
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from edge.catalog.gguf import read
from tests.catalog.tiny_gguf import make_tiny_gguf
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


def test_a_file_that_runs_well_is_not_made_smaller_unasked(codriver: Run, models: Path):
    for words in (("tiny",), ("tiny", "auto")):
        said = codriver("quantize", *words, "--models-dir", models)
        assert said.code == 1
        assert "tiny.gguf runs here as well as any file made of it; name a level" in said.err
    said = codriver("quantize", "smollm2", "--models-dir", models)
    assert "a level is chosen only for a file of F32, F16, BF16, Q8_0" in said.err


def test_a_file_out_of_a_store_gets_its_models_name(codriver: Run, tmp_path: Path):
    store = tmp_path / "home/.ollama/models"
    blob = store / "blobs" / f"sha256-{'0' * 64}"
    blob.parent.mkdir(parents=True)
    make_tiny_gguf(blob)
    manifest = store / "manifests/registry.ollama.ai/library/tiny/3m"
    manifest.parent.mkdir(parents=True)
    layer = {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{'0' * 64}"}
    manifest.write_text(json.dumps({"layers": [layer]}))
    said = codriver("quantize", "ollama/tiny:3m", "q8_0")
    assert said.code == 0, said.err
    made = tmp_path / "state/codriver/models/tiny-3m-Q8_0.gguf"
    assert read(made).quantization == "Q8_0"
