"""Choosing thread counts from times."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.engines.worker.trial import (
    LONGER_READS,
    MARGIN,
    MOST_GOES,
    READ_TOKENS,
    READING_ROUNDS,
    SLOW_READ_TOKENS,
    WRITING_ROUNDS,
    Probe,
    ThreadChoice,
    Trial,
)
from edge.units import Seconds

PI_5 = {(1, 4): 0.090, (1, 3): 0.085, (1, 2): 0.080, (32, 4): 0.4, (32, 3): 0.55}


def tried(trial: Trial, took: Callable[[Probe], float]) -> list[Probe]:
    """Run it to its end."""
    probes = []
    while (probe := trial.next()) is not None:
        probes.append(probe)
        trial.learn(Seconds(took(probe)))
    return probes


def table(times: dict[tuple[int, int], float]) -> Callable[[Probe], float]:
    return lambda probe: times[probe.tokens, probe.threads]


def test_a_board_that_writes_best_with_few_threads_and_reads_best_with_all():
    trial = Trial((4, 3, 2), (4, 3))
    probes = tried(trial, table(PI_5))
    assert trial.choice() == ThreadChoice(
        2,
        4,
        "threads: 2 to write, 4 to read: measured 12.5 and 96.9 tokens/s, "
        "11.1 and 100.0 with 4 as planned",
        pytest.approx(12.5),
        pytest.approx(31 / 0.32),
    )
    # One step of each kind warms up, and each round tries each count.
    assert len(probes) == 1 + 3 * WRITING_ROUNDS + 1 + 2 * READING_ROUNDS
    assert [probe.threads for probe in probes[1:7]] == [4, 3, 2, 4, 3, 2]


def test_a_difference_within_the_noise_changes_nothing():
    trial = Trial((4, 2), (4, 3))
    near = {(1, 4): 0.1, (1, 2): 0.1 / (MARGIN - 0.01), (32, 4): 0.4, (32, 3): 0.39}
    tried(trial, table(near))
    choice = trial.choice()
    assert choice is not None
    assert (choice.writing, choice.reading) == (4, 4)
    assert choice.reason == "threads: 4 to write, 4 to read: measured 10.0 and 103.3 tokens/s"


def test_the_first_cold_step_does_not_count():
    trial = Trial((4, 2), (4, 2))
    cold = iter([9.0])
    tried(trial, lambda probe: next(cold, 0.05 if probe.tokens == 1 else 0.3))
    choice = trial.choice()
    assert choice is not None
    assert choice.writing == 4


def test_one_disturbance_is_forgiven_and_a_busy_board_is_not_believed():
    trial = Trial((4, 2), (4, 2))
    once = iter([0.05, 0.05, 0.05, 5.0])
    tried(trial, lambda probe: next(once, 0.05 if probe.tokens == 1 else 0.3))
    choice = trial.choice()
    assert choice is not None
    assert (choice.writing, choice.reading) == (4, 4)
    wild = iter(range(1, 1000))
    tried(again := Trial((4, 2), (4, 2)), lambda _: 0.01 * next(wild))
    assert again.choice() is None
    assert again.next() == Probe(4, 1), "it starts once more"


def test_a_slow_board_reads_few_tokens_at_once():
    trial = Trial((4, 2), (4, 2))
    probes = tried(trial, lambda probe: 0.6 if probe.tokens == 1 else 2.5)
    assert {probe.tokens for probe in probes} == {1, SLOW_READ_TOKENS}
    assert SLOW_READ_TOKENS < READ_TOKENS


def test_a_step_that_only_waits_for_weights_says_nothing_of_reading():
    trial = Trial((4,), (4,))
    probes = tried(trial, lambda probe: 0.03 + probe.tokens * 0.0005)
    assert {probe.tokens for probe in probes[WRITING_ROUNDS + 2 :]} == {LONGER_READS * READ_TOKENS}
    choice = trial.choice()
    assert choice is not None
    assert choice.reads == pytest.approx(1 / 0.0005)


def test_a_round_that_was_broken_off_is_tried_anew():
    trial = Trial((4, 3, 2), (4, 3))
    for _ in range(3):
        trial.learn(Seconds(0.1))
    assert trial.next() == Probe(2, 1)
    trial.break_off()
    assert trial.next() == Probe(4, 1)


def test_it_gives_up_in_the_end():
    trial = Trial((4, 2), (4, 2))
    assert all(trial.begin() for _ in range(MOST_GOES))
    assert not trial.begin()
    choice = trial.given_up()
    assert (choice.writing, choice.reading) == (4, 4)
    assert choice.reason.startswith("threads: 4 as planned")


@settings(deadline=None)
@given(st.lists(st.floats(1e-4, 10), min_size=40, max_size=40), st.integers(2, 16))
def test_whatever_the_times_what_it_says_was_tried(times: list[float], most: int):
    writing, reading = (most, most - 1, (most + 1) // 2), (most, most - 1)
    trial = Trial(tuple(dict.fromkeys(writing)), reading)
    left = iter(times)
    tried(trial, lambda _: next(left))
    choice = trial.choice()
    assert choice is None or (choice.writing in writing and choice.reading in reading)
