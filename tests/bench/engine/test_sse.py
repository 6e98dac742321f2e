"""Server-sent events out of pieces cut anywhere."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.bench.engine.sse import Decoder

STREAM = b'event: a\ndata: {"n": 1}\n\n: ping\n\nevent: b\r\ndata: {"n": 2}\r\n\r\ndata: [DONE]\n\n'


def test_events_come_when_they_are_whole() -> None:
    decoder = Decoder()
    assert decoder.feed(b'data: {"n"') == []
    assert decoder.feed(b": 1}\n") == []
    assert decoder.feed(b'\ndata: {"n": 2}\n\nda') == [{"n": 1}, {"n": 2}]


@given(st.lists(st.integers(0, len(STREAM)), max_size=6))
def test_where_it_was_cut_does_not_matter(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    decoder = Decoder()
    pieces = [STREAM[a:b] for a, b in pairwise(edges)]
    events = [event for piece in pieces for event in decoder.feed(piece)]
    assert events == [{"n": 1}, {"n": 2}]
