"""The uplink's level along scripted time lines: when it falls, and what it takes to rise."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.state import FailureKind, LinkLevel, LinkState
from edge.units import Seconds
from edge.uplink.evidence import Answered, Evidence, Kernel, Lost, Modem, Portal
from edge.uplink.link import (
    FRESH,
    LOSS_LASTS,
    LOSSES,
    PROOFS,
    PROOFS_THAT_STOOD,
    STOOD,
    UNHEARD,
    Link,
)

UP = Kernel(True, "eth0 leads out", ("eth0",))
WIFI = Kernel(True, "wlan0 leads out", ("wlan0",))
NO_CARRIER = Kernel(False, "eth0 has no carrier", ("eth0",))


@dataclass
class Line:
    """A link and its time; ``changes`` are the levels it had, with when they began."""

    link: Link = field(default_factory=Link)
    now: float = 1000.0
    changes: list[tuple[float, LinkLevel]] = field(default_factory=list)

    def see(self, *evidence: Evidence, after: float = 0.0) -> Line:
        """Each of them ``after`` so many seconds."""
        for one in evidence:
            self.pass_time(after)
            self.link.saw(one, self.now)
            self._note()
        return self

    def pass_time(self, seconds: float) -> Line:
        """Looked at every second, as the watch does."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + 1.0)
            self.link.look(self.now)
            self._note()
        return self

    def _note(self) -> None:
        level = self.level
        if level is not None and (not self.changes or self.changes[-1][1] != level):
            self.changes.append((self.now, level))

    @property
    def level(self) -> LinkLevel | None:
        return self.link.state.level if self.link.state else None

    @property
    def reason(self) -> str:
        assert self.link.state is not None
        return self.link.state.reason


def probe(took: float = 0.1, name: str = "cloud") -> Answered:
    return Answered(name, Seconds(took), probe=True)


def answer(took: float = 0.5, name: str = "cloud") -> Answered:
    return Answered(name, Seconds(took))


def loss(kind: FailureKind = "timeout", name: str = "cloud") -> Lost:
    return Lost(name, kind, "no connection within 3 s")


def online() -> Line:
    line = Line().see(UP, answer())
    assert line.level == "online"
    return line


def offline() -> Line:
    """By evidence, with a way out."""
    line = online().see(loss(), loss(), after=3)
    assert line.level == "offline"
    return line


# --- what is known at the start -----------------------------------------------------------


def test_without_any_evidence_nothing_is_known() -> None:
    assert Line().pass_time(10).level is None


def test_a_way_out_is_believed_until_something_is_lost() -> None:
    line = Line().see(UP)
    assert (line.level, line.reason) == ("online", "eth0 leads out; nothing was sent over it yet")


def test_where_the_kernel_says_nothing_traffic_alone_decides() -> None:
    assert Line().see(answer()).level == "online"
    assert Line().see(loss(), loss(), after=2).level == "offline"


# --- the way down -------------------------------------------------------------------------


def test_the_kernel_is_believed_at_once() -> None:
    line = online().see(NO_CARRIER)
    assert (line.level, line.reason) == ("offline", "eth0 has no carrier")


def test_one_loss_is_a_doubt_and_the_second_is_the_end() -> None:
    line = online().see(loss(), after=3)
    assert line.level == "online"
    assert line.link.urgency(line.now) == "now"
    assert line.link.state == LinkState("online", "cloud answers", doubted=True)
    line.see(loss(), after=3)
    assert line.level == "offline"
    assert line.reason == (
        "nothing gets through: 2 losses in a row; cloud: no connection within 3 s"
    )


def test_an_answer_between_losses_forgives_them() -> None:
    line = online()
    for _ in range(5):
        line.see(loss(), answer(), after=40)
        assert line.link.state is not None
        assert not line.link.state.doubted
    assert "offline" not in [level for _, level in line.changes]


def test_what_breaks_in_the_same_moment_is_one_loss() -> None:
    line = online().see(loss("reset"), loss("reset"), loss("reset"), loss("reset"), after=0.1)
    assert line.level == "online"


def test_an_old_loss_counts_no_more() -> None:
    assert online().see(loss(), after=3).pass_time(LOSS_LASTS).see(loss()).level == "online"


def test_who_says_no_was_reached() -> None:
    assert online().see(*[loss("refused")] * 5, after=5).level == "online"


