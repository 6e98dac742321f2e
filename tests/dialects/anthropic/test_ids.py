"""Ids of the API's own form and length."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.dialects.anthropic import RANDOM_BYTES, batch_id, message_id, request_id, tool_use_id

some = st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES)


@given(some)
def test_form_and_length(random_bytes):
    assert re.fullmatch(r"msg_01[0-9A-Za-z]{22}", message_id(random_bytes))
    assert re.fullmatch(r"toolu_01[0-9A-Za-z]{22}", tool_use_id(random_bytes))
    assert re.fullmatch(r"req_01[0-9A-Za-z]{22}", request_id(random_bytes))


@given(some, some)
def test_different_bytes_give_different_ids(one, other):
    assert (message_id(one) == message_id(other)) == (one == other)


@pytest.mark.parametrize("length", [0, 15, 17])
def test_other_lengths_are_refused(length):
    with pytest.raises(ValueError, match="16 random bytes"):
        message_id(b"x" * length)


def test_a_batchs_id_is_like_the_apis():
    assert re.fullmatch(r"msgbatch_01[0-9A-Za-z]{22}", batch_id(bytes(range(RANDOM_BYTES))))
