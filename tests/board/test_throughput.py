"""The disk's speed, on real files."""

import itertools
import logging
import os
import shutil
import time
from collections import namedtuple
from pathlib import Path

import pytest

from edge.board.throughput import (
    MOST_READ,
    MOST_WRITTEN,
    DiskSpeed,
    disk_words,
    large_file,
    measure,
    remember,
    remembered,
)
from edge.errors import StartFailed
from edge.state import Storage

Usage = namedtuple("Usage", "total used free")


def test_both_speeds_are_measured_and_nothing_stays(tmp_path: Path):
    seen: list[str] = []

    def clock() -> float:
        seen.extend(path.name for path in tmp_path.iterdir())
        return time.perf_counter()

    speed = measure(tmp_path, "a disk", clock)
    assert speed.disk == "a disk"
    assert speed.reads > 1e6
    assert speed.writes is not None and speed.writes > 1e5
    assert seen == [], "the file has no name, so that not even a kill leaves it"


def test_who_interrupts_leaves_nothing(tmp_path: Path):
    moments = itertools.count()

    def clock() -> float:
        if next(moments) == 3:
            raise KeyboardInterrupt
        return 0.0

    with pytest.raises(KeyboardInterrupt):
        measure(tmp_path, "", clock)
    assert list(tmp_path.iterdir()) == []


def test_never_more_is_written_and_read_than_said(tmp_path: Path):
    """A clock that hardly goes on: only the number of bytes ends it."""
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(MOST_READ + MOST_WRITTEN)
    ticks = itertools.count(step=1e-6)
    speed = measure(tmp_path, "", lambda: next(ticks), large)
    pieces = MOST_WRITTEN // 2**22
    assert speed.writes == pytest.approx(MOST_WRITTEN / (1e-6 * (pieces + 2)), rel=0.1)
    pieces = MOST_READ // 2**22
    assert speed.reads == pytest.approx(MOST_READ / (1e-6 * (pieces + 2)), rel=0.1)


def test_a_slow_disk_is_left_in_time(tmp_path: Path):
    ticks = itertools.count(step=0.7)
    speed = measure(tmp_path, "", lambda: next(ticks))
    assert speed.writes == pytest.approx(2 * 2**22 / 2.8)


def test_without_room_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**9, 10**9, 10**8))
    with pytest.raises(StartFailed, match=r"0\.10 GB are free, and 0\.34 GB are wanted"):
        measure(tmp_path, "", time.perf_counter)
    large = tmp_path / "large"
    large.write_bytes(os.urandom(2**23))
    assert measure(tmp_path, "", time.perf_counter, large).writes is None


def test_what_cannot_be_written_to_is_a_sentence(tmp_path: Path):
    with pytest.raises(StartFailed, match="cannot be measured: No such file"):
        measure(tmp_path / "none", "", time.perf_counter)


def test_the_largest_whole_file_is_read(tmp_path: Path):
    sparse, small = tmp_path / "sparse", tmp_path / "small"
    with sparse.open("wb") as file:
        file.truncate(2 * MOST_WRITTEN)
    small.write_bytes(b"x")
    assert large_file([sparse, small, tmp_path / "none"]) is None
    whole = tmp_path / "whole"
    whole.write_bytes(bytes(MOST_WRITTEN))
    assert large_file([sparse, whole, small]) == whole


def test_what_was_measured_is_remembered_of_that_disk(tmp_path: Path):
    file = tmp_path / "new" / "disk.json"
    assert remembered(file, "a") is None
    speed = DiskSpeed("a", 80e6, None)
    remember(file, speed)
    assert remembered(file, "a") == speed
    assert remembered(file, "another") is None
    file.write_text('{"disk": "a", "reads": "fast"}')
    assert remembered(file, "a") is None


def test_a_disk_that_takes_no_record_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    (tmp_path / "file").touch()
    with caplog.at_level(logging.WARNING):
        remember(tmp_path / "file" / "disk.json", DiskSpeed("a", 1.0, 1.0))
    assert "what was measured is not remembered" in caplog.text


def test_another_card_is_another_disk():
    one, other = Storage("sd", "SN64G", 64 * 10**9), Storage("sd", "SN32G", 32 * 10**9)
    assert disk_words(one) != disk_words(other)
    assert disk_words(None) == "unknown"
