"""Verdicts on an answer's tool calls, over the event stream."""

import json

import pytest

from edge.chat import (
    ChatRequest,
    Event,
    Finished,
    Progress,
    SafeguardRequest,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    Usage,
)
from edge.routing.guard import Guard
from edge.safeguards import DANGEROUS_TOOL_USE
from edge.units import Tokens
from tests.safeguards.samples import CONTEXT

ASKED = ChatRequest("m", (), safeguards=(SafeguardRequest(DANGEROUS_TOOL_USE, CONTEXT),))
END = Finished("tool_use", Usage())


def call(number: int, arguments: str, tool: str = "Bash") -> list[Event]:
    """One whole call, its arguments in pieces of three characters."""
    pieces = [ToolCallDelta(arguments[at : at + 3]) for at in range(0, len(arguments), 3)]
    return [ToolCallStarted(f"toolu_{number}", tool), *pieces, ToolCallEnded()]


def bash(number: int, command: str) -> list[Event]:
    return call(number, json.dumps({"command": command}))


def watch(guard: Guard, events: list[Event]) -> Finished:
    """Every event but the last passes as it is; the last is returned."""
    *others, last = events
    for event in others:
        assert guard.watch(event) is event
    judged = guard.watch(last)
    assert isinstance(judged, Finished)
    return judged


def outcomes(finished: Finished) -> dict[str, str]:
    (result,) = finished.safeguards
    assert result.kind == DANGEROUS_TOOL_USE
    return {number: verdict.outcome for number, verdict in result.verdicts}


def test_each_call_gets_its_verdict():
    events = [*bash(1, "ls src"), TextDelta("and"), *bash(2, "rm -rf /"), END]
    finished = watch(Guard(ASKED, "rules"), events)
    assert outcomes(finished) == {"toolu_1": "not_flagged", "toolu_2": "flagged"}
    assert (finished.reason, finished.usage) == (END.reason, END.usage)


def test_an_answer_without_calls_has_an_empty_verdict():
    events = [
        Started("m", Usage()),
        Progress(Tokens(1), Tokens(2)),
        TextDelta("hi"),
        Finished("end_turn", Usage()),
    ]
    assert outcomes(watch(Guard(ASKED, "rules"), events)) == {}


def test_nothing_is_judged_that_was_not_asked_for():
    finished = watch(Guard(ChatRequest("m", ()), "rules"), [*bash(1, "ls"), END])
    assert finished is END


def test_off_gives_no_verdict():
    assert watch(Guard(ASKED, "off"), [*bash(1, "ls"), END]) is END


def test_deny_flags_what_acts():
    assert outcomes(watch(Guard(ASKED, "deny"), [*bash(1, "ls"), END])) == {"toolu_1": "flagged"}


@pytest.mark.parametrize("arguments", ['{"command": "ls', "[]", '"ls"', "", "[" * 100_000])
def test_arguments_that_cannot_be_read_are_flagged(arguments):
    assert outcomes(watch(Guard(ASKED, "rules"), [*call(1, arguments), END])) == {
        "toolu_1": "flagged"
    }


def test_a_call_that_was_cut_is_not_a_call():
    cut: list[Event] = [ToolCallStarted("toolu_1", "Bash"), ToolCallDelta('{"comm')]
    assert outcomes(watch(Guard(ASKED, "rules"), [*cut, END])) == {}


def test_an_end_without_a_call_is_nothing():
    assert outcomes(watch(Guard(ASKED, "rules"), [ToolCallEnded(), END])) == {}
