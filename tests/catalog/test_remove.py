from pathlib import Path

import pytest

from edge.catalog import origins
from edge.catalog.folder import LOCK, alone_in, partial_file
from edge.catalog.models import ModelRef, resolve
from edge.catalog.origins import Origin
from edge.catalog.remove import remove, remove_unfinished
from edge.errors import ModelUnusable
from tests.catalog.tiny_gguf import make_tiny_gguf


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != LOCK)


def test_a_file_with_its_record_and_its_beginnings(tmp_path: Path):
    path = make_tiny_gguf(tmp_path / "a.gguf")
    begun = partial_file(path, "x")
    begun.touch()
    origins.write(path, Origin("a/b", "a.gguf"))
    (tmp_path / "b.gguf").touch()
    assert remove(resolve("a", tmp_path), tmp_path) == (path, begun)
    assert left_in(tmp_path) == ["b.gguf"]


def test_all_parts(tmp_path: Path):
    make_tiny_gguf(tmp_path / "big.gguf", tensors_a_file=8)
    assert len(remove(resolve("big", tmp_path), tmp_path)) == 3
    assert left_in(tmp_path) == []


def test_a_link_goes_and_what_it_leads_to_stays(tmp_path: Path):
    folder = tmp_path / "models"
    folder.mkdir()
    real = make_tiny_gguf(tmp_path / "real.gguf")
    (folder / "a.gguf").symlink_to(real)
    assert remove(resolve("a", folder), folder) == (folder / "a.gguf",)
    assert real.exists()


def test_a_beginning_of_a_catalogue_model(tmp_path: Path):
    ref = resolve("coder", tmp_path)
    with pytest.raises(ModelUnusable, match="is not here: there is nothing to remove"):
        remove(ref, tmp_path)
    begun = partial_file(ref.path, "x")
    begun.touch()
    assert remove(ref, tmp_path) == (begun,)


def test_what_is_not_codrivers_to_remove(tmp_path: Path):
    outside = make_tiny_gguf(tmp_path / "a.gguf")
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "notes.txt").touch()
    for ref, words in (
        (ModelRef("ollama/a:1", outside, owner="Ollama"), "belongs to Ollama: remove it there"),
        (resolve("smollm2", folder), "is a part of codriver and stays"),
        (resolve(str(outside), folder), "does not lie in the models folder"),
        (resolve("notes.txt", folder), "is no model file"),
    ):
        with pytest.raises(ModelUnusable, match=words):
            remove(ref, folder)
        assert ref.path.exists()


def test_beginnings_without_their_model(tmp_path: Path):
    begun = partial_file(tmp_path / "a.gguf", "x")
    other = partial_file(tmp_path / "b.gguf", "x")
    made = tmp_path / ".a.gguf.part"
    for path in (begun, other, made):
        path.touch()
    assert remove_unfinished("none", tmp_path) == ()
    assert set(remove_unfinished("a", tmp_path)) == {begun, made}
    assert left_in(tmp_path) == [other.name]
    with alone_in(tmp_path), pytest.raises(ModelUnusable, match="another codriver is fetching"):
        remove_unfinished("b.gguf", tmp_path)
