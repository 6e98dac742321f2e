"""Which gaps count, and when they do not."""

from dataclasses import replace

import pytest

from tests.bench.engine.pretend import PretendServer, pretend
from tests.bench.engine.rows import gaps
from tests.bench.engine.rows.gaps import overlapping_gaps, waited
from tests.bench.engine.stream import Answer, Arrival, BenchError


def answer(started: float, *times: float) -> Answer:
    arrivals = tuple(Arrival(at, 4) for at in times)
    return Answer(started, times[-1], arrivals, "", 1, 0, len(times))


def test_only_gaps_in_the_others_reading_count() -> None:
    stream = answer(0, 1, 2, 4, 7, 8, 9)
    assert overlapping_gaps(stream, answer(3, 7.5)) == [2, 3, 1]


def test_an_other_that_waited_spoils_the_row() -> None:
    assert waited(30, 100) is None
    assert "24 tokens/s, 100 alone" in (waited(24, 100) or "")


def test_an_engine_that_does_both_at_once() -> None:
    result = gaps.measure(pretend())
    assert result.judged == pytest.approx(1)
    assert result.met


def test_an_other_that_finished_before_the_stream_began_cannot_be_measured() -> None:
    class Serial(PretendServer):
        def ask(self, body, begun=None):
            answer = super().ask(body, begun)
            late = 1000 if body["max_tokens"] == gaps.TOKENS else 0
            arrivals = tuple(Arrival(a.at + late, a.size) for a in answer.arrivals)
            return replace(answer, arrivals=arrivals, ended=answer.ended + late)

    with pytest.raises(BenchError, match="ended before"):
        gaps.measure(pretend(ours=Serial()))
