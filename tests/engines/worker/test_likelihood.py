"""How surprised a model is by a text."""

import math
from pathlib import Path

import pytest

from edge.engines.worker.likelihood import MOST_TOKENS, loss
from edge.errors import ModelUnusable
from tests.catalog.tiny_gguf import make_tiny_gguf


def test_a_model_that_knows_nothing_is_as_surprised_as_chance(tmp_path: Path):
    model = make_tiny_gguf(tmp_path / "tiny.gguf")
    tokens, mean = loss(model, "the file is read and the test is run " * 5, 1)
    assert 10 < tokens < MOST_TOKENS
    assert 0.5 * math.log(300) < mean < 2 * math.log(1000)


def test_only_the_beginning_is_judged(tmp_path: Path):
    model = make_tiny_gguf(tmp_path / "tiny.gguf")
    assert loss(model, "a b " * 4000, 1)[0] == MOST_TOKENS - 1


def test_what_is_no_model(tmp_path: Path):
    (tmp_path / "no.gguf").write_bytes(b"no model")
    with pytest.raises(ModelUnusable):
        loss(tmp_path / "no.gguf", "text", 1)
