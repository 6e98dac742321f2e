"""What workers measured, as files."""

from pathlib import Path

import msgspec
import pytest

from edge.engines.measured import Measured, read_all, read_one, write

ONE = Measured("k1", "coder.gguf", "Raspberry Pi 5", 2, 4, "threads: 2", 12.5, 80.0)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    other = msgspec.structs.replace(ONE, key="k2", model="other.gguf")
    for one in (other, ONE):
        write(tmp_path / "threads", one)
    assert read_one(tmp_path / "threads", "k1") == ONE
    assert read_all(tmp_path / "threads") == (ONE, other)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", msgspec.json.encode(ONE)[:-4]])
def test_what_is_not_whole_counts_as_not_there(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "k1.json").write_bytes(content)
    assert read_all(tmp_path) == ()


def test_another_keys_file_is_none_of_it(tmp_path: Path) -> None:
    (tmp_path / "k2.json").write_bytes(msgspec.json.encode(ONE))
    assert read_one(tmp_path, "k2") is None


def test_a_disk_that_refuses_costs_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    write(tmp_path / "file", ONE)
    assert "is not remembered" in caplog.text
    assert read_all(tmp_path / "none") == ()
