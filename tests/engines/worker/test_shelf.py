"""What the disk has of the sequences in memory."""

from pathlib import Path

import pytest

from edge.engines.worker.blocks import Block, blocks_of, wholes_of
from edge.engines.worker.ledger import Strand
from edge.engines.worker.prefix_files import PrefixFiles
from edge.engines.worker.prefixes import Prefixes
from edge.engines.worker.shelf import DISK_SECONDS, READ_AHEAD, Coming, Shelf
from edge.engines.worker.snapshots import Snapshots
from edge.engines.worker.store import Store

TOKENS = list(range(100))
LONG = list(range(2048))


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store(tmp_path: Path):
    made = Store(PrefixFiles(tmp_path, 10**9))
    yield made
    made.close()


@pytest.fixture
def prefixes(store: Store) -> Prefixes:
    return Prefixes(store, b"root", block=10)


def stored(store: Store, count: int) -> list[Block]:
    blocks = blocks_of(b"root", TOKENS, 10)
    for block in blocks[:count]:
        store.save(block.name, f"{block.start}".encode())
    settle(store)
    return blocks


def settle(store: Store) -> None:
    """Until the disk has done what it was asked: readings go before writings."""
    while store._waiting:
        store.fetch("0" * 40).result(5)


def arrived(coming: Coming) -> tuple[Block, memoryview] | None:
    coming._asked[0][1].result(5) if coming.more else None
    return coming.next()


def test_nothing_on_disk(prefixes: Prefixes):
    assert Shelf(prefixes).look(Strand(0), TOKENS, 0) is None


def test_blocks_come_in_order(store: Store, prefixes: Prefixes):
    blocks = stored(store, READ_AHEAD + 2)
    coming = Shelf(prefixes).look(Strand(0), TOKENS, 0)
    assert coming is not None
    found = []
    while coming.more:
        found.append(arrived(coming))
    assert found == [(b, f"{b.start}".encode()) for b in blocks[: READ_AHEAD + 2]]
    assert coming.next() is None


def test_what_is_in_memory_does_not_come(store: Store, prefixes: Prefixes):
    blocks = stored(store, 4)
    coming = Shelf(prefixes).look(Strand(0, tokens=TOKENS[:25]), TOKENS, 0)
    assert coming is not None
    found = arrived(coming)
    assert found is not None
    assert found[0] == blocks[2]
    assert Shelf(prefixes).look(Strand(0, tokens=TOKENS[:45]), TOKENS, 0) is None


@pytest.mark.parametrize(("tokens", "patience"), [(10, 1), (512, 1), (2048, 4)])
def test_a_slow_disk_is_given_up(store: Store, tokens: int, patience: int):
    store.close()
    clock = Clock()
    (whole,) = wholes_of(b"root", LONG, [tokens])
    coming = Coming(store, [whole], clock)
    assert coming.patience == DISK_SECONDS * patience
    clock.now = DISK_SECONDS * patience + 1
    assert coming.patience == 0
    assert coming.next() is None
    assert not coming.more


def test_what_is_to_be_kept(prefixes: Prefixes):
    shelf, strand = Shelf(prefixes), Strand(3)
    shelf.look(strand, TOKENS, stable=25)
    assert shelf.next_to_keep([strand]) is None
    strand.tokens = TOKENS[:15]
    found = shelf.next_to_keep([Strand(1), strand])
    assert found is not None
    assert (found[0], found[1].end) == (strand, 10)
    shelf.keep(found[1], memoryview(b"state"))
    assert shelf.next_to_keep([strand]) is None


def test_a_copy_is_kept_where_the_strand_has_gone_on(store: Store):
    shelf = Shelf(Snapshots(store, b"root", least=10))
    strand, copy = Strand(0, tokens=TOKENS[:20]), Strand(1, tokens=TOKENS[:20])
    shelf.look(strand, TOKENS, stable=20)
    shelf.copied(strand, copy)
    strand.tokens = TOKENS[:50]
    found = shelf.next_to_keep([strand, copy])
    assert found is not None
    assert (found[0], found[1].start, found[1].end) == (copy, 0, 20)


def test_a_state_too_large_for_the_disk_is_not_asked_for_again(tmp_path: Path):
    small = Store(PrefixFiles(tmp_path, 100))
    shelf, strand = Shelf(Snapshots(small, b"root", least=10)), Strand(0, tokens=TOKENS[:20])
    shelf.look(strand, TOKENS, stable=20)
    found = shelf.next_to_keep([strand])
    assert found is not None
    assert not shelf.takes(found[1], 101)
    assert shelf.next_to_keep([strand]) is None
    assert shelf.takes(found[1], 50)
    small.close()
