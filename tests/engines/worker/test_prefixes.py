"""Which blocks are worth a file."""

from pathlib import Path

from edge.engines.worker import prefixes as module
from edge.engines.worker.prefix_files import PrefixFiles
from edge.engines.worker.prefixes import WAITING_WRITES, Prefixes

TOKENS = list(range(100))


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def made(folder: Path, clock: Clock | None = None) -> Prefixes:
    return Prefixes(PrefixFiles(folder, 10**10), b"root", block=10, clock=clock or Clock())


def test_the_stable_part_is_kept_at_once_and_the_rest_the_second_time(tmp_path: Path):
    prefixes = made(tmp_path)
    blocks = prefixes.blocks(TOKENS)
    prefixes.saw(blocks, stable=25)
    kept = []
    while (block := prefixes.next_unsaved(blocks, 100)) is not None:
        prefixes.save(block, b"x")
        kept.append(block.end)
    assert kept == [10, 20]
    prefixes.saw(blocks[:5], stable=0)
    block = prefixes.next_unsaved(blocks, 100)
    assert block is not None
    assert block.end == 30
    prefixes.close()


def test_only_what_is_in_memory_can_be_kept(tmp_path: Path):
    prefixes = made(tmp_path)
    blocks = prefixes.blocks(TOKENS)
    prefixes.saw(blocks, stable=100)
    assert prefixes.next_unsaved(blocks, 9) is None
    assert prefixes.next_unsaved(blocks, 10) == blocks[0]
    prefixes.close()


def test_what_is_on_disk_is_found_again_without_gaps(tmp_path: Path):
    first = made(tmp_path)
    blocks = first.blocks(TOKENS)
    for index in (0, 1, 3):
        first.save(blocks[index], str(index).encode())
    first.close()
    second = made(tmp_path)
    assert second.restorable(blocks, 0) == blocks[:2]
    assert second.restorable(blocks, 15) == blocks[1:2]
    assert second.restorable(blocks, 30) == blocks[3:4]
    assert second.fetch(blocks[1]).result(5) == b"1"
    second.close()


def test_the_disk_is_not_written_to_without_end(tmp_path: Path, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module, "HOURLY_WRITES", 15)
    prefixes = made(tmp_path, clock)
    blocks = prefixes.blocks(TOKENS)
    prefixes.saw(blocks, stable=100)
    prefixes.save(blocks[0], b"x" * 20)
    prefixes.close()
    assert prefixes.next_unsaved(blocks, 100) is None
    clock.now = 3601
    assert prefixes.next_unsaved(blocks, 100) == blocks[1]


def test_a_slow_disk_holds_few_blocks_in_memory(tmp_path: Path):
    prefixes = made(tmp_path)
    prefixes.close()
    blocks = prefixes.blocks(TOKENS)
    prefixes.saw(blocks, stable=100)
    for block in blocks[:WAITING_WRITES]:
        prefixes.save(block, b"x")
    assert prefixes.next_unsaved(blocks, 100) is None
