"""Blocks as files, on good disks and bad ones."""

import os
from pathlib import Path

import pytest

from edge.engines.worker import prefix_files as module
from edge.engines.worker.prefix_files import ASIDE, ASIDE_LIMIT, PrefixFiles

NAMES = [f"{number:040x}" for number in range(20)]
STATE = b"state" * 100


def opened(folder: Path, budget: int = 1_000_000) -> PrefixFiles:
    files = PrefixFiles(folder, budget)
    files.open()
    return files


def test_what_is_written_is_read_again_after_a_restart(tmp_path: Path):
    assert opened(tmp_path / "new").write(NAMES[0], STATE)
    again = opened(tmp_path / "new")
    assert again.has(NAMES[0])
    assert again.read(NAMES[0]) == STATE
    assert again.counts.bytes_read == len(STATE)


def test_a_block_is_written_once(tmp_path: Path):
    files = opened(tmp_path)
    assert files.write(NAMES[0], STATE)
    assert not files.write(NAMES[0], STATE)
    assert files.counts.blocks_written == 1


def test_the_longest_unused_goes_first(tmp_path: Path):
    files = opened(tmp_path, budget=3 * (len(STATE) + 100))
    for name in NAMES[:3]:
        files.write(name, STATE)
    files.read(NAMES[0])
    files.write(NAMES[3], STATE)
    assert [files.has(name) for name in NAMES[:4]] == [True, False, True, True]
    assert files.size <= 3 * (len(STATE) + 100)


def test_a_restart_remembers_what_was_used_last(tmp_path: Path):
    files = opened(tmp_path)
    for age, name in enumerate(NAMES[:3]):
        files.write(name, STATE)
        os.utime(tmp_path / f"{name}.kv", (1000 - age, 1000 - age))
    again = opened(tmp_path, budget=len(STATE) + 100)
    assert [again.has(name) for name in NAMES[:3]] == [True, False, False]


def test_what_is_larger_than_everything_is_not_written(tmp_path: Path):
    files = opened(tmp_path, budget=100)
    assert not files.write(NAMES[0], STATE)
    assert list(tmp_path.glob("*.kv")) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-1],
        lambda data: data[:10],
        lambda data: b"",
        lambda data: data[:-1] + b"x",
        lambda data: b"GGUF" + data[4:],
        lambda data: data + b"more",
    ],
)
def test_a_file_that_is_not_whole_is_set_aside(tmp_path: Path, spoil):
    opened(tmp_path).write(NAMES[0], STATE)
    path = tmp_path / f"{NAMES[0]}.kv"
    path.write_bytes(spoil(path.read_bytes()))
    files = opened(tmp_path)
    assert files.read(NAMES[0]) is None
    assert not files.has(NAMES[0])
    assert (tmp_path / ASIDE / path.name).is_file()
    assert files.counts.set_aside == 1


def test_a_block_under_another_name_is_foreign(tmp_path: Path):
    opened(tmp_path).write(NAMES[0], STATE)
    (tmp_path / f"{NAMES[0]}.kv").rename(tmp_path / f"{NAMES[1]}.kv")
    assert opened(tmp_path).read(NAMES[1]) is None


def test_not_all_rubbish_is_collected(tmp_path: Path):
    files = opened(tmp_path)
    for name in NAMES:
        files.write(name, STATE)
        (tmp_path / f"{name}.kv").write_bytes(b"rubbish")
        files.read(name)
    assert len(list((tmp_path / ASIDE).iterdir())) == ASIDE_LIMIT


def test_rubbish_is_collected_within_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "ASIDE_BYTES", 1000)
    files = opened(tmp_path)
    for name in NAMES[:3]:
        files.write(name, STATE)
        (tmp_path / f"{name}.kv").write_bytes(b"x" * 450)
        assert files.read(name) is None
    assert len(list((tmp_path / ASIDE).iterdir())) == 2
    assert list(tmp_path.glob("*.kv")) == []


