"""When a link that carries requests is weak."""

from __future__ import annotations

from edge.units import Seconds
from edge.uplink.evidence import Answered, Lost, Modem
from edge.uplink.quality import (
    BAD_OF_LATEST,
    GOOD_IN_A_ROW,
    GRADE_LASTS,
    WEAK_AT_LEAST,
    WEAK_AT_MOST,
    Quality,
)


def took(seconds: float | None, probe: bool = False) -> Answered:
    return Answered("cloud", None if seconds is None else Seconds(seconds), probe)


def weakened(now: float = 0.0) -> Quality:
    quality = Quality()
    for _ in range(BAD_OF_LATEST):
        quality.answered(took(20), now)
    assert quality.weak(now)
    return quality


def test_one_slow_answer_is_nothing() -> None:
    quality = Quality()
    quality.answered(took(20), 0)
    quality.answered(took(1), 1)
    quality.answered(took(20), GRADE_LASTS + 2)
    assert quality.weak(GRADE_LASTS + 2) is None


def test_answers_between_the_limits_and_of_unknown_speed_say_nothing() -> None:
    quality = Quality()
    for now in range(9):
        quality.answered(took(6), now)
        quality.answered(took(None), now)
    assert quality.weak(9) is None


def test_probes_have_limits_of_their_own() -> None:
    quality = Quality()
    for now in range(BAD_OF_LATEST):
        quality.answered(took(3, probe=True), now)
    assert quality.weak(9) == "2 of the latest answers were bad; a probe took 3.0 s"


def test_good_ones_in_a_row_end_it_after_a_while() -> None:
    quality = weakened()
    for _ in range(GOOD_IN_A_ROW):
        quality.answered(took(1), 1)
    assert quality.weak(WEAK_AT_LEAST - 1)
    assert quality.weak(WEAK_AT_LEAST) is None


def test_a_bad_one_between_begins_the_row_anew() -> None:
    quality = weakened()
    quality.answered(took(1), 1)
    quality.lost(Lost("cloud", "stall", "it says nothing"), 2)
    quality.answered(took(1), 3)
    quality.answered(took(1), 4)
    assert quality.weak(WEAK_AT_LEAST + 5)


def test_what_nobody_has_heard_of_for_long_is_history() -> None:
    quality = weakened()
    assert quality.weak(WEAK_AT_MOST - 1)
    assert quality.weak(WEAK_AT_MOST) is None


def test_a_link_that_is_weak_again_and_again_stays_so_longer() -> None:
    quality, now, waits = Quality(), 0.0, []
    for _ in range(12):
        for _ in range(BAD_OF_LATEST):
            quality.answered(took(20), now)
        began = now
        for _ in range(GOOD_IN_A_ROW):
            quality.answered(took(1), now)
        while quality.weak(now):
            now += 1
        waits.append(now - began)
    assert waits[0] == WEAK_AT_LEAST
    assert waits[-1] > waits[0]


def test_a_signal_that_is_unknown_is_not_low() -> None:
    quality = Quality()
    quality.signal(Modem("home", -120))
    assert quality.weak(0)
    quality.signal(Modem("home"))
    assert quality.weak(0) is None
    quality.signal(Modem("home", -120))
    quality.signal(None)
    assert quality.weak(0) is None


def test_a_percentage_is_a_scale_of_its_own() -> None:
    quality = Quality()
    quality.signal(Modem("home", 11, "percent"))
    assert quality.weak(0) is None
    quality.signal(Modem("home", 10, "percent"))
    assert quality.weak(0) == "the signal is low (10 %)"
    quality.signal(Modem("home", 19, "percent"))
    assert quality.weak(0), "not yet good"
    quality.signal(Modem("home", 20, "percent"))
    assert quality.weak(0) is None


def test_suspicion_is_weak_until_it_is_seen_to_be_good() -> None:
    quality = Quality()
    quality.suspect("nobody knows", 0)
    assert quality.weak(1) == "nobody knows"
    quality.forget()
    assert quality.weak(1) is None
