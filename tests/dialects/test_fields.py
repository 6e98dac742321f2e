"""Typed reading of JSON, and the depth that is refused."""

import pytest

from edge.dialects.fields import MAX_DEPTH, Fields, decode_object, join
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


def test_numbers_within_bounds():
    assert Fields({"t": 2}, "").maybe_number("t", 0, 2) == 2.0
    assert Fields({}, "").maybe_number("t", 0, 2) is None
    for wrong in (2.1, -0.1, "1", True):
        with pytest.raises(BadRequest, match=r"^t: "):
            Fields({"t": wrong}, "").maybe_number("t", 0, 2)


def test_a_whole_number_may_have_no_bound():
    assert Fields({"seed": -7}, "").maybe_whole("seed") == -7
