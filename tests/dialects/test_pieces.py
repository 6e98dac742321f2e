"""What was read once is not read again, and is bounded."""

import msgspec
import pytest

from edge.dialects.pieces import Pieces, items, split
from edge.errors import BadRequest


def raw(text: bytes) -> msgspec.Raw:
    return msgspec.Raw(text)


class Reader:
    def __init__(self):
        self.read = []

    def __call__(self, value):
        self.read.append(value)
        return (value,)


def test_the_same_bytes_are_read_once_by_each_kind_of_reader():
    pieces, one, other = Pieces(), Reader(), Reader()
    first = pieces.read("one", raw(b'{"a": 1}'), one)
    assert pieces.read("one", raw(b'{"a": 1}'), one) is first
    assert pieces.read("other", raw(b'{"a": 1}'), other) == first
    pieces.read("one", raw(b'{"a":1}'), one)
    assert (len(one.read), len(other.read)) == (2, 1)


def test_what_cannot_be_read_is_not_kept():
    pieces = Pieces()

    def refuse(value):
        raise BadRequest("no")

    for _ in range(2):
        with pytest.raises(BadRequest, match="no"):
            pieces.read("one", raw(b"[1]"), refuse)
    with pytest.raises(BadRequest, match="200 levels"):
        pieces.read("one", raw(b"[" * 300 + b"]" * 300), Reader())


def test_what_was_not_met_for_longest_is_forgotten_and_long_pieces_are_not_kept():
    pieces, reader = Pieces(most_bytes=10, longest=6), Reader()
    for text in (b'"aa"', b'"bb"', b'"aa"', b'"cc"', b'"aa"', b'"bb"', b'"dddddd"', b'"dddddd"'):
        pieces.read("one", raw(text), reader)
    assert reader.read == ["aa", "bb", "cc", "bb", "dddddd", "dddddd"]


def test_a_body_is_split_where_that_is_wanted():
    found = split(b'{"a": [1, 2], "b": [3], "c": null, "d": null}', frozenset("ac"))
    assert bytes(found.pop("a")) == b"[1, 2]"
    assert found == {"b": [3], "c": None, "d": None}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"[]", "should be a JSON object"),
        (b'{"a": 1', "not valid JSON"),
        (b'{"a": "\xff"}', "not valid JSON"),
        (b'{"c":' * 300 + b"1" + b"}" * 300, "200 levels"),
        (b"\xff", "not valid JSON"),
    ],
)
def test_a_body_that_is_none_is_refused(body, said):
    with pytest.raises(BadRequest, match=said):
        split(body, frozenset("b"))


def test_the_pieces_of_a_list():
    assert items(raw(b'[{"a": 1}, 2]')) == [raw(b'{"a": 1}'), raw(b"2")]
    assert items(raw(b"{}")) is None
