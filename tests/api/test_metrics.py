"""The metrics page."""

from edge.api.metrics import exposition
from edge.state import EngineState


def test_counters_and_gauges_by_engine():
    text = exposition(
        [
            ("local", EngineState(True, "", measures=(("answers_total", 3.0), ("threads", 2.0)))),
            ('odd"name', EngineState(False, "")),
        ]
    )
    assert text.splitlines() == [
        "# TYPE codriver_engine_ready gauge",
        'codriver_engine_ready{engine="local"} 1',
        'codriver_engine_ready{engine="odd\\"name"} 0',
        "# TYPE codriver_answers_total counter",
        'codriver_answers_total{engine="local"} 3',
        "# TYPE codriver_threads gauge",
        'codriver_threads{engine="local"} 2',
    ]


def test_large_counts_are_whole():
    assert exposition(
        [("l", EngineState(True, "", measures=(("n_total", 2**31 + 1.0),)))]
    ).endswith(" 2147483649\n")


def test_what_is_no_engines_has_no_label():
    box = [("queue_waiting", 2.0), ("queue_failed_total", 1.0)]
    assert exposition([], box).splitlines() == [
        "# TYPE codriver_queue_waiting gauge",
        "codriver_queue_waiting 2",
        "# TYPE codriver_queue_failed_total counter",
        "codriver_queue_failed_total 1",
    ]
