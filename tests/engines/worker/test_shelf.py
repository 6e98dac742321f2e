"""What the disk has of the sequences in memory."""

from pathlib import Path

import pytest

from edge.engines.worker.ledger import Strand
from edge.engines.worker.prefix_files import PrefixFiles
from edge.engines.worker.prefixes import Block, Prefixes
from edge.engines.worker.shelf import READ_AHEAD, Shelf

TOKENS = list(range(100))


@pytest.fixture
def prefixes(tmp_path: Path):
    made = Prefixes(PrefixFiles(tmp_path, 10**9), b"root", block=10)
    yield made
    made.close()


def stored(prefixes: Prefixes, count: int) -> list[Block]:
    blocks = prefixes.blocks(TOKENS)
    for block in blocks[:count]:
        prefixes.save(block, f"{block.start}".encode())
    prefixes.fetch(blocks[0]).result(5)
    return blocks


def test_nothing_on_disk(prefixes: Prefixes):
    assert Shelf(prefixes).look(Strand(0), TOKENS, 0) is None


def test_blocks_come_in_order(prefixes: Prefixes):
    blocks = stored(prefixes, READ_AHEAD + 2)
    coming = Shelf(prefixes).look(Strand(0), TOKENS, 0)
    assert coming is not None
    found = []
    while coming.more:
        found.append(coming.next())
    assert found == [(b, f"{b.start}".encode()) for b in blocks[: READ_AHEAD + 2]]
    assert coming.next() is None


def test_what_is_in_memory_does_not_come(prefixes: Prefixes):
    blocks = stored(prefixes, 4)
    coming = Shelf(prefixes).look(Strand(0, tokens=TOKENS[:25]), TOKENS, 0)
    assert coming is not None
    found = coming.next()
    assert found is not None
    assert found[0] == blocks[2]
    assert Shelf(prefixes).look(Strand(0, tokens=TOKENS[:45]), TOKENS, 0) is None


def test_the_last_token_is_always_computed(prefixes: Prefixes):
    stored(prefixes, 10)
    coming = Shelf(prefixes).look(Strand(0), TOKENS, 0)
    assert coming is not None
    ends = []
    while (found := coming.next()) is not None:
        ends.append(found[0].end)
    assert ends[-1] == 90


def test_what_is_to_be_kept(prefixes: Prefixes):
    shelf, strand = Shelf(prefixes), Strand(3)
    shelf.look(strand, TOKENS, stable=25)
    assert shelf.next_to_keep([strand]) is None
    strand.tokens = TOKENS[:15]
    found = shelf.next_to_keep([Strand(1), strand])
    assert found is not None
    assert (found[0], found[1].end) == (strand, 10)
    shelf.keep(found[1], b"state")
    assert shelf.next_to_keep([strand]) is None
