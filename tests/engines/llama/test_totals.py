from edge.engines.llama.totals import Totals


def test_what_grows_goes_on_growing_when_a_worker_leaves():
    totals = Totals()
    first = (("answers_total", 3.0), ("threads", 4.0))
    second = (("answers_total", 2.0), ("threads", 2.0))
    assert totals.sum([first, second]) == {"answers_total": 5.0, "threads": 6.0}
    totals.retire(first)
    assert totals.sum([second]) == {"answers_total": 5.0, "threads": 2.0}
    totals.retire(second)
    assert totals.sum([]) == {"answers_total": 5.0}
