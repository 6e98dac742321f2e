"""Tool calls that come whole, in pieces, mixed, without ids, without an index."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.chat import TextDelta, ToolCallDelta, ToolCallEnded, ToolCallStarted
from edge.dialects.openai.serial import MOST_ARGUMENTS, MOST_CALLS, JsonEnd, Serial
from edge.dialects.openai.wire import CallPiece, Function
from tests.dialects.openai.reading import joined, new_ids
from tests.dialects.openai.strategies import json_objects


def piece(index=None, call=None, name=None, arguments=None):
    return CallPiece(index, call, Function(name, arguments))


def gathered(*pieces, cut=False):
    serial = Serial(new_ids())
    events = []
    for given_piece in pieces:
        events += serial.say(given_piece) if isinstance(given_piece, TextDelta) else (
            serial.piece(given_piece)
        )  # fmt: skip
    return joined(events + serial.finish(cut=cut))


def call(name, arguments, call_id):
    return [ToolCallStarted(call_id, name), ToolCallDelta(arguments), ToolCallEnded()]


A, B = call("A", '{"a":1}', "c1"), call("B", '{"b":2}', "c2")


@pytest.mark.parametrize(
    "pieces",
    [
        # in pieces, as OpenAI sends them
        [piece(0, "c1", "A", ""), piece(0, arguments='{"a"'), piece(0, arguments=":1}"),
         piece(1, "c2", "B", ""), piece(1, arguments='{"b":2}')],
        # whole, and every one number 0
        [piece(0, "c1", "A", '{"a":1}'), piece(0, "c2", "B", '{"b":2}')],
        # whole, without an index
        [piece(None, "c1", "A", '{"a":1}'), piece(None, "c2", "B", '{"b":2}')],
        # arguments as objects
        [piece(0, "c1", "A", {"a": 1}), piece(1, "c2", "B", {"b": 2})],
        # id and name in every piece
        [piece(0, "c1", "A", '{"a"'), piece(0, "c1", "A", ":1}"),
         piece(1, "c2", "B", '{"b":2}'), piece(1, "c2", "B", "")],
        # pieces without an index belong to the last call
        [piece(None, "c1", "A", ""), piece(None, arguments='{"a":1}'),
         piece(None, "c2", "B", '{"b"'), piece(None, arguments=":2}")],
        # mixed by index
        [piece(0, "c1", "A", ""), piece(1, "c2", "B", ""), piece(1, arguments='{"b"'),
         piece(0, arguments='{"a"'), piece(1, arguments=":2}"), piece(0, arguments=":1}")],
        # blanks behind the end
        [piece(0, "c1", "A", '{"a":1}\n'), piece(0, arguments="  "),
         piece(1, "c2", "B", '{"b":2}')],
    ],
    ids=range(8),
)  # fmt: skip
def test_two_calls(pieces):
    assert gathered(*pieces) == [*A, *B]


def test_the_first_call_flows_and_the_second_waits():
    serial = Serial(new_ids())
    assert serial.piece(piece(0, "c1", "A", '{"a"')) == [A[0], ToolCallDelta('{"a"')]
    assert serial.piece(piece(1, "c2", "B", '{"b":2}')) == []
    assert serial.piece(piece(0, arguments=":1}")) == [
        ToolCallDelta(":1}"),
        ToolCallEnded(),
        B[0],
        ToolCallDelta('{"b":2}'),
    ]
    assert serial.finish(cut=False) == [ToolCallEnded()]


def test_ids_that_are_missing_strange_or_double_are_replaced():
    got = gathered(
        piece(0, None, "A", "{}"),
        piece(1, "functions.B:1", "B", "{}"),
        piece(2, "c", "C", "{}"),
        piece(3, "c", "D", "{}"),
        piece(4, "", "E", "{}"),
    )
    ids = [event.id for event in got if isinstance(event, ToolCallStarted)]
    assert ids == ["made_1", "made_2", "c", "made_3", "made_4"]


def test_calls_without_id_that_are_all_number_0():
    got = gathered(piece(0, None, "A", '{"a":1}'), piece(0, None, "B", '{"b":2}'))
    assert [event.name for event in got if isinstance(event, ToolCallStarted)] == ["A", "B"]


def test_text_waits_for_the_call_before_it():
    got = gathered(piece(0, "c1", "A", '{"a"'), TextDelta("so"), piece(0, arguments=":1}"))
    assert got == [*A, TextDelta("so")]


def test_no_arguments_are_an_empty_object():
    assert gathered(piece(0, "c1", "A")) == call("A", "{}", "c1")


def test_where_the_length_cut_a_call_what_waits_behind_it_is_dropped():
    got = gathered(piece(0, "c1", "A", '{"a"'), piece(1, "c2", "B", "{}"), cut=True)
    assert got == [A[0], ToolCallDelta('{"a"')]


@pytest.mark.parametrize(
    "pieces",
    [
        [piece(0, "c1", None, "{}")],
        [piece(None, None, None, "{}")],
        [piece(0, "c1", "A", '{"a"')],
        [piece(0, "c1", "A", "[]")],
        [piece(0, "c1", "A", "null")],
        [piece(0, "c1", "A", "{a}")],
        [piece(0, "c1", "A", "}")],
        [piece(0, "c1", "A", '{"a":1} and more')],
        [piece(0, "c1", "A", '{"a":1}'), piece(0, arguments="more")],
        [piece(n, None, "A", "{}") for n in range(MOST_CALLS + 1)],
        [piece(0, "c1", "A", '"'), *(piece(0, arguments="x" * MOST_ARGUMENTS) for _ in range(2))],
    ],
    ids=range(11),
)
def test_what_makes_no_sense_is_an_error(pieces):
    with pytest.raises(ValueError, match=r".+"):
        gathered(*pieces)


@given(json_objects, st.lists(st.integers(0, 999), max_size=5), st.booleans())
def test_the_end_of_an_object_is_found_however_it_is_cut(value, places, is_ascii):
    text = json.dumps(value, ensure_ascii=is_ascii)
    edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    end = JsonEnd()
    for a, b in itertools.pairwise(edges):
        assert not end.complete or a == b == len(text)
        assert end.feed(text[a:b]) == text[a:b]
    assert end.complete
    assert end.feed(" \n") == ""
    with pytest.raises(ValueError, match="behind its arguments"):
        end.feed("{")
