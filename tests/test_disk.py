"""Files that are whole or not there."""

from pathlib import Path

import pytest

from edge.disk import replace_file, sync_folder


def test_a_file_is_replaced_and_private(tmp_path: Path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path):
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "inside").touch()
    with pytest.raises(OSError):
        replace_file(taken, b"new")
    assert [each.name for each in tmp_path.iterdir()] == ["taken"]


def test_a_folder_that_is_not_there(tmp_path: Path):
    sync_folder(tmp_path)
    with pytest.raises(FileNotFoundError):
        sync_folder(tmp_path / "none")
