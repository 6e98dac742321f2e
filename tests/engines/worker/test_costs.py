"""What is known of steps, before and after some were seen."""

import random

import pytest

from edge.engines.worker.costs import TILE_ROWS, StepCosts, Stretch
from edge.units import Seconds

ATTENTION = 8e-5


def board(step: list[Stretch]) -> float:
    """Seconds as measured: 0.5B model, two x86 cores."""
    rows = sum(s.rows for s in step)
    if rows < TILE_ROWS:
        cells = 9.1e-6 * sum(s.rows * s.behind for s in step)
    else:
        cells = 0.13e-3 * sum(-(-s.rows // TILE_ROWS) * s.behind for s in step)
    return 0.03 + 0.006 * rows + cells


def test_the_first_step_gives_the_size():
    costs = StepCosts(ATTENTION, tiles=True)
    costs.learn([Stretch(512, 0)], Seconds(3.1))
    assert costs.seconds([Stretch(512, 0)]) == pytest.approx(3.1)
    deep = [Stretch(64, 4096)]
    assert costs.seconds(deep) == pytest.approx(board(deep), rel=0.5)


def test_steps_teach_what_others_take():
    costs, dice = StepCosts(3e-4, tiles=True), random.Random(1)
    for _ in range(400):
        step = [Stretch(dice.choice([1, 1, 4, 16, 64, 512]), dice.randrange(20_000))]
        costs.learn(step, Seconds(board(step) * dice.uniform(0.9, 1.1)))
    for rows, behind in ((1, 1000), (36, 4000), (64, 12_000), (512, 3000), (4, 18_000)):
        step = [Stretch(rows, behind)]
        assert costs.seconds(step) == pytest.approx(board(step), rel=0.3)


def test_one_kind_of_step_does_not_spoil_what_is_known_of_others():
    costs = StepCosts(ATTENTION, tiles=True)
    costs.learn([Stretch(512, 0)], Seconds(board([Stretch(512, 0)])))
    for behind in range(1000, 3000):
        costs.learn([Stretch(1, behind)], Seconds(board([Stretch(1, behind)])))
    assert costs.seconds([Stretch(1, 3000)]) == pytest.approx(board([Stretch(1, 3000)]), rel=0.05)
    assert costs.seconds([Stretch(64, 0)]) == pytest.approx(board([Stretch(64, 0)]), rel=0.5)


def test_a_tile_is_shared_by_sequences_and_looks_at_all_of_them():
    costs = StepCosts(ATTENTION, tiles=True)
    together = costs.seconds([Stretch(1, 1000), Stretch(63, 5000)])
    assert together < costs.seconds([Stretch(1, 1000), Stretch(64, 5000)])
    assert together > costs.seconds([Stretch(64, 5000)])
    empty = costs.seconds([Stretch(36, 5000), Stretch(28, 0), Stretch(0, 0)])
    assert empty <= costs.seconds([Stretch(64, 5000)])


def test_without_tiles_every_row_costs_the_same():
    costs = StepCosts(ATTENTION, tiles=False)
    one = costs.seconds([Stretch(1, 1000)])
    assert costs.seconds([Stretch(65, 1000)]) - costs.seconds([Stretch(64, 1000)]) < one


def test_a_clock_that_stood_still_teaches_nothing_wrong():
    costs = StepCosts(ATTENTION, tiles=True)
    for took in (0.0, 0.0, 2.0, 0.0):
        costs.learn([Stretch(64, 100)], Seconds(took))
    assert costs.seconds([Stretch(64, 100)]) >= 0
