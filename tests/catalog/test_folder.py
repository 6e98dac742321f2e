import pytest

from edge.catalog.folder import (
    TEMPORARY,
    alone_in,
    check_room,
    free_above,
    partial_file,
    partials_of,
    put,
    unfinished,
)
from edge.errors import ModelUnusable


def test_the_folder_is_made_and_held(tmp_path):
    folder = tmp_path / "new" / "models"
    with alone_in(folder):
        assert folder.is_dir()
        with pytest.raises(ModelUnusable, match="another codriver is fetching"), alone_in(folder):
            pass
    with alone_in(folder):
        pass


def test_temporary_folders_go_and_beginnings_stay(tmp_path):
    (tmp_path / (TEMPORARY + "old")).mkdir()
    begun = partial_file(tmp_path / "a.gguf", "abc")
    begun.touch()
    with alone_in(tmp_path):
        assert not (tmp_path / (TEMPORARY + "old")).exists()
        assert begun.exists()


def test_room_is_known_before_the_folder_is_there(tmp_path):
    assert free_above(tmp_path / "not" / "yet") == pytest.approx(free_above(tmp_path), rel=0.05)
    (tmp_path / "file").touch()
    assert free_above(tmp_path / "file" / "below") is None


def test_beginnings_are_found(tmp_path):
    partial_file(tmp_path / "a.gguf", "abc").write_bytes(b"GGUF")
    (tmp_path / ".b.gguf.part").touch()
    for name in ("c.gguf", ".c.gguf.origin.json", ".d.partial", "e.gguf.part"):
        (tmp_path / name).touch()
    assert [(one.file, one.bytes) for one in unfinished(tmp_path)] == [("a.gguf", 4), ("b.gguf", 0)]
    assert unfinished(tmp_path / "none") == ()


def test_a_beginning_belongs_to_one_file_of_one_key(tmp_path):
    target = tmp_path / "a.gguf"
    one = partial_file(target, '"an/etag-of../anything"')
    other = partial_file(target, "f" * 64)
    strange = partial_file(tmp_path / "a.gguf.gguf", "f")
    for path in (one, other, strange):
        assert path.parent == tmp_path
        path.touch()
    assert partials_of(target) == sorted([one, other])
    assert list(tmp_path.glob("*.gguf")) == [], "it is no model"
    assert partials_of(tmp_path / "absent" / "a.gguf") == []


def test_the_numbers_are_in_the_sentence():
    check_room("toy", 10**9, 2 * 10**9)
    with pytest.raises(ModelUnusable, match=r"toy needs 1\.1 GB .* only 1\.0 GB are free"):
        check_room("toy", 10**9, 10**9)


def test_a_file_gets_its_name_when_it_is_whole(tmp_path):
    (tmp_path / "x").write_bytes(b"whole")
    put(tmp_path / "x", tmp_path / "y")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("y", b"whole")]
