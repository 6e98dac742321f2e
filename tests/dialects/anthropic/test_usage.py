import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.chat import Usage
from edge.dialects.anthropic import usage_in
from edge.units import Tokens

BEFORE = Usage(Tokens(5), Tokens(6), Tokens(7), Tokens(1))


def test_the_beginning_the_end_and_a_whole():
    begun = b'{"type":"message_start","message":{"usage":{"input_tokens":3,"output_tokens":1}}}'
    assert usage_in(begun) == Usage(input=Tokens(3), output=Tokens(1))
    ended = b'{"type":"message_delta","usage":{"output_tokens":9,"input_tokens":null}}'
    assert usage_in(ended, BEFORE) == Usage(Tokens(5), Tokens(6), Tokens(7), Tokens(9))
    whole = b'{"content":[{"input":{"usage":{"input_tokens":99}}}],"usage":{"input_tokens":2}}'
    assert usage_in(whole) == Usage(input=Tokens(2))


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{", b'{"usage":{}}', b'{"usage":null}', b'{"usage":{"input_tokens":"x"}}',
     b'{"usage":{"input_tokens":[]}}', b'{"usage":3}', b'{"usage":{"input_tokens":1e999}}'],
)  # fmt: skip
def test_what_counts_nothing(data: bytes):
    assert usage_in(data) is None


@given(st.binary(max_size=60))
def test_any_bytes_are_borne(data: bytes):
    usage_in(data)
