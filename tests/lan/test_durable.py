"""Small private files."""

import stat
from pathlib import Path

import pytest

from edge.errors import StartFailed
from edge.lan.durable import read_word, set_aside, write_word


def test_a_word_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "state" / "word"
    write_word(path, "first")
    write_word(path, "second")
    assert read_word(path) == "second"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["word"], "nothing is left behind"


@pytest.mark.parametrize("content", [b"", b"\n", b"two words", b"\xff\xfe", b"\0" * 32, b"a\nb"])
def test_no_word(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "word").write_bytes(content)
    assert read_word(tmp_path / "word") is None


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "word").mkdir()
    with pytest.raises(StartFailed, match="cannot be written: Is a directory"):
        write_word(tmp_path / "word", "x")
    assert [entry.name for entry in tmp_path.iterdir()] == ["word"]
    with pytest.raises(StartFailed, match="cannot be read: Is a directory"):
        read_word(tmp_path / "word")


def test_set_aside_keeps_the_file(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("x")
    damaged = set_aside(tmp_path / "word")
    assert damaged is not None
    assert damaged.read_text() == "x"
    assert set_aside(tmp_path / "word") is None
