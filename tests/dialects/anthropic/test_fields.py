"""Typed reading of JSON, and the depth that is refused."""

import pytest

from edge.dialects.anthropic.fields import MAX_DEPTH, Fields, decode_object, join
from edge.errors import BadRequest


def nested(depth):
    return b'{"a":' * depth + b"1" + b"}" * depth


def test_depth():
    assert decode_object(nested(MAX_DEPTH)).path == ""
    with pytest.raises(BadRequest, match="more than 200 levels"):
        decode_object(nested(MAX_DEPTH + 1))
    with pytest.raises(BadRequest, match="more than 200 levels"):
        decode_object(nested(10_000))


def test_paths():
    assert join("", "a") == "a"
    assert join("a", 0) == "a.0"
    assert Fields({}, "").at("a") == "a"
    assert Fields({}, "a").tagged("b").at("c") == "a.b.c"


def test_whole_numbers_that_are_written_as_floats():
    assert Fields({"n": 5.0}, "").maybe_whole("n", at_least=0) == 5


def test_required_null_is_missing():
    with pytest.raises(BadRequest, match=r"^a: Field required$"):
        Fields({"a": None}, "").text("a")
    assert Fields({"a": ""}, "").text("a") == ""
