"""What steps teach about the next one's size."""

import pytest

from edge.engines.worker.costs import StepCosts, Stretch
from edge.engines.worker.pace import (
    DRAFT_LENGTHS,
    MIN_CHUNK_TOKENS,
    PATIENCE,
    REMEMBERED,
    SLICES,
    TARGET_SECONDS,
    Pace,
)
from edge.units import Seconds

ONE = [Stretch(1, 0)]


def answer(pace: Pace, rows: int, took: float, behind: int = 0) -> None:
    pace.learn([Stretch(rows, behind)], [], Seconds(took))


def read(pace: Pace, tokens: int, took: float, behind: int = 0) -> None:
    pace.learn([], [Stretch(tokens, behind)], Seconds(took))


def settled(*, alone: float, each: float, largest: int = 2048, whole: int = 512) -> Pace:
    """A pace that has seen a board with these seconds a step and a prompt token."""
    pace = Pace(largest, whole)
    for _ in range(60):
        read(pace, 512, 512 * each)
        answer(pace, 1, alone)
        pace.learn([Stretch(1, 0)], [Stretch(64, 0)], Seconds(alone + 64 * each))
    return pace


def test_before_anything_was_seen():
    assert Pace(2048, 512).chunk(0) == 512
    assert Pace(2048, 512).slice(ONE, 0, 1000) > 0


def test_a_slow_board_reads_in_small_chunks():
    pace = settled(alone=0.1, each=0.05)
    assert pace.chunk(0) * 0.05 <= TARGET_SECONDS
    assert pace.chunk(0) % MIN_CHUNK_TOKENS == 0


def test_the_slowest_board_still_reads_something():
    pace = settled(alone=1.0, each=10.0)
    assert pace.chunk(0) == MIN_CHUNK_TOKENS
    steps = 0
    while not (count := pace.slice(ONE, 0, 1000)):
        answer(pace, 1, 1.0)
        steps += 1
    assert count == SLICES[0] - 1
    assert steps >= 10 * count / (PATIENCE - 1) - 30


def test_a_fast_board_reads_the_most_at_once():
    assert settled(alone=0.001, each=0.0001).chunk(0) == 2048


def test_the_deeper_the_smaller_but_never_less_than_a_unit_of_tiles():
    board, pace = Board(), Pace(1024, 256, StepCosts(8e-5, tiles=True))
    sizes = []
    for behind in range(0, 30_000, 512):
        read(pace, 512, board.seconds(Stretch(512, behind)), behind)
        sizes.append(pace.chunk(behind))
    assert sizes[-1] == 256
    assert set(sizes) <= {256, 512}
    without = Pace(512, 512, StepCosts(8e-5, tiles=False))
    for _ in range(20):
        read(without, 512, 20.0, 20_000)
    assert without.chunk(20_000) < 64


def test_long_chunks_are_whole_micro_batches():
    assert settled(alone=0.03, each=0.0028).chunk(0) == 512


def test_a_running_answer_is_slowed_down_by_so_much():
    pace = settled(alone=0.03, each=0.0005)
    count = pace.slice(ONE, 0, 1000)
    assert 0.03 * 1.5 <= 0.03 + count * 0.0005 <= 0.03 * PATIENCE
    assert (count + 1) in SLICES


class Board:
    """Seconds of a 0.5B model's steps on two x86 cores; ``tiles`` as llama.cpp's, or every row
    as cheap as in one."""

    def __init__(self, *, tiles: bool = True) -> None:
        self._truth = StepCosts(1e-4, tiles=tiles)
        each = 9.1e-6 if tiles else 0.13e-3 / 64
        self._truth._costs = [0.03, 0.006, each, 0.13e-3]
        self._truth._measured = True

    def seconds(self, *step: Stretch) -> float:
        return self._truth.seconds(step)


