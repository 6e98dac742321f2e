"""The worker's counts."""

from edge.engines.worker.tally import Tally


def test_every_count_has_its_name():
    tally = Tally(threads=2)
    tally.answers_total += 1
    assert tally.measures()["answers_total"] == 1.0
    assert tally.measures()["threads"] == 2.0
