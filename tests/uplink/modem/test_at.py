"""Lines and exchanges, whatever comes between."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.uplink.modem.at import LONGEST_LINE, Answer, Exchange, Lines

TALK = b'AT+CREG?\r\r\n+CREG: 0,1\r\n\r\nOK\r\n+CEREG: 2\r\n\r\n+COPS: 0,0,"Caf",7\r\n'


def heard(command: str, *lines: str) -> tuple[Answer | None, list[str]]:
    """The answer, and the lines that were none of it."""
    exchange, others = Exchange(command), []
    for line in lines:
        taken = exchange.take(line)
        if isinstance(taken, Answer):
            return taken, others
        if not taken:
            others.append(line)
    return None, others


@given(st.lists(st.integers(0, len(TALK)), max_size=12))
def test_lines_are_the_same_however_they_are_cut(cuts: list[int]) -> None:
    lines, found, last = Lines(), [], 0
    for cut in [*sorted(cuts), len(TALK)]:
        found += lines.feed(TALK[last:cut])
        last = cut
    assert found == ["AT+CREG?", "+CREG: 0,1", "OK", "+CEREG: 2", '+COPS: 0,0,"Caf",7']


@given(st.binary(max_size=400))
def test_garbage_ends_with_a_line_and_harms_no_other(garbage: bytes) -> None:
    lines = Lines()
    lines.feed(garbage)
    lines.feed(b"\r\n")
    assert lines.feed(b"OK\r\n") == ["OK"]


def test_what_never_ends_is_not_kept() -> None:
    lines = Lines()
    for _ in range(10):
        assert lines.feed(b"x" * LONGEST_LINE) == []
    assert lines.feed(b"\r\nOK\r\n")[-1] == "OK"


def test_an_answer_with_its_echo() -> None:
    answer, others = heard("AT+CSQ", "AT+CSQ", "+CSQ: 20,99", "OK")
    assert (answer, others) == (Answer(("+CSQ: 20,99",)), [])


def test_what_is_said_unasked_is_no_part_of_it() -> None:
    answer, others = heard("AT+CSQ", "RING", "+CSQ: 20,99", "+CEREG: 5", "OK")
    assert (answer, others) == (Answer(("+CSQ: 20,99",)), ["RING", "+CEREG: 5"])


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("ERROR", "ERROR"),
        ("+CME ERROR: 10", "10"),
        ("+CME ERROR: SIM not inserted", "SIM not inserted"),
        ("+CMS ERROR: ", "unknown"),
        ("NO CARRIER", "NO CARRIER"),
    ],
)
def test_errors_end_it_too(line: str, error: str) -> None:
    assert heard("AT+CSQ", line) == (Answer((), error), [])


def test_without_an_end_there_is_no_answer() -> None:
    assert heard("AT+CSQ", "+CSQ: 1,99", "OKAY") == (None, ["OKAY"])
    assert heard("ATE0", "ATE0", "+CSQ: 1,99") == (None, ["+CSQ: 1,99"])