@pytest.mark.parametrize("tiles", [True, False])
@pytest.mark.parametrize("stream", [400, 1500, 6000])
def test_a_stream_flows_while_a_long_prompt_is_read(tiles: bool, stream: int):
    board, pace = Board(tiles=tiles), Pace(2048, 512, StepCosts(8e-5, tiles=tiles))
    read(pace, 512, board.seconds(Stretch(512, 0)))
    own, gaps, at = [Stretch(1, stream)], [], 0
    while at < 10_000:
        count = pace.slice(own, at, 10_000 - at)
        reading = [Stretch(count, at)] if count else []
        padding = pace.padding([*own, *reading])
        took = board.seconds(*own, *reading, Stretch(padding, 0))
        pace.learn(own, reading, Seconds(took), padding)
        gaps.append(took)
        at += count
    alone = board.seconds(*own)
    chunks = [board.seconds(Stretch(512, behind)) for behind in range(0, 10_000, 512)]
    assert sorted(gaps)[len(gaps) * 95 // 100] <= 3 * alone
    assert max(gaps) < board.seconds(Stretch(64, 10_000 + stream))
    assert len(gaps) * alone > 0.35 * sum(gaps)
    assert sum(chunks) > 0.25 * sum(gaps)


def test_a_crowded_while_does_not_starve_who_reads():
    board, pace = Board(), Pace(2048, 512, StepCosts(8e-5, tiles=True))
    read(pace, 512, board.seconds(Stretch(512, 0)))
    own, behind = [Stretch(1, 500)], 12_000
    for _ in range(200):
        pace.learn(own, [Stretch(15, behind)], Seconds(20 * board.seconds(*own)))
    waited = 0
    while not pace.slice(own, behind, 5000) and waited < 400:
        answer(pace, 1, board.seconds(*own), 500)
        waited += 1
    assert waited < 200


def test_rows_are_padded_where_a_tile_is_cheaper():
    board, pace = Board(), Pace(2048, 512, StepCosts(8e-5, tiles=True))
    for behind in range(0, 20_000, 512):
        read(pace, 512, board.seconds(Stretch(512, behind)), behind)
    for rows, behind in ((36, 20_000), (36, 4096), (48, 4096), (20, 20_000)):
        assert pace.padding([Stretch(rows, behind)]) == 64 - rows
    for rows, behind in ((36, 200), (8, 20_000), (1, 20_000), (64, 20_000), (100, 20_000)):
        assert pace.padding([Stretch(rows, behind)]) == 0
    assert settled(alone=0.03, each=0.003).padding([Stretch(36, 20_000)]) == 0


def test_a_few_rows_over_whole_tiles_are_read_alone():
    pace = Pace(2048, 512, StepCosts(8e-5, tiles=True))
    assert pace.whole(67, 20_000) == 64
    assert pace.whole(130, 20_000) == 128
    assert pace.whole(120, 20_000) == 120
    assert pace.whole(67, 0) == 67
    assert pace.whole(63, 20_000) == 63
    assert Pace(2048).whole(67, 20_000) == 67


def test_a_board_that_cools_down_gets_faster_again():
    pace = settled(alone=0.1, each=0.05)
    slow = pace.chunk(0)
    for _ in range(20):
        read(pace, slow, 0.1)
    assert pace.chunk(0) > slow


def test_a_short_read_teaches_nothing():
    pace = Pace(2048, 512)
    read(pace, 10, 10)
    assert pace.chunk(0) == 512


def measured(**seconds: float) -> Pace:
    """A pace that has seen steps of so many rows."""
    pace = settled(alone=0.034, each=0.006)
    for rows, took in seconds.items():
        for _ in range(40):
            answer(pace, int(rows[1:]), took)
    return pace


@pytest.mark.parametrize("chance", [0.9, 0.99])
def test_drafts_that_are_accepted_pay_where_more_tokens_cost_little(chance: float):
    assert settled(alone=0.03, each=0.003).draft_length(chance) >= 7


def test_the_length_follows_what_steps_really_took():
    """Figures of a 0.5B model on two x86 cores: few rows are dear, sixteen are cheap."""
    pace = measured(_4=0.069, _8=0.127, _16=0.164, _24=0.265)
    assert pace.draft_length(0.98) == 15
    assert pace.draft_length(0.5) == 0


def test_a_long_draft_pays_where_few_rows_are_dear():
    """Figures of the same behind 4,096 tokens."""
    pace = measured(_1=0.035, _4=0.103, _8=0.188, _16=0.357, _24=0.527, _64=0.908)
    assert pace.draft_length(0.99) == 63
    assert pace.draft_length(0.95) in (3, 7)
    assert pace.draft_length(0.7) == 0


def test_what_was_dear_once_is_measured_again():
    pace = measured(_1=0.035, _4=0.9, _8=0.9, _16=0.9, _24=0.9)
    answer(pace, 64, 1.9)
    assert pace.draft_length(0.99) == 0
    for _ in range(REMEMBERED + 1):
        answer(pace, 1, 0.035)
    assert pace.draft_length(0.99) > 0


def test_before_anything_was_read_rows_cost_something():
    pace = Pace(256, 256)
    answer(pace, 1, 0.03)
    assert pace.seconds(4) == pytest.approx(0.06)


def test_no_draft_takes_longer_than_a_step_may():
    slow = measured(_1=0.2, _4=0.21, _8=0.22, _16=0.25, _24=0.3, _64=TARGET_SECONDS + 0.1)
    assert slow.draft_length(0.999) == 23
    small = Pace(32, 32)
    for rows in (1, 4, 8, 16, 24):
        answer(small, rows, 0.1)
    assert small.draft_length(0.999) == 23


def test_answers_that_run_together_have_short_steps():
    pace = Pace(64, 64)
    found = []
    for pace.running in (1, 2, 4):
        found.append(pace.rows)
    assert found == [64, 24, 16]


def test_beside_others_a_draft_is_weighed_by_what_it_costs_them():
    """Four rows are the price of one tile: where four answers run a draft is another."""
    pace = measured(_1=0.03, _4=0.061, _7=0.105, _11=0.13, _19=0.18, _27=0.22)
    assert pace.draft_length(0.8) > 0
    pace.running = 4
    assert pace.draft_length(0.999) == 0
    parallel = measured(_1=0.03, _4=0.031, _7=0.032, _11=0.033, _19=0.036, _27=0.06)
    parallel.running = 4
    assert parallel.draft_length(0.8) == 15


def test_drafts_do_not_pay_where_every_token_costs_the_same():
    pace = measured(_4=0.136, _8=0.272, _16=0.544, _24=0.816, _64=2.176)
    assert pace.draft_length(0.99) == 0
    assert settled(alone=0.03, each=0.005).draft_length(0.1) == 0


def test_drafts_are_tried_before_anything_is_known():
    assert Pace(2048, 512).draft_length(0.7) in DRAFT_LENGTHS


def test_what_was_never_tried_is_hoped_for():
    pace = Pace(512)
    assert pace.least(4) is None
    answer(pace, 1, 0.1)
    assert pace.least(4) == 0.1
    read(pace, 100, 5.0)
    assert pace.least(4) == pytest.approx(0.2)
    answer(pace, 4, 0.15)
    assert (pace.least(4), pace.least(2)) == (0.15, 0.1)


def test_a_step_that_reads_yields_for_half_of_its_time_and_not_twice_in_a_row() -> None:
    pace = Pace(512, 256)
    step = [Stretch(256, 0)]
    assert pace.yields([], step) == 0, "nothing was measured yet"
    pace.learn([], step, Seconds(8.0))
    assert pace.yields([], step) == pytest.approx(4.0)
    assert pace.yields([Stretch(1, 0)], step) == 0, "answers have bounded its time already"
    pace.interrupted()
    assert pace.yields([], step) == 0
    assert pace.yields([], step) == pytest.approx(4.0)
