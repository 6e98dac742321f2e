"""The order of blocks, step by step. test_stream covers it under any events."""

import pytest

from edge.chat import (
    Failed,
    Progress,
    RelayStarted,
    Started,
    TextDelta,
    ThinkingDelta,
    ThinkingOption,
    ToolCallStarted,
    Usage,
)
from edge.dialects.anthropic.sequence import BlockSequence, Closed, Grew, Opened
from edge.errors import EngineError, Overloaded
from edge.units import Tokens

START = Started("m", Usage())


def started(thinking="adaptive"):
    sequence = BlockSequence(ThinkingOption(thinking))
    assert sequence.feed(START) == []
    return sequence


def test_steps_of_a_turn():
    sequence = started()
    assert sequence.feed(ThinkingDelta("a")) == [Opened(0, "thinking"), Grew(0, "thinking", "a")]
    assert sequence.feed(TextDelta("b")) == [
        Closed(0, "thinking"),
        Opened(1, "text"),
        Grew(1, "text", "b"),
    ]
    assert sequence.feed(ToolCallStarted("t", "n")) == [
        Closed(1, "text"),
        Opened(2, "tool_use", "t", "n"),
    ]
    assert (sequence.open, sequence.completed) == ("tool_use", 2)


def test_progress_is_no_step_at_any_time():
    sequence = BlockSequence(ThinkingOption())
    assert sequence.feed(Progress(Tokens(1), Tokens(2))) == []
    assert not sequence.started


def test_keep_alive_opens_once():
    sequence = started("disabled")
    assert sequence.keep_alive() == [Opened(0, "text"), Grew(0, "text", "")]
    assert sequence.keep_alive() == [Grew(0, "text", "")]
    assert sequence.feed(TextDelta("a")) == [Grew(0, "text", "a")]


def test_failure():
    with pytest.raises(Overloaded):
        BlockSequence(ThinkingOption()).feed(Failed(Overloaded("busy")))
    sequence = started()
    sequence.feed(Failed(Overloaded("busy")))
    assert sequence.over
    with pytest.raises(EngineError, match="TextDelta out of order"):
        sequence.feed(TextDelta("x"))


def test_relays_are_not_for_rendering():
    with pytest.raises(EngineError, match="relayed"):
        BlockSequence(ThinkingOption()).feed(RelayStarted(200, ()))
