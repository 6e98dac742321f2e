"""The worker's counts."""

from edge.engines.worker.tally import Tally


def test_every_count_has_its_name():
    tally = Tally(threads=2)
    tally.answers_total += 1
    assert tally.measures()["answers_total"] == 1.0
    assert tally.measures()["threads"] == 2.0


def test_a_warm_up_is_counted():
    tally = Tally()
    tally.warmed(3, 4)
    told = tally.measures()
    assert told["warm_ups_total"] == 1
    assert (told["warm_tokens_read_total"], told["warm_tokens_restored_total"]) == (3, 4)
