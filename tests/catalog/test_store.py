import pytest

from edge.catalog.models import find, load_catalog, resolve
from edge.catalog.store import candidate, scan
from edge.errors import ModelUnusable
from tests.catalog.tiny_gguf import make_tiny_gguf


def test_finds_files_and_the_embedded_model(tmp_path):
    make_tiny_gguf(tmp_path / "mine.gguf")
    found = scan(tmp_path)
    assert [one.name for one in found.candidates] == ["mine", "smollm2-135m"]
    assert found.refused == ()


def test_one_bad_file_does_not_hide_the_others(tmp_path):
    make_tiny_gguf(tmp_path / "good.gguf")
    (tmp_path / "bad.gguf").write_bytes(b"<html>")
    found = scan(tmp_path, catalog=())
    assert [one.name for one in found.candidates] == ["good"]
    assert len(found.refused) == 1
    assert "web page" in found.refused[0]


def test_test_models_are_passed_over(tmp_path):
    make_tiny_gguf(tmp_path / find("gemma-3-270m", load_catalog()).file)
    assert [one.name for one in scan(tmp_path).candidates] == ["smollm2-135m"]


def test_a_model_in_parts_is_one(tmp_path):
    make_tiny_gguf(tmp_path / "big.gguf", tensors_a_file=8)
    whole = make_tiny_gguf(tmp_path / "whole.gguf")
    found = scan(tmp_path, catalog=())
    big, one = found.candidates
    assert (big.name, one.name, found.refused) == ("big", "whole", ())
    assert big.facts.tensor_bytes == one.facts.tensor_bytes
    assert big.facts.file_bytes > whole.stat().st_size
    min(tmp_path.glob("big-00003-*")).unlink()
    (refused,) = scan(tmp_path, catalog=()).refused
    assert "big-00003-of-00003.gguf: there is no such file" in refused


def test_a_wrong_entry_of_ones_own_is_told(tmp_path):
    (tmp_path / "own.toml").write_text("[[model]]")
    assert "lacks the key 'name'" in scan(tmp_path).refused[0]


def test_a_folder_that_is_not_there_holds_nothing(tmp_path):
    assert scan(tmp_path / "absent", catalog=()).candidates == ()


def test_a_named_model_that_is_bad_is_an_error(tmp_path):
    (tmp_path / "bad.gguf").touch()
    with pytest.raises(ModelUnusable, match="is empty"):
        candidate(resolve("bad", tmp_path))
