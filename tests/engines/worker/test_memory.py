"""The KV memory's books and cells in step, on a scripted context."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.engines.worker.blocks import wholes_of
from edge.engines.worker.context import Part
from edge.engines.worker.ledger import Strand
from edge.engines.worker.memory import Memory, Place
from edge.engines.worker.prefix_files import PrefixFiles
from edge.engines.worker.shelf import Coming, Shelf
from edge.engines.worker.snapshots import Snapshots
from edge.engines.worker.store import Store
from edge.engines.worker.tally import Tally
from tests.engines.worker.scripted_context import ScriptedContext

PROMPT = [n % 60 + 1 for n in range(200)]


class Bench:
    """A memory of a kind of model, with a disk where a folder is given."""

    def __init__(self, *, divisible: bool, size: int = 1000, folder: Path | None = None) -> None:
        self.cells = ScriptedContext(size, batch_size=512, divisible=divisible)
        self.store = None if folder is None else Store(PrefixFiles(folder, 10**9))
        shelf = None
        if self.store is not None:
            shelf = Shelf(Snapshots(self.store, b"root", least=10))
        self.memory = Memory(self.cells, 4, divisible=divisible, shelf=shelf)

    def read(self, strand: Strand, tokens: list[int]) -> None:
        self.cells.decode([Part(strand.sequence, len(strand.tokens), tokens, 1)])
        self.memory.grow(strand, tokens)

    def seated(self, tokens: list[int], stable: int = 0, room: int = 10) -> Place:
        place = self.memory.seat(tokens, stable, room)
        assert place is not None
        return place

    def is_true(self) -> bool:
        strands = self.memory._ledger.strands
        return all(self.cells.tokens(s.sequence) == s.tokens for s in strands)


@pytest.mark.parametrize("divisible", [True, False])
def test_a_prompt_goes_on_from_what_is_there(divisible: bool):
    bench = Bench(divisible=divisible)
    first = bench.seated(PROMPT).strand
    bench.read(first, PROMPT)
    bench.memory.leave(first)
    again = bench.seated([*PROMPT, 5]).strand
    assert again.tokens == PROMPT
    assert bench.is_true()


@pytest.mark.parametrize("divisible", [True, False])
def test_what_departs_in_the_middle_is_cut_or_read_anew(divisible: bool):
    bench = Bench(divisible=divisible)
    first = bench.seated(PROMPT).strand
    bench.read(first, PROMPT)
    bench.memory.leave(first)
    assert bench.memory.longest([*PROMPT[:150], 9, 9]) == (150 if divisible else 0)
    again = bench.seated([*PROMPT[:150], 9, 9]).strand
    assert len(again.tokens) == (150 if divisible else 0)
    assert bench.is_true()


def test_a_strand_that_cannot_be_cut_is_emptied():
    bench = Bench(divisible=False)
    strand = bench.seated(PROMPT).strand
    bench.read(strand, PROMPT)
    bench.memory.cut(strand, 100)
    assert strand.tokens == []
    assert bench.is_true()


def test_a_snapshot_stays_when_its_strand_goes_on():
    bench = Bench(divisible=False)
    strand = bench.seated(PROMPT).strand
    bench.read(strand, PROMPT[:120])
    bench.memory.snapshot(strand, pinned=True)
    bench.read(strand, PROMPT[120:])
    other = bench.seated([*PROMPT[:120], 7, 7]).strand
    assert other.tokens == PROMPT[:120]
    assert bench.is_true()


def test_only_whole_strands_get_snapshots():
    bench = Bench(divisible=True)
    strand = bench.seated(PROMPT).strand
    bench.read(strand, PROMPT)
    bench.memory.snapshot(strand, pinned=True)
    assert [s.tokens for s in bench.memory._ledger.strands if s is not strand] == [[]] * 3


@pytest.mark.parametrize(("reading", "left"), [(PROMPT, 48), ([], 32)])
def test_after_an_interrupt_the_books_follow_llama_cpp(reading: list[int], left: int):
    bench = Bench(divisible=True)
    strand = bench.seated(PROMPT).strand
    bench.read(strand, PROMPT[:32])
    bench.cells.interrupt = lambda: True
    assert not bench.cells.decode([Part(0, 32, PROMPT[32:], 1)], interruptible=True)
    bench.memory.resync(strand, reading)
    assert len(strand.tokens) == left
    assert bench.is_true()


def test_one_that_rests_is_given_up():
    bench = Bench(divisible=True)
    strand = bench.seated(PROMPT).strand
    bench.read(strand, PROMPT)
    assert not bench.memory.give_up_one()
    bench.memory.leave(strand)
    assert bench.memory.give_up_one()
    assert bench.is_true()
    assert strand.tokens == []


def test_nothing_is_left_after_clear():
    bench = Bench(divisible=True)
    bench.read(bench.seated(PROMPT).strand, PROMPT)
    bench.memory.clear()
    assert bench.memory.longest(PROMPT) == 0
    assert bench.cells.used == 0


# --- the disk ----------------------------------------------------------------------------


def restart(folder: Path, *ends: int, size: int = 1000) -> Bench:
    """Another process, with states of beginnings of PROMPT on disk."""
    earlier = Bench(divisible=False, folder=folder)
    assert earlier.store is not None
    for whole in wholes_of(b"root", PROMPT, ends):
        earlier.cells.truncate(3, 0)
        earlier.cells.decode([Part(3, 0, PROMPT[: whole.end], 1)])
        earlier.store.save(whole.name, earlier.cells.save(3, 0, whole.end))
    earlier.store.close()
    return Bench(divisible=False, size=size, folder=folder)


def brought(bench: Bench, place: Place, prompt: list[int]) -> int:
    assert place.coming is not None
    wait(place.coming)
    return bench.memory.bring(place.strand, prompt, place.coming)


def wait(coming: Coming) -> None:
    coming._asked[0][1].result(5)


def test_a_state_is_kept_and_brought_back(tmp_path: Path):
    before = Bench(divisible=False, folder=tmp_path)
    strand = before.seated(PROMPT, stable=100).strand
    before.read(strand, PROMPT[:100])
    assert before.memory.has_to_keep
    before.memory.keep()
    assert not before.memory.has_to_keep
    assert before.store is not None
    before.store.close()
    after = Bench(divisible=False, folder=tmp_path)
    place = after.seated(PROMPT)
    assert brought(after, place, PROMPT) == 100
    assert place.strand.tokens == PROMPT[:100]
    assert after.is_true()
    tally = Tally()
    after.memory.report(tally)
    assert tally.prefix_bytes_read_total > 0
    assert tally.context_cells_used == 100


def test_a_snapshot_is_kept_when_its_strand_has_gone_on(tmp_path: Path):
    bench = Bench(divisible=False, folder=tmp_path)
    strand = bench.seated(PROMPT, stable=100).strand
    bench.read(strand, PROMPT[:100])
    bench.memory.snapshot(strand, pinned=True)
    bench.read(strand, PROMPT[100:])
    bench.memory.keep()
    assert bench.store is not None
    bench.store.close()
    assert bench.store.names == [wholes_of(b"root", PROMPT, [100])[0].name]


def test_the_longer_state_from_disk_replaces_what_was_shared(tmp_path: Path):
    bench = restart(tmp_path, 150)
    strand = bench.seated(PROMPT[:100]).strand
    bench.read(strand, PROMPT[:100])
    bench.memory.leave(strand)
    place = bench.seated(PROMPT)
    assert brought(bench, place, PROMPT) == 150
    assert place.strand.tokens == PROMPT[:150]
    assert bench.is_true()


def test_a_state_that_has_no_room_is_read_instead(tmp_path: Path):
    bench = restart(tmp_path, 150, size=220)
    busy = bench.seated([9] * 20, room=0).strand
    bench.read(busy, [9] * 20)
    place = bench.seated(PROMPT, room=0)
    late = bench.cells
    late.size = 100  # llama.cpp finds no cells where the books saw some
    assert brought(bench, place, PROMPT) == 0
    assert place.strand.tokens == []
    assert bench.is_true()


def test_a_state_of_another_length_is_not_believed(tmp_path: Path):
    bench = restart(tmp_path)
    assert bench.store is not None
    (whole,) = wholes_of(b"root", PROMPT, [100])
    bench.store.save(whole.name, b"[1, 2, 3]")
    bench.store.close()
    after = Bench(divisible=False, folder=tmp_path)
    place = after.seated(PROMPT)
    assert brought(after, place, PROMPT) == 0
    assert after.is_true()


def test_what_nobody_asked_for_takes_no_place():
    bench = Bench(divisible=True, size=250)
    first = bench.seated(PROMPT).strand
    bench.read(first, PROMPT)
    bench.memory.leave(first)
    other = [9] * 100
    assert bench.memory.seat(other, 0, 0, takes="nothing") is None
    assert bench.memory.seat(PROMPT[:190], 0, 0, takes="nothing") is None
    assert first.tokens == PROMPT
    assert bench.memory.seat(other[:40], 0, 0, takes="nothing") is not None
    assert bench.memory.seat(other, 0, 0) is not None
    assert bench.is_true()


@pytest.mark.parametrize("divisible", [True, False])
def test_the_oldest_is_taken_only_where_every_sequence_is_held(divisible: bool):
    bench = Bench(divisible=divisible)
    prompts = [[n + 1] * 40 for n in range(4)]
    strands = []
    for prompt in prompts:
        strands.append(bench.seated(prompt).strand)
        bench.read(strands[-1], prompt)
        bench.memory.leave(strands[-1])
    assert bench.memory.seat([9] * 900, 0, 0, takes="oldest") is None, "for want of cells"
    place = bench.memory.seat([9] * 40, 0, 0, takes="oldest")
    if divisible:
        assert place is not None
        assert place.strand is strands[0]
    else:
        assert place is None, "states that cannot be cut are dear"
    assert [s.tokens for s in strands[1:]] == prompts[1:]
    assert bench.is_true()


@pytest.mark.parametrize("divisible", [True, False])
def test_what_is_to_stay_whole_is_copied(divisible: bool):
    bench = Bench(divisible=divisible)
    first = bench.seated(PROMPT).strand
    bench.read(first, PROMPT)
    bench.memory.leave(first, whole=True)
    assert (bench.seated([*PROMPT, 5]).strand is first) == divisible
    assert bench.is_true()
