"""A server's health by what its requests came to."""

import pytest

from edge.engines.upstream.breaker import CLOSING, FAILURES, PAUSES
from edge.engines.upstream.health import Health
from edge.engines.upstream.holders import Holder
from edge.state import EngineState
from edge.units import Seconds

MINE, YOURS = Holder(b"mine"), Holder(b"yours")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def measured(health: Health) -> dict[str, float]:
    return {name.removeprefix("upstream_"): value for name, value in health.state().measures}


def plain(state: EngineState) -> tuple[bool, str]:
    return state.ready, state.reason


def opened(clock: Clock) -> Health:
    health = Health(clock)
    for _ in range(FAILURES):
        health.asked()
        health.failed("no connection")
    return health


def test_it_is_ready_until_it_has_failed_some_times_in_a_row():
    clock = Clock()
    health = Health(clock)
    assert plain(health.state()) == (True, "not tried yet")
    health.failed("no connection")
    assert plain(health.state()) == (True, "no connection (it may be tried again)")
    health = opened(clock)
    assert plain(health.state()) == (False, "no connection (left alone for another 5 s)")
    assert measured(health) == {
        "failures_total": FAILURES,
        "openings_total": 1,
        "credentials_left_alone": 0,
    }


def test_a_failure_while_it_is_open_is_counted_and_opens_nothing():
    health = opened(Clock())
    health.failed("late")
    assert measured(health)["failures_total"] == FAILURES + 1
    assert measured(health)["openings_total"] == 1


def test_a_trial_is_shown_and_ends_with_the_beginning_of_an_answer():
    clock = Clock()
    health = opened(clock)
    clock.now += PAUSES[0]
    assert health.state().ready
    health.asked()
    assert plain(health.state()) == (False, "no connection (one request is trying it)")
    health.answered(200, None)
    assert health.state().ready
    health.failed("it broke off")
    assert plain(health.state()) == (False, "it broke off (left alone for another 15 s)")


def test_a_trial_that_is_left_is_none():
    clock = Clock()
    health = opened(clock)
    clock.now += PAUSES[0]
    health.asked()
    health.left()
    assert health.state().ready


@pytest.mark.parametrize("status", [429, 529, 500, 503])
def test_a_status_that_says_there_is_no_answer_is_a_failure(status: int):
    health = Health(Clock())
    health.answered(status, Seconds(40.0))
    said = f"it answers with status {status} (left alone for another 40 s)"
    assert plain(health.state()) == (False, said)
    assert health.is_open()


@pytest.mark.parametrize("status", [400, 401, 404, 413])
def test_a_request_that_is_refused_finds_a_server_that_is_well(status: int):
    health = Health(Clock())
    for _ in range(FAILURES - 1):
        health.failed("no connection")
    health.answered(status, None)
    health.failed("no connection")
    assert health.state().ready


def test_an_answer_from_before_it_opened_does_not_close_it():
    clock = Clock()
    health = Health(clock)
    health.answered(200, None)
    health.answered(429, Seconds(100.0))
    health.succeeded()
    assert not health.state().ready
    assert health.state().last_success == 0


def test_a_limit_of_one_credential_leaves_the_server_to_the_others():
    health = Health(Clock())
    health.asked(MINE)
    health.answered(429, Seconds(40.0), MINE)
    said = "it answers this client's credential with status 429 (left alone for another 40 s)"
    assert plain(health.state(MINE)) == (False, said)
    assert health.is_open(MINE)
    assert health.state(YOURS).ready
    assert health.state().ready
    assert not health.is_open()
    assert measured(health) == {
        "failures_total": 1,
        "openings_total": 1,
        "credentials_left_alone": 1,
    }


def test_a_server_that_has_reached_its_own_limit_is_everybodys():
    health = Health(Clock())
    health.answered(529, Seconds(40.0), MINE)
    assert not health.state(YOURS).ready


@pytest.mark.parametrize("status", [401, 403])
def test_a_credential_that_is_refused_closes_the_server_to_nobody(status: int):
    health = Health(Clock())
    for _ in range(FAILURES):
        health.answered(status, Seconds(600.0), MINE)
    assert health.state(MINE).ready
    assert health.state(YOURS).ready


def test_the_network_and_a_server_in_trouble_are_everybodys():
    health = Health(Clock())
    health.failed("no connection", holder=MINE)
    health.answered(500, None, YOURS)
    health.answered(503, None, MINE)
    for state in (health.state(MINE), health.state(YOURS), health.state()):
        assert plain(state) == (False, "it answers with status 503 (left alone for another 5 s)")


def test_a_limit_shows_that_a_server_that_was_gone_is_back():
    clock = Clock()
    health = opened(clock)
    clock.now += PAUSES[0]
    health.asked(MINE)
    assert not health.state(YOURS).ready
    health.answered(429, Seconds(100.0), MINE)
    assert health.state(YOURS).ready
    assert not health.state(MINE).ready


def test_a_trial_that_meets_the_network_says_nothing_of_its_credential():
    clock = Clock()
    health = Health(clock)
    health.answered(429, Seconds(100.0), MINE)
    clock.now += 100
    health.asked(MINE)
    assert not health.state(MINE).ready
    health.failed("no connection", holder=MINE)
    assert health.state(MINE).ready
    health.asked(MINE)
    health.left(MINE)
    assert health.state(MINE).ready


def test_a_credential_that_is_answered_is_as_good_as_before():
    clock = Clock()
    health = Health(clock)
    health.answered(429, Seconds(100.0), MINE)
    health.succeeded(MINE)
    assert not health.state(MINE).ready, "that answer began before"
    clock.now += 100
    for _ in range(CLOSING):
        health.asked(MINE)
        health.answered(200, None, MINE)
        assert health.state(MINE).ready
        health.succeeded(MINE)
    assert not health.holders
