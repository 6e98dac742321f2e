from edge.engines.worker.pace import MIN_CHUNK_TOKENS, TARGET_SECONDS, Pace
from edge.units import Seconds


def test_a_slow_board_reads_in_small_chunks():
    pace = Pace(512)
    pace.learn(512, Seconds(25.6))
    assert pace.chunk * 0.05 <= TARGET_SECONDS
    assert pace.chunk % MIN_CHUNK_TOKENS == 0


def test_the_slowest_board_still_reads_something():
    pace = Pace(512)
    pace.learn(512, Seconds(5000))
    assert pace.chunk == MIN_CHUNK_TOKENS


def test_a_fast_board_reads_the_most_at_once():
    pace = Pace(512)
    pace.learn(512, Seconds(0.1))
    assert pace.chunk == 512


def test_a_board_that_cools_down_gets_faster_again():
    pace = Pace(512)
    pace.learn(512, Seconds(40))
    slow = pace.chunk
    pace.learn(slow, Seconds(0.1))
    assert pace.chunk > slow


def test_a_partial_chunk_teaches_nothing():
    pace = Pace(512)
    pace.learn(10, Seconds(10))
    assert pace.chunk == 512