def test_a_large_state_is_read_in_pieces(tmp_path: Path):
    state = os.urandom(3 * 1024 * 1024 + 17)
    files = opened(tmp_path, budget=10_000_000)
    assert files.write(NAMES[0], memoryview(state))
    assert files.read(NAMES[0]) == state
    path = tmp_path / f"{NAMES[0]}.kv"
    path.write_bytes(path.read_bytes()[:-1] + bytes([state[-1] ^ 1]))
    assert files.read(NAMES[0]) is None


def test_what_a_power_cut_leaves_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The bytes are on the disk before the name is, and the name before it counts."""
    files = opened(tmp_path)
    path, part = tmp_path / f"{NAMES[0]}.kv", tmp_path / f"{NAMES[0]}.part"
    settled: list[tuple[Path, bool, int]] = []

    def settle(descriptor: int) -> None:
        on_disk = Path(f"/proc/self/fd/{descriptor}").readlink()
        settled.append((on_disk, path.exists(), files.size))

    monkeypatch.setattr(os, "fsync", settle)
    files.write(NAMES[0], STATE)
    assert settled == [(part, False, 0), (tmp_path, True, 0)]


def test_a_name_that_cannot_be_made_safe_does_not_count(tmp_path: Path, monkeypatch):
    files = opened(tmp_path)

    def settle(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").readlink() == tmp_path:
            raise OSError("no")

    monkeypatch.setattr(os, "fsync", settle)
    assert not files.write(NAMES[0], STATE)
    assert (files.size, list(tmp_path.iterdir())) == (0, [])


def test_files_of_others_are_left_alone(tmp_path: Path):
    (tmp_path / "backup.kv").write_bytes(STATE)
    files = opened(tmp_path, budget=10)
    assert files.names == []
    assert (tmp_path / "backup.kv").is_file()


def test_the_size_is_what_the_files_are(tmp_path: Path):
    files = opened(tmp_path, budget=2500)
    for name in (*NAMES[:8], *NAMES[:3]):
        files.write(name, STATE)
    (tmp_path / f"{NAMES[0]}.kv").write_bytes(b"rubbish")
    files.read(NAMES[0])
    assert files.size == sum(path.stat().st_size for path in tmp_path.glob("*.kv"))
    assert files.size == sum(files.size_of(name) for name in files.names) > 0
    assert opened(tmp_path).size == files.size


def test_a_block_can_be_given_up(tmp_path: Path):
    files = opened(tmp_path)
    for name in NAMES[:2]:
        files.write(name, STATE)
    for _ in range(2):
        files.forget(NAMES[0])
    assert (files.names, files.read(NAMES[0])) == ([NAMES[1]], None)
    assert [path.stem for path in tmp_path.iterdir()] == [NAMES[1]]
    assert files.size == files.size_of(NAMES[1])
    assert files.counts.errors == 0


def test_half_a_file_of_a_power_cut_is_swept_away(tmp_path: Path):
    (tmp_path / f"{NAMES[0]}.part").write_bytes(STATE)
    files = opened(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert not files.has(NAMES[0])


def test_a_full_disk_is_counted_and_serving_goes_on(tmp_path: Path):
    files = opened(tmp_path)
    files.write(NAMES[0], STATE)
    files.folder = Path("/dev/full")
    assert not files.write(NAMES[1], STATE)
    assert files.counts.errors
    assert files.counts.last_error
    files.folder = tmp_path
    assert files.read(NAMES[0]) == STATE


def test_a_folder_that_cannot_be_made(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    files = opened(tmp_path / "file" / "prefixes")
    assert files.counts.errors
    assert not files.write(NAMES[0], STATE)
    assert files.read(NAMES[0]) is None


def test_a_file_that_vanished(tmp_path: Path):
    files = opened(tmp_path)
    files.write(NAMES[0], STATE)
    (tmp_path / f"{NAMES[0]}.kv").unlink()
    assert files.read(NAMES[0]) is None
    assert not files.has(NAMES[0])
