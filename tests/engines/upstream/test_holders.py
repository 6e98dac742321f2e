"""Credentials told apart by their digest, and the pauses of each."""

from edge.engines.upstream.breaker import CLOSING, FAILURES, PAUSES
from edge.engines.upstream.holders import MOST_HOLDERS, Holder, Holders
from edge.units import Seconds

KEY = "sk-ant-laptop"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def one(number: int = 0) -> Holder:
    return Holder(bytes([number]))


def limited(holders: Holders, holder: Holder, wait: float = 600.0) -> bool:
    return holders.failed(holder, "it answers with status 429", Seconds(wait))


def test_a_holder_is_known_by_all_of_its_credentials_and_by_nothing_else() -> None:
    holders = Holders(Clock())
    mine = holders.of((("X-Api-Key", KEY), ("user-agent", "claude-cli/2")))
    assert mine is not None
    assert mine == holders.of((("x-api-key", KEY), ("accept", "*/*")))
    assert mine != holders.of((("authorization", KEY),))
    assert mine != holders.of((("x-api-key", KEY), ("authorization", "Bearer x")))
    assert mine != holders.of((("x-api-key", KEY + " "),))
    assert holders.of((("accept", "*/*"),)) is None


def test_a_digest_tells_nothing_without_the_process_s_key() -> None:
    here, there = Holders(Clock()), Holders(Clock())
    mine = here.of((("x-api-key", KEY),))
    assert mine != there.of((("x-api-key", KEY),))
    assert KEY.encode() not in (mine or b"")
    assert here.of((("x-api-key", "\udcff"),)) is not None, "not every header is text"


def test_one_waits_and_the_others_do_not() -> None:
    clock = Clock()
    holders = Holders(clock)
    assert not holders
    assert limited(holders, one())
    assert holders
    assert holders.refusal(one()) == "it answers with status 429 (left alone for another 10 min)"
    assert holders.is_open(one())
    assert (holders.refusal(one(1)), holders.is_open(one(1))) == (None, False)
    assert (holders.refusal(None), holders.is_open(None)) == (None, False)
    assert holders.left_alone() == 1
    clock.now += 600
    assert not holders.is_open(one())
    assert holders.left_alone() == 0


def test_short_pauses_are_believed_when_they_come_in_a_row() -> None:
    holders = Holders(Clock())
    assert [limited(holders, one(), 1.0) for _ in range(FAILURES)] == [False, False, True]


def test_one_request_tries_it_and_an_answer_ends_the_pause() -> None:
    clock = Clock()
    holders = Holders(clock)
    limited(holders, one())
    clock.now += 600
    holders.asked(one())
    assert holders.refusal(one()) == "it answers with status 429 (one request is trying it)"
    holders.left(one())
    assert holders.refusal(one()) is None
    holders.asked(one())
    holders.answering(one())
    assert holders.refusal(one()) is None
    for _ in range(CLOSING):
        holders.succeeded(one())
    assert not holders, "nothing bad is known of anybody"


def test_a_pause_that_did_not_help_gets_longer() -> None:
    clock = Clock()
    holders = Holders(clock)
    limited(holders, one(), 11.0)
    clock.now += 11
    assert limited(holders, one(), 0.0)
    assert holders.is_open(one())
    clock.now += PAUSES[1]
    assert not holders.is_open(one())


def test_of_who_did_nothing_wrong_nothing_is_kept() -> None:
    holders = Holders(Clock())
    for event in (holders.asked, holders.left, holders.answering, holders.succeeded):
        event(one())
        event(None)
    assert not holders


def test_the_one_used_longest_ago_is_forgotten() -> None:
    holders = Holders(Clock())
    for number in range(MOST_HOLDERS):
        limited(holders, one(number))
    holders.left(one(0))
    limited(holders, one(MOST_HOLDERS))
    assert holders.left_alone() == MOST_HOLDERS
    assert holders.is_open(one(0))
    assert not holders.is_open(one(1))
