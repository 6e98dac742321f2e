"""Which event may follow which."""

import pytest

from edge.chat import (
    Failed,
    Finished,
    RelayStarted,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    Usage,
)
from edge.dialects.openai.order import Order
from edge.errors import EngineError, Overloaded

BEGUN, END = Started("m", Usage()), Finished("end_turn", Usage())
OPEN = ToolCallStarted("c", "t")


@pytest.mark.parametrize(
    "events",
    [
        [TextDelta("a")],
        [BEGUN, BEGUN],
        [BEGUN, ToolCallDelta("{}")],
        [BEGUN, ToolCallEnded()],
        [BEGUN, OPEN, TextDelta("a")],
        [BEGUN, OPEN, OPEN],
        [BEGUN, OPEN, END],
        [BEGUN, END, TextDelta("a")],
        [BEGUN, END, END],
        [RelayStarted(200, ())],
    ],
)
def test_out_of_order(events):
    order = Order()
    for event in events[:-1]:
        order.check(event)
    with pytest.raises(EngineError):
        order.check(events[-1])


def test_a_call_may_stay_open_where_the_length_cut_it():
    order = Order()
    for event in (BEGUN, OPEN, Finished("max_tokens", Usage())):
        order.check(event)
    assert (order.phase, order.calls) == ("over", 1)


def test_a_failure_is_raised_only_before_the_start():
    order = Order()
    with pytest.raises(Overloaded):
        order.check(Failed(Overloaded("full")))
    order.check(BEGUN)
    order.check(Failed(Overloaded("full")))
    assert order.phase == "over"