def test_a_sign_in_page_is_offline_at_once_and_says_what_to_do() -> None:
    line = online().see(Portal("cloud", "it shows a page of its own"))
    assert line.level == "offline"
    assert line.reason.startswith("a sign-in page answers: it shows a page of its own; sign in")
    assert (
        online()
        .see(*[loss("stranger")] * LOSSES, after=3)
        .reason.startswith("something else answers: 2 losses in a row")
    )


# --- whose trouble it is ------------------------------------------------------------------


def test_an_upstream_that_fails_while_another_answers_has_its_own_trouble() -> None:
    line = online()
    for _ in range(6):
        line.see(loss(name="other"), answer(), after=3)
    assert line.link.own_trouble == {"other"}
    line.see(loss(name="other"), loss(name="other"), Portal("other", "x"), after=3)
    assert line.level == "online"


def test_another_s_answer_of_before_excuses_nothing() -> None:
    line = online().see(answer(name="other"), after=5)
    assert line.see(loss(), loss(), after=3).level == "offline"


def test_an_upstream_that_answers_again_is_believed_again() -> None:
    line = online().see(loss(name="other"), answer(), answer(name="other"), after=3)
    assert line.link.own_trouble == frozenset()
    assert line.see(loss(name="other"), loss(name="other"), after=3).level == "offline"


# --- the way back -------------------------------------------------------------------------


def test_one_lucky_packet_brings_nothing_back() -> None:
    assert offline().see(probe(), after=1).level == "offline"
    assert offline().see(answer(), after=1).level == "offline"
    assert offline().see(probe(), loss(), probe(), loss(), probe(), after=1).level == "offline"


def test_several_answers_bring_it_back() -> None:
    line = offline().see(*[probe()] * (PROOFS - 1), after=1)
    assert line.level == "offline"
    assert line.see(probe(), after=1).level == "online"


def test_fewer_do_if_they_stood() -> None:
    assert offline().see(*[probe()] * PROOFS_THAT_STOOD, after=STOOD).level == "online"


def test_a_probe_and_then_a_request_do() -> None:
    assert offline().see(probe(), answer(), after=0.5).level == "online"


def test_carrier_alone_brings_nothing_back_but_asks_for_a_probe() -> None:
    line = online().see(NO_CARRIER, UP, after=1)
    assert (line.level, line.link.urgency(line.now)) == ("offline", "now")
    assert line.reason == "eth0 leads out again, but nothing has answered over it yet"
    assert line.see(probe(), answer(), after=0.5).level == "online"


def test_without_a_way_out_a_probe_tells_nothing() -> None:
    line = online().see(NO_CARRIER)
    assert line.link.urgency(line.now) == "none"


def test_another_interface_is_another_link() -> None:
    line = online().see(loss(), WIFI, loss(), after=3)
    assert line.level == "online"
    assert line.see(WIFI, loss(), after=3).level == "offline"


def test_a_link_that_nobody_hears_of_is_worth_a_try() -> None:
    line = offline().pass_time(UNHEARD)
    assert (line.level, line.reason) == ("weak", "nothing was heard of the link for 120 s")
    assert online().see(NO_CARRIER).pass_time(UNHEARD * 3).level == "offline"


def test_a_proof_that_has_grown_old_is_renewed_before_it_is_believed() -> None:
    line = online()
    for _ in range(4):
        line.see(NO_CARRIER, UP, after=1)
    line.see(probe(), probe(), probe(), after=0.5).pass_time(FRESH * 4)
    assert (line.level, line.link.urgency(line.now)) == ("offline", "now")
    assert line.see(probe()).level == "online"


# --- weak ---------------------------------------------------------------------------------


def test_slow_answers_make_it_weak_and_fast_ones_that_last_end_it() -> None:
    line = online().see(answer(9), answer(9), after=10)
    assert (line.level, line.reason) == (
        "weak",
        "2 of the latest answers were bad; the first byte took 9.0 s",
    )
    assert line.link.urgency(line.now) == "later"
    assert line.see(answer(), answer(), answer(), after=1).level == "weak", "not yet long enough"
    assert line.pass_time(20).level == "online"


def test_losses_between_answers_make_it_weak() -> None:
    assert online().see(loss(), answer(), loss(), answer(), after=5).level == "weak"


def test_a_link_that_comes_back_slow_comes_back_weak() -> None:
    assert offline().see(probe(3), probe(3), probe(3), after=4).level == "weak"


