import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.chat import Usage
from edge.dialects.openai import usage_in
from edge.units import Tokens


def test_a_chunk_and_a_whole():
    counts = (
        b'{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":3}}'
    )
    for data in (b'{"choices":[],"usage":' + counts + b"}", b'{"usage":' + counts + b',"id":"x"}'):
        assert usage_in(data) == Usage(Tokens(6), Tokens(3), output=Tokens(4))


@pytest.mark.parametrize("data", [b"", b"[DONE]", b"{}", b'{"usage":null}', b'{"usage":[]}'])
def test_what_counts_nothing(data: bytes):
    assert usage_in(data) is None


@given(st.binary(max_size=60))
def test_any_bytes_are_borne(data: bytes):
    usage_in(data)
