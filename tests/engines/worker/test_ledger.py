"""Where prompts are seated, and how many cells that takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.engines.worker.ledger import (
    LOSABLE_TOKENS,
    LOSABLE_UNFORCED,
    MIN_SHARED_TOKENS,
    Ledger,
    Strand,
    common,
)

LONG = list(range(2000))


def settle(ledger: Ledger, prompt: list[int], room: int = 0) -> tuple[Strand, int]:
    """Seat a prompt and read it, as the loop does; the strand stays busy."""
    seat = ledger.seat(prompt, room)
    assert seat is not None
    for gone in seat.forgotten:
        ledger.cut(gone, 0)
    if seat.copy_from is not None:
        ledger.share(seat.copy_from, seat.strand, seat.kept)
    else:
        ledger.cut(seat.strand, seat.kept)
    ledger.grow(seat.strand, prompt[seat.kept :])
    ledger.touch(seat.strand)
    seat.strand.busy = True
    return seat.strand, seat.kept


def test_a_first_prompt_keeps_nothing():
    ledger = Ledger(4, 4096)
    strand, kept = settle(ledger, LONG)
    assert kept == 0
    assert strand.tokens == LONG
    assert ledger.cells == 2000


def test_the_next_turn_goes_on_in_place():
    ledger = Ledger(4, 4096)
    first, _ = settle(ledger, LONG)
    first.busy = False
    second, kept = settle(ledger, [*LONG, 7, 8, 9])
    assert (second, kept) == (first, 2000)
    assert ledger.cells == 2003


def test_the_same_prompt_again_computes_its_last_token_only():
    ledger = Ledger(4, 4096)
    first, _ = settle(ledger, LONG)
    first.busy = False
    assert settle(ledger, LONG) == (first, 1999)


def test_a_running_strand_is_shared_not_touched():
    ledger = Ledger(4, 4096)
    first, _ = settle(ledger, LONG)
    second, kept = settle(ledger, [*LONG[:1500], 1, 2])
    assert second is not first
    assert kept == 1500
    assert ledger.cells == 2002


def test_a_side_request_costs_a_session_nothing():
    ledger = Ledger(4, 4096)
    session, _ = settle(ledger, LONG)
    session.busy = False
    title, kept = settle(ledger, [*LONG[:100], 5, 5])
    assert (title is not session, kept) == (True, 100)
    assert session.tokens == LONG


@pytest.mark.parametrize(("strands", "losable"), [(4, LOSABLE_UNFORCED), (1, LOSABLE_TOKENS)])
def test_a_small_loss_is_cut_off(strands: int, losable: int):
    """A larger one, too, where no strand is empty."""
    ledger = Ledger(strands, 4096)
    session, _ = settle(ledger, LONG)
    session.busy = False
    assert settle(ledger, [*LONG[: 2000 - losable], 5])[0] is session


def test_what_another_session_has_said_is_kept_while_a_strand_is_empty():
    ledger = Ledger(4, 4096)
    session, _ = settle(ledger, LONG)
    session.busy = False
    other, kept = settle(ledger, [*LONG[: 2000 - LOSABLE_UNFORCED - 1], 5])
    assert (other is not session, kept) == (True, 2000 - LOSABLE_UNFORCED - 1)
    assert session.tokens == LONG


def test_short_beginnings_are_not_copied():
    ledger = Ledger(4, 4096)
    settle(ledger, LONG)
    assert settle(ledger, [*LONG[: MIN_SHARED_TOKENS - 1], 9, 9])[1] == 0


def test_the_least_recently_used_go_first():
    ledger = Ledger(4, 4096)
    strands = [settle(ledger, [mark] * 1000)[0] for mark in (1, 2, 3)]
    for strand in strands:
        strand.busy = False
    ledger.touch(strands[0])
    seat = ledger.seat([4] * 2000, 0)
    assert seat is not None
    assert seat.forgotten == (strands[1],)


def test_pinned_strands_go_last():
    ledger = Ledger(4, 4096)
    strands = [settle(ledger, [mark] * 1000)[0] for mark in (1, 2, 3)]
    for strand in strands:
        strand.busy = False
    strands[0].pinned = True
    seat = ledger.seat([4] * 3000, 0)
    assert seat is not None
    assert seat.forgotten == (strands[1], strands[2])


def test_no_place_while_all_are_busy():
    ledger = Ledger(2, 4096)
    settle(ledger, [1] * 100)
    settle(ledger, [2] * 100)
    assert ledger.seat([3] * 100, 0) is None


def test_no_place_while_the_memory_is_in_use():
    ledger = Ledger(4, 4096)
    settle(ledger, [1] * 3000)
    assert ledger.seat([2] * 2000, 0) is None
    assert ledger.seat([2] * 1000, 0) is not None


def test_what_running_ones_will_need_is_not_given_away():
    ledger = Ledger(4, 4096)
    reading, _ = settle(ledger, [1] * 100)
    reading.reserved = 3000
    assert ledger.seat([2] * 1200, 0) is None
    assert ledger.seat([2] * 1000, 0) is not None


def test_the_last_prefix_is_cut_rather_than_refused():
    ledger = Ledger(4, 4096)
    session, _ = settle(ledger, [1] * 2000 + [2] * 2000)
    session.busy = False
    seat = ledger.seat([1] * 2000 + [3] * 2000, 0)
    assert seat is not None
    assert (seat.strand, seat.kept, seat.copy_from) == (session, 2000, None)


def test_growing_makes_room():
    ledger = Ledger(4, 4096)
    old, _ = settle(ledger, [1] * 2000)
    old.busy = False
    running, _ = settle(ledger, [2] * 2096)
    assert ledger.room_for(running, 1) == (old,)
    old.busy = True
    assert ledger.room_for(running, 1) is None


def test_what_cannot_be_cut_is_continued_whole_or_not_at_all():
    ledger = Ledger(4, 4096, divisible=False)
    first, _ = settle(ledger, LONG)
    first.busy = False
    assert settle(ledger, [*LONG[:1999], 5])[1] == 0
    assert settle(ledger, [*LONG, 5])[1] == 2000


def test_growth_after_a_cut_is_not_shared():
    ledger = Ledger(4, 4096)
    first, _ = settle(ledger, LONG)
    settle(ledger, [*LONG[:1000], 5])
    ledger.cut(first, 500)
    ledger.grow(first, [9] * 100)
    assert ledger.cells == 1000 + 100 + 1


@given(st.lists(st.integers(0, 2), max_size=40), st.lists(st.integers(0, 2), max_size=40))
def test_common_is_the_longest_common_beginning(left: list[int], right: list[int]):
    length = common(left, right)
    assert left[:length] == right[:length]
    assert length in (len(left), len(right)) or left[length] != right[length]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), max_size=30))
def test_the_cells_are_those_that_the_strands_hold(moves: list[tuple[int, int, bool]]):
    """Against a model that knows every single cell."""
    ledger = Ledger(4, 10_000)
    held: dict[int, list[object]] = {number: [] for number in range(4)}
    for step, (which, other, flag) in enumerate(moves):
        strand, source = ledger.strands[which], ledger.strands[other]
        if flag or which == other:
            ledger.grow(strand, [step] * (step + 1))
            held[which] += [(step, cell) for cell in range(step + 1)]
        else:
            length = len(source.tokens) // 2 + 1
            ledger.cut(strand, 0)
            ledger.share(source, strand, length)
            held[which] = held[other][:length]
    assert ledger.cells == len({cell for cells in held.values() for cell in cells})
    assert [len(s.tokens) for s in ledger.strands] == [len(held[n]) for n in range(4)]
