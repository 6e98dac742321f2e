"""Giving way to others on a busy board."""

from edge.engines.worker.threads import (
    CROWDED,
    DISTURBED_STEPS,
    QUIET_LIMIT,
    QUIET_SECONDS,
    Threads,
)
from edge.units import Seconds

USUAL = Seconds(0.03)
SLOW = Seconds(0.03 * CROWDED * 2)


def settled(most: int = 4) -> Threads:
    threads = Threads(most)
    for _ in range(20):
        threads.learn(USUAL, 0.0)
    return threads


def disturb(threads: Threads, clock: float, steps: int = DISTURBED_STEPS) -> None:
    for _ in range(steps):
        threads.learn(SLOW, clock)


def test_all_threads_on_a_quiet_board():
    assert settled().now == 4


def test_a_single_slow_step_means_nothing():
    threads = settled()
    disturb(threads, 0.0, DISTURBED_STEPS - 1)
    threads.learn(USUAL, 0.0)
    disturb(threads, 0.0, 1)
    assert threads.now == 4


def test_a_busy_board_gets_one_thread_less():
    threads = settled()
    disturb(threads, 0.0)
    assert threads.now == 3


def test_all_are_tried_again_and_stay_where_it_is_quiet():
    threads = settled()
    disturb(threads, 0.0)
    threads.learn(USUAL, 2 * QUIET_SECONDS)
    assert threads.now == 4
    for _ in range(5):
        threads.learn(USUAL, 20.0)
    assert threads.now == 4


def test_a_try_that_fails_ends_at_once_and_the_next_comes_later():
    threads = settled()
    disturb(threads, 0.0)
    clock, waits = 0.0, []
    for _ in range(8):
        began = clock
        while threads.now == 3:
            clock += 1.0
            threads.learn(USUAL, clock)
        waits.append(clock - began)
        threads.learn(SLOW, clock)
        assert threads.now == 3
    assert waits == sorted(waits)
    assert waits[-1] <= QUIET_LIMIT + 1


def test_a_single_core_has_nothing_to_give():
    threads = settled(1)
    disturb(threads, 0.0)
    assert threads.now == 1


def test_a_context_that_grows_is_no_disturbance():
    threads = settled()
    took = 0.03
    for _ in range(200):
        took *= 1.02
        threads.learn(Seconds(took), 0.0)
    assert threads.now == 4
