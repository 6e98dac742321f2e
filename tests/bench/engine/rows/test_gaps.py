"""Which gaps count, and when they do not."""

from tests.bench.engine.rows.gaps import overlapping_gaps, waited
from tests.bench.engine.stream import Answer, Arrival


def answer(started: float, *times: float) -> Answer:
    arrivals = tuple(Arrival(at, 4) for at in times)
    return Answer(started, times[-1], arrivals, "", 1, 0, len(times))


def test_only_gaps_in_the_others_reading_count() -> None:
    stream = answer(0, 1, 2, 4, 7, 8, 9)
    assert overlapping_gaps(stream, answer(3, 7.5)) == [2, 3, 1]


def test_an_other_that_waited_spoils_the_row() -> None:
    stream = answer(0, 1, 10)
    assert waited(stream, answer(1, 16), alone=10) is None
    assert "9.5 s were left" in (waited(stream, answer(1, 19.5), alone=10) or "")
