from hypothesis import given
from hypothesis import strategies as st

from edge.engines.upstream.breaker import (
    CLOSING,
    FAILURES,
    LONG_PAUSE,
    LONGEST_PAUSE,
    PAUSES,
    TRIAL_SECONDS,
    Breaker,
)
from edge.units import Seconds

WHY = "no connection"


def tripped(now: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(FAILURES):
        breaker = breaker.failed(now, WHY)
    return breaker


def test_a_few_failures_are_borne_and_a_success_forgets_them():
    breaker = Breaker()
    for _ in range(FAILURES - 1):
        breaker = breaker.failed(0.0, WHY)
        assert breaker.refusal(0.0) is None
    breaker = breaker.succeeded().failed(0.0, WHY)
    assert breaker.position(0.0) == "closed"


def test_failures_in_a_row_open_it_and_it_says_why():
    breaker = tripped()
    assert breaker.position(0.0) == "open"
    assert breaker.refusal(1.0) == "no connection (left alone for another 4 s)"


def test_then_one_request_at_a_time_tries_it():
    breaker = tripped()
    now = PAUSES[0]
    assert breaker.position(now) == "half-open"
    assert breaker.refusal(now) is None
    trying = breaker.asked(now)
    assert trying.refusal(now + 1) == "no connection (one request is trying it)"
    assert trying.abandoned().refusal(now + 1) is None
    assert trying.refusal(now + TRIAL_SECONDS) is None, "nobody heard of it again"
    assert trying.succeeded().position(now) == "closed"


def test_a_failed_trial_opens_it_for_longer():
    breaker, now = tripped(), 0.0
    for pause in (*PAUSES, PAUSES[-1]):
        assert breaker.open_until == now + pause
        now += pause
        breaker = breaker.asked(now).failed(now, WHY)


def test_after_one_success_a_failure_opens_it_again_and_after_more_it_is_healthy():
    breaker = tripped().asked(PAUSES[0]).succeeded()
    assert breaker.failed(10.0, WHY).open_until == 10.0 + PAUSES[1]
    for _ in range(CLOSING - 1):
        breaker = breaker.succeeded()
    assert breaker.failed(10.0, WHY).position(10.0) == "closed"


def test_a_server_that_wants_to_be_left_alone_is():
    asked_for = Seconds(LONG_PAUSE + 30)
    breaker = Breaker().failed(0.0, "it is overloaded", asked_for)
    assert breaker.open_until == asked_for
    assert Breaker().failed(0.0, WHY, LONG_PAUSE).position(0.0) == "closed"
    assert Breaker().failed(0.0, WHY, Seconds(1e9)).open_until == LONGEST_PAUSE


def test_long_waits_are_told_in_minutes():
    assert Breaker().failed(0.0, "busy", Seconds(600.0)).refusal(0.0) == (
        "busy (left alone for another 10 min)"
    )


def test_an_answer_that_begins_lets_others_follow_and_counts_when_it_ends():
    breaker = tripped().asked(PAUSES[0]).answering()
    assert breaker.position(PAUSES[0]) == "closed"
    assert breaker.failed(10.0, WHY).open_until == 10.0 + PAUSES[1], "it broke off"
    assert breaker.succeeded().opened == 1
    assert breaker.succeeded().succeeded().opened == 0
    broken = Breaker()
    for _ in range(FAILURES):
        broken = broken.answering().failed(0.0, WHY)
    assert broken.position(0.0) == "open", "to begin is no success"


def test_late_failures_do_not_prolong_it_but_a_later_wish_does():
    breaker = tripped()
    assert breaker.failed(1.0, "late") is breaker
    assert breaker.failed(1.0, WHY, Seconds(100.0)).open_until == 101.0
    long = breaker.failed(1.0, WHY, Seconds(100.0))
    assert long.failed(2.0, WHY, Seconds(11.0)).open_until >= 101.0


@given(st.lists(st.tuples(st.sampled_from("asf"), st.floats(0, 1000)), max_size=30))
def test_it_never_stays_shut_for_ever(events):
    breaker, now = Breaker(), 0.0
    for kind, seconds in events:
        now += seconds
        match kind:
            case "a":
                breaker = breaker.asked(now)
            case "s":
                breaker = breaker.succeeded()
            case "f":
                breaker = breaker.failed(now, WHY)
    assert breaker.refusal(now + LONGEST_PAUSE + TRIAL_SECONDS) is None
