"""The header that says how long an answer may last."""

import pytest

from edge.dialects.deadline import parse_deadline
from edge.errors import BadRequest


def test_a_number_of_seconds():
    assert parse_deadline(None) is None
    assert parse_deadline("2.5") == 2.5


@pytest.mark.parametrize("header", ["", "soon", "0", "-1", "nan", "inf"])
def test_anything_else_is_told(header):
    with pytest.raises(BadRequest, match="expected a positive number of seconds"):
        parse_deadline(header)
