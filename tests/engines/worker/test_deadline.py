import signal

import pytest

from edge.engines.worker.deadline import within
from edge.errors import EngineError, TemplateFailed
from edge.units import Seconds

LATE = TemplateFailed("too late")


def for_ever() -> None:
    while True:
        try:
            sum(range(1000))
        except Exception:  # noqa: BLE001 - what some templates' filters do
            continue


def test_what_ends_in_time_is_returned():
    assert within(Seconds(10.0), lambda: "done", LATE) == "done"


def test_what_never_ends_is_ended():
    with pytest.raises(TemplateFailed, match="too late"):
        within(Seconds(0.05), for_ever, LATE)


def test_other_errors_pass():
    def fail() -> None:
        raise EngineError("broken")

    with pytest.raises(EngineError, match="broken"):
        within(Seconds(10.0), fail, LATE)


def test_nothing_is_left_behind():
    before = signal.getsignal(signal.SIGVTALRM)
    with pytest.raises(TemplateFailed):
        within(Seconds(0.05), for_ever, LATE)
    assert signal.getsignal(signal.SIGVTALRM) == before
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)
