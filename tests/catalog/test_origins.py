from pathlib import Path

import pytest

from edge.catalog.hubnames import HubName
from edge.catalog.origins import Origin, find, origin_file, read, write


def pulled(folder: Path, file: str, repository: str = "a/b") -> Path:
    path = folder / file.rpartition("/")[2]
    path.touch()
    write(path, Origin(repository, file, "main", "0" * 64))
    return path


def test_what_is_written_is_read(tmp_path: Path):
    path = pulled(tmp_path, "x-Q4_K_M.gguf")
    assert read(path) == Origin("a/b", "x-Q4_K_M.gguf", "main", "0" * 64)
    assert [one.name for one in tmp_path.glob("*.gguf")] == [path.name], "its record is no model"


@pytest.mark.parametrize("record", [b"", b"{", b"[]", b'{"file": 7}', b'{"what": "x"}', b"\xff"])
def test_a_damaged_record_is_none(tmp_path: Path, record: bytes):
    origin_file(tmp_path / "x.gguf").write_bytes(record)
    assert read(tmp_path / "x.gguf") is None


def test_a_file_is_found_by_its_name_on_the_hub(tmp_path: Path):
    usual = pulled(tmp_path, "x-Q4_K_M.gguf")
    fine = pulled(tmp_path, "sub/x-UD-Q8_0.gguf")
    pulled(tmp_path, "z-Q2_K.gguf", repository="a/c")
    (tmp_path / "own-Q2_K.gguf").touch()
    assert find(HubName("A/B"), tmp_path) == usual
    assert find(HubName("a/b", "Q8_0"), tmp_path) == fine
    assert find(HubName("a/b", "UD-Q8_0"), tmp_path) == fine
    assert find(HubName("a/b", None, "sub/x-UD-Q8_0.gguf"), tmp_path) == fine
    assert find(HubName("a/b", "Q2_K"), tmp_path) is None
    assert find(HubName("a/d"), tmp_path) is None


def test_the_only_one_needs_no_level(tmp_path: Path):
    only = pulled(tmp_path, "x-Q2_K.gguf")
    assert find(HubName("a/b"), tmp_path) == only
    assert find(HubName("a/b", "Q4_K_M"), tmp_path) is None


def test_a_folder_that_is_not_there(tmp_path: Path):
    assert find(HubName("a/b"), tmp_path / "absent") is None