# --- the modem ----------------------------------------------------------------------------


def test_a_modem_without_a_network_is_as_good_as_no_carrier() -> None:
    line = Line().see(Kernel(True, "wwan0 leads out", ("wwan0",)), answer())
    line.see(Modem("searching", interface="wwan0"))
    assert (line.level, line.reason) == ("offline", "the modem has no network (searching)")
    line.see(Modem("home", interface="wwan0"), after=5)
    assert (line.level, line.link.urgency(line.now)) == ("offline", "now")
    assert line.see(probe(), answer(), after=0.5).level == "online"


@pytest.mark.parametrize("interface", ["wwan0", None])
def test_a_modem_that_does_not_carry_the_link_takes_nothing_away(interface: str | None) -> None:
    assert online().see(Modem("denied", interface=interface)).level == "online"


def test_a_low_signal_is_weak_with_hysteresis() -> None:
    line = online().see(Modem("home", strength=-107))
    assert (line.level, line.reason) == ("weak", "the signal is low (-107 dBm)")
    assert line.see(Modem("home", strength=-103), after=5).level == "weak"
    assert line.see(Modem("home", strength=-101), after=5).level == "online"
    assert line.see(Modem("home", strength=-106), after=5).level == "online"
    assert line.see(Modem("home", strength=None), after=5).level == "online"
    assert line.see(Modem("home", strength=-121, measure="rsrp"), after=5).level == "weak"
    assert (
        line.see(Modem("home", strength=-121, measure="rsrp", interface="wwan0")).level == "online"
    )


# --- links that come and go ---------------------------------------------------------------


def flapped(up: float, down: float, total: float = 300.0, every: float = 0.3) -> Line:
    """While it is up requests and probes are answered, ``every`` so often."""
    line = online()
    end = line.now + total
    while line.now < end:
        line.see(UP)
        until = line.now + up
        while line.now + every < until:
            line.see(probe(), answer(), after=every / 2)
        line.pass_time(until - line.now)
        line.see(NO_CARRIER).pass_time(down)
    return line


def test_two_seconds_up_and_two_down_for_five_minutes() -> None:
    line = flapped(2.0, 2.0)
    assert len(line.changes) <= 10
    line.see(UP)
    steady = line.now
    while line.level == "offline":
        line.see(probe(), after=2)
    assert line.now - steady <= 60, "a link that is steady again is not punished for long"


@given(up=st.floats(0.4, 5.0), down=st.floats(0.1, 5.0))
def test_whatever_the_rhythm_is_it_calms_down(up: float, down: float) -> None:
    assert len(flapped(up, down, every=0.7).changes) <= 10


def test_a_link_that_loses_and_answers_in_turn_calms_down() -> None:
    line = online()
    for _ in range(75):
        line.see(loss(), loss(), probe(), answer(), after=1.1)
    assert len(line.changes) <= 10


MADE = st.one_of(
    st.sampled_from([UP, WIFI, NO_CARRIER, Portal("cloud", "a page")]),
    st.builds(answer, st.floats(0, 30), st.sampled_from(["cloud", "other"])),
    st.builds(probe, st.floats(0, 10), st.sampled_from(["cloud", "other"])),
    st.builds(
        loss,
        st.sampled_from(["unreachable", "timeout", "reset", "stall", "refused", "stranger"]),
        st.sampled_from(["cloud", "other"]),
    ),
    st.builds(Modem, st.sampled_from(["home", "searching", None]), st.integers(-130, -40)),
)


@given(st.lists(st.tuples(st.floats(0, 20), MADE), max_size=60))
def test_whatever_happens_the_rules_hold(steps: list[tuple[float, Evidence]]) -> None:
    line = Line()
    usable, answers, silent = True, 0, 0.0
    for pause, one in steps:
        before = line.level
        line.see(one, after=pause)
        silent = 0.0 if not isinstance(one, Modem) else silent + pause
        match one:
            case Kernel():
                usable, answers = one.usable, answers if one.usable else 0
            case Answered():
                answers += 1
            case Lost() | Portal() if one.name not in line.link.own_trouble:
                answers = answers if isinstance(one, Lost) and one.kind == "refused" else 0
            case _:
                pass
        if not usable:
            assert line.level == "offline"
        elif before == "offline" and line.level == "online":
            assert answers >= PROOFS_THAT_STOOD
        if line.link.state is not None:
            assert line.reason
