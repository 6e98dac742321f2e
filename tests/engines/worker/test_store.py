"""What waits for the disk, what is written in an hour, and what is asked of it first."""

import threading
from pathlib import Path

import pytest

from edge.engines.worker import store as module
from edge.engines.worker.prefix_files import PrefixFiles
from edge.engines.worker.store import WAITING_BYTES, WAITING_WRITES, Store
from edge.units import Bytes

NAMES = [f"{number:040x}" for number in range(20)]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class SlowFiles(PrefixFiles):
    """A disk that begins to write when it is told to."""

    __slots__ = ("begun", "may_write", "order")

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, 10**10)
        self.begun = threading.Event()
        self.may_write = threading.Event()
        self.order: list[str] = []

    def write(self, name: str, state: bytes | memoryview) -> bool:
        self.begun.set()
        self.may_write.wait(30)
        self.order.append(f"write {name[-1]}")
        return super().write(name, state)

    def read(self, name: str) -> memoryview | None:
        self.order.append(f"read {name[-1]}")
        return super().read(name)


def test_what_is_saved_is_there_after_a_restart(tmp_path: Path):
    first = Store(PrefixFiles(tmp_path, 10**9))
    assert first.wants(NAMES[0])
    first.save(NAMES[0], b"state")
    assert not first.wants(NAMES[0])
    first.close()
    again = Store(PrefixFiles(tmp_path, 10**9))
    assert again.has(NAMES[0])
    assert again.names == [NAMES[0]]
    assert again.fetch(NAMES[0]).result(5) == b"state"
    assert again.size == first.size
    again.close()


def test_the_disk_is_not_written_to_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "HOURLY_WRITES", 15)
    clock = Clock()
    store = Store(PrefixFiles(tmp_path, 10**9), clock=clock)
    store.save(NAMES[0], b"x" * 20)
    store.close()
    assert not store.is_ready
    clock.now = 3601
    assert store.is_ready


def test_a_slow_disk_holds_few_states_in_memory(tmp_path: Path):
    files = SlowFiles(tmp_path)
    store = Store(files)
    for name in NAMES[:WAITING_WRITES]:
        assert store.is_ready
        store.save(name, b"x")
    assert not store.is_ready
    files.may_write.set()
    store.close()
    assert store.is_ready


def test_a_large_state_waits_alone(tmp_path: Path):
    files = SlowFiles(tmp_path)
    store = Store(files)
    store.save(NAMES[0], b"x" * WAITING_BYTES)
    assert not store.is_ready
    files.may_write.set()
    store.close()


def test_who_waits_for_a_reading_goes_first(tmp_path: Path):
    files = SlowFiles(tmp_path)
    store = Store(files)
    store.save(NAMES[0], b"0")
    assert files.begun.wait(30)
    store.save(NAMES[1], b"1")
    reading = store.fetch(NAMES[2])
    files.may_write.set()
    assert reading.result(30) is None
    store.close()
    assert files.order == ["write 0", "read 2", "write 1"]


def test_what_the_disk_does_not_take_is_not_offered_again_and_again(tmp_path: Path):
    store = Store(PrefixFiles(tmp_path, 10))
    store.save(NAMES[0], b"larger than the budget")
    store.close()
    assert not store.wants(NAMES[0])
    store.retry(NAMES[0])
    assert store.wants(NAMES[0])


def test_what_a_state_replaces_goes_when_it_is_there(tmp_path: Path):
    store = Store(PrefixFiles(tmp_path, 1000))
    store.save(NAMES[0], b"piece")
    store.save(NAMES[1], b"large" * 1000, replaces=NAMES[:1])
    store.save(NAMES[2], b"block", replaces=[NAMES[0], NAMES[3]])
    store.close()
    assert store.names == [NAMES[2]]
    assert [path.stem for path in tmp_path.glob("*.kv")] == [NAMES[2]]


def test_pieces_stay_while_their_block_is_not_there(tmp_path: Path):
    store = Store(PrefixFiles(tmp_path, 1000))
    store.save(NAMES[0], b"piece")
    store.save(NAMES[1], b"large" * 1000, replaces=NAMES[:1])
    store.close()
    assert store.names == [NAMES[0]]


def test_a_state_has_to_fit_into_what_is_free(tmp_path: Path):
    free: list[Bytes | None] = [Bytes(1000)]
    store = Store(PrefixFiles(tmp_path, 10_000), available=lambda: free[0])
    assert store.has_room(250)
    assert not store.has_room(251)
    store.save(NAMES[0], b"x" * 100)
    store.close()
    assert store.has(NAMES[0])
    free[0] = Bytes(100)
    assert not store.has(NAMES[0])
    free[0] = None
    assert store.has_room(10_000)
    assert not store.has_room(10_001)


def test_each_state_is_told(tmp_path: Path):
    store = Store(PrefixFiles(tmp_path, 10**9))
    told: list[int] = []
    store.when_done(lambda: told.append(1))
    store.save(NAMES[0], b"x")
    store.fetch(NAMES[0])
    store.close()
    assert len(told) == 2
