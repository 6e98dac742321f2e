"""Which blocks are worth a file."""

from pathlib import Path

from edge.engines.worker.prefix_files import PrefixFiles
from edge.engines.worker.prefixes import Prefixes
from edge.engines.worker.store import Store

TOKENS = list(range(100))


def made(folder: Path) -> Prefixes:
    return Prefixes(Store(PrefixFiles(folder, 10**10)), b"root", block=10)


def keep_all(prefixes: Prefixes, blocks, held: int) -> list[int]:
    """Hand over what is wanted; where each block ended."""
    kept = []
    while (block := prefixes.next_unsaved(blocks, held)) is not None:
        prefixes.store.save(block.name, b"x")
        kept.append(block.end)
    return kept


def test_the_stable_part_is_kept_at_once_and_the_rest_the_second_time(tmp_path: Path):
    prefixes = made(tmp_path)
    blocks = prefixes.look(TOKENS, 25, 0).keep
    assert keep_all(prefixes, blocks, 100) == [10, 20]
    prefixes.look(TOKENS[:50], 0, 0)
    block = prefixes.next_unsaved(blocks, 100)
    assert block is not None
    assert block.end == 30
    prefixes.store.close()


def test_only_what_is_in_memory_can_be_kept(tmp_path: Path):
    prefixes = made(tmp_path)
    blocks = prefixes.look(TOKENS, 100, 0).keep
    assert prefixes.next_unsaved(blocks, 9) is None
    assert prefixes.next_unsaved(blocks, 10) == blocks[0]
    prefixes.store.close()


def test_what_is_on_disk_is_found_again_without_gaps(tmp_path: Path):
    first = made(tmp_path)
    blocks = first.look(TOKENS, 0, 0).keep
    for index in (0, 1, 3):
        first.store.save(blocks[index].name, str(index).encode())
    first.store.close()
    second = made(tmp_path)
    assert second.look(TOKENS, 0, 0).restore == blocks[:2]
    assert second.look(TOKENS, 0, 15).restore == blocks[1:2]
    assert second.look(TOKENS, 0, 30).restore == blocks[3:4]
    assert second.look(TOKENS, 0, 45).restore == []
    assert second.store.fetch(blocks[1].name).result(5) == b"1"
    second.store.close()


def test_the_last_token_is_always_computed(tmp_path: Path):
    prefixes = made(tmp_path)
    for block in prefixes.look(TOKENS, 0, 0).keep[:3]:
        prefixes.store.save(block.name, b"x")
    prefixes.store.close()
    assert [b.end for b in made(tmp_path).look(TOKENS[:30], 0, 0).restore] == [10, 20]
    assert [b.end for b in made(tmp_path).look(TOKENS[:31], 0, 0).restore] == [10, 20, 30]


def test_what_the_disk_refused_is_offered_when_it_comes_again(tmp_path: Path):
    prefixes = made(tmp_path)
    blocks = prefixes.look(TOKENS, 10, 0).keep
    prefixes.store.refuse(blocks[0].name)
    assert prefixes.next_unsaved(blocks, 100) is None
    prefixes.look(TOKENS, 10, 0)
    assert prefixes.next_unsaved(blocks, 100) == blocks[0]
    prefixes.store.close()


def test_what_nobody_asked_for_is_not_wanted(tmp_path: Path):
    prefixes = made(tmp_path)
    for _ in range(2):
        blocks = prefixes.look(TOKENS, 100, 0, asked=False).keep
        assert prefixes.next_unsaved(blocks, 100) is None
    prefixes.look(TOKENS, 10, 0)
    found = prefixes.next_unsaved(blocks, 100)
    assert found is not None
    assert found.end == 10
    prefixes.store.close()
