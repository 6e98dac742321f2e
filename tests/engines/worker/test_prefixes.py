"""Which blocks are worth a file."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.engines.worker.blocks import Block
from edge.engines.worker.prefix_files import PrefixFiles
from edge.engines.worker.prefixes import Prefixes
from edge.engines.worker.store import Store

TOKENS = list(range(100))


def made(folder: Path) -> Prefixes:
    """Blocks of 10 in pieces of 2."""
    return Prefixes(Store(PrefixFiles(folder, 10**10)), b"root", block=10, pieces=5)


def keep_all(prefixes: Prefixes, blocks: Sequence[Block], held: int) -> list[tuple[int, int]]:
    """Hand over what is wanted; where each block began and ended."""
    kept = []
    while (block := prefixes.next_unsaved(blocks, held)) is not None:
        prefixes.store.save(block.name, b"x", block.replaces)
        kept.append((block.start, block.end))
        settle(prefixes.store)
    return kept


def settle(store: Store) -> None:
    """Until the disk has done what it was asked: readings go before writings."""
    while store._waiting:
        store.fetch("0" * 40).result(5)


def turn(prefixes: Prefixes, tokens: Sequence[int], stable: int) -> list[tuple[int, int]]:
    """A prompt comes and is read: what of it is written."""
    return keep_all(prefixes, prefixes.look(tokens, stable, 0).keep, len(tokens))


def restored(prefixes: Prefixes, tokens: Sequence[int], held: int = 0) -> list[tuple[int, int]]:
    return [(block.start, block.end) for block in prefixes.look(tokens, 0, held).restore]


def test_the_stable_part_is_kept_at_once_its_last_block_in_pieces(tmp_path: Path):
    prefixes = made(tmp_path)
    assert turn(prefixes, TOKENS, 25) == [(0, 10), (10, 20), (20, 22), (22, 24)]
    assert turn(prefixes, [*TOKENS[:25], *range(200, 300)], 25) == []
    prefixes.store.close()
    again = made(tmp_path)
    assert restored(again, [*TOKENS[:25], *range(300, 400)])[-1] == (22, 24)
    again.store.close()


def test_what_came_before_is_kept(tmp_path: Path):
    """Two sessions of a project begin alike and are not one that goes on."""
    prefixes = made(tmp_path)
    assert turn(prefixes, TOKENS, 0) == []
    assert turn(prefixes, [*TOKENS[:65], *range(200, 300)], 0) == [
        (start, start + 10) for start in range(0, 60, 10)
    ]
    prefixes.store.close()


def test_a_session_that_goes_on_is_kept_to_its_end(tmp_path: Path):
    prefixes = made(tmp_path)
    assert turn(prefixes, TOKENS[:34], 20) == [(0, 10), (10, 20)]
    assert turn(prefixes, TOKENS[:57], 20) == [
        (20, 30),
        (30, 40),
        (40, 50),
        (50, 52),
        (52, 54),
        (54, 56),
    ]
    assert turn(prefixes, TOKENS[:59], 20) == [(56, 58)]
    pieces = prefixes.store.names[-4:]
    assert turn(prefixes, TOKENS[:61], 20) == [(50, 60)]
    assert not set(pieces) & set(prefixes.store.names)
    assert turn(prefixes, TOKENS[:64], 20) == [(60, 62), (62, 64)]
    prefixes.store.close()


def test_a_session_may_change_its_last_words(tmp_path: Path):
    prefixes = made(tmp_path)
    turn(prefixes, [*TOKENS[:34], 7, 7, 7, 7], 20)
    assert turn(prefixes, TOKENS[:46], 20)[-1] == (44, 46)
    prefixes.store.close()


def test_a_session_goes_on_after_a_restart(tmp_path: Path):
    first = made(tmp_path)
    turn(first, TOKENS[:34], 20)
    turn(first, TOKENS[:47], 20)
    first.store.close()
    second = made(tmp_path)
    assert restored(second, TOKENS[:63])[-1] == (44, 46)
    assert turn(second, TOKENS[:63], 20) == [(40, 50), (50, 60), (60, 62)]
    second.store.close()


def test_stable_pieces_stay_when_a_session_fills_the_block(tmp_path: Path):
    prefixes = made(tmp_path)
    turn(prefixes, TOKENS[:28], 25)
    assert turn(prefixes, TOKENS[:36], 25) == [(20, 30), (30, 32), (32, 34), (34, 36)]
    prefixes.store.close()
    again = made(tmp_path)
    other = [*TOKENS[:25], *range(200, 220)]
    assert restored(again, other)[-1] == (22, 24)
    again.store.close()


@given(st.lists(st.integers(1, 25), min_size=2, max_size=12), st.integers(0, 40))
@settings(max_examples=30, deadline=None)
def test_nothing_of_a_session_is_written_more_than_twice(grows: list[int], stable: int):
    with TemporaryDirectory() as name:
        prefixes = made(Path(name))
        length, times = 0, dict.fromkeys(range(400), 0)
        for grow in grows:
            length += grow
            for start, end in turn(prefixes, range(length), min(stable, length)):
                for token in range(start, end):
                    times[token] += 1
        held = prefixes.look(range(length + 1), 0, 0).restore
        prefixes.store.close()
    assert max(times.values()) <= 2
    if len(grows) > 6 and min(grows) > 1:
        assert length - held[-1].end < 2


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
