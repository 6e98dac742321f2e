"""A thread choice on disk: whole and exact, or measured again."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edge.engines.frames import Load
from edge.engines.worker.remembered import Remembered
from edge.engines.worker.trial import ThreadChoice

CHOICE = ThreadChoice(2, 4, "threads: 2 to write, 4 to read", 12.5, 80.0)


@pytest.fixture
def load(tmp_path: Path) -> Load:
    model = tmp_path / "model.gguf"
    model.write_bytes(b"weights" * 1000)
    return Load(
        str(model),
        *(4096, 256, 256, 4, 0, "f16", 6, 4),
        try_writing=[4, 3, 2],
        try_reading=[4, 3],
        board="Raspberry Pi 5",
        threads_folder=str(tmp_path / "state" / "threads"),
    )


def files(load: Load) -> list[Path]:
    return sorted(Path(load.threads_folder).iterdir())


def test_what_is_written_is_read(load: Load):
    assert Remembered(load, "1").read() is None
    Remembered(load, "1").write(CHOICE)
    assert Remembered(load, "1").read() == CHOICE
    assert [path.suffix for path in files(load)] == [".json"]


def test_another_board_model_version_or_trial_is_measured_again(load: Load, tmp_path: Path):
    Remembered(load, "1").write(CHOICE)
    other = tmp_path / "other.gguf"
    other.write_bytes(b"others")
    replace = msgspec.structs.replace
    for changed in (
        replace(load, board="Raspberry Pi 4"),
        replace(load, try_writing=[4, 2]),
        replace(load, path=str(other)),
    ):
        assert Remembered(changed, "1").read() is None
    assert Remembered(load, "2").read() is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"key": "KEY"}',
        b'{"key": "KEY", "writing": 64, "reading": 4, "reason": ""}',
        b'{"key": "another", "writing": 2, "reading": 4, "reason": ""}',
        b'{"key": "KEY", "writing": 2, "reading": 4, "reason": "", "more": 1}',
    ],
)
def test_what_is_not_as_written_counts_as_nothing(load: Load, content: bytes):
    Remembered(load, "1").write(CHOICE)
    (path,) = files(load)
    path.write_bytes(content.replace(b"KEY", path.stem.encode()))
    assert Remembered(load, "1").read() is None
    Remembered(load, "1").write(CHOICE)
    assert Remembered(load, "1").read() == CHOICE


def test_a_disk_that_refuses_is_a_warning(load: Load, caplog: pytest.LogCaptureFixture):
    Path(load.threads_folder).parent.mkdir()
    Path(load.threads_folder).write_text("a file where the folder should be")
    Remembered(load, "1").write(CHOICE)
    assert "not remembered" in caplog.text
    assert Remembered(load, "1").read() is None
