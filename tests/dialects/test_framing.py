"""Server-sent events: encoding, and decoding under any split."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.dialects.framing import (
    EventTooLong,
    ServerSentEvent,
    SseDecoder,
    encode_data,
    encode_sse,
)

SAMPLE = (
    "\ufeffevent: a\r\ndata: 1\r\n\r\n"
    ": a comment\n\n"
    "data: first\ndata:second\n\n"
    "id: 7\nretry: 10\nevent:b\ndata: ünï 🦀\r\r"
    "event: no data\n\n"
    "data\n\n"
    "event: last\ndata: {}"
).encode()
EXPECTED = [
    ServerSentEvent("a", "1"),
    ServerSentEvent("message", "first\nsecond"),
    ServerSentEvent("b", "ünï 🦀"),
    ServerSentEvent("message", ""),
    ServerSentEvent("last", "{}"),
]


def decode(chunks: list[bytes]) -> list[ServerSentEvent]:
    decoder = SseDecoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return events + decoder.close()


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


def test_encodes_one_frame():
    frame = encode_sse("ping", {"type": "ping", "text": "two\nlines ü"})
    assert frame.startswith(b"event: ping\ndata: {")
    assert frame.endswith(b"}\n\n")
    assert frame.count(b"\n") == 3
    assert json.loads(frame.split(b"data: ")[1]) == {"type": "ping", "text": "two\nlines ü"}


def test_decodes_the_whole():
    assert decode([SAMPLE]) == EXPECTED


def test_decodes_byte_by_byte():
    assert decode([SAMPLE[i : i + 1] for i in range(len(SAMPLE))]) == EXPECTED


@given(st.lists(st.integers(0, len(SAMPLE)), max_size=12))
def test_decodes_any_split(places):
    assert decode(cut(SAMPLE, places)) == EXPECTED


@given(st.lists(st.binary(max_size=20), max_size=8))
def test_any_bytes_split_alike(chunks):
    assert decode(chunks) == decode([b"".join(chunks)])


def test_event_comes_as_soon_as_its_blank_line():
    decoder = SseDecoder()
    assert decoder.feed(b"data: x\n") == []
    assert decoder.feed(b"\n") == [ServerSentEvent("message", "x")]
    assert decoder.feed(b"data: y\r\n\r") == [ServerSentEvent("message", "y")]
    assert decoder.feed(b"\n") == []
    assert decoder.close() == []


def test_close_is_empty_on_an_empty_stream():
    assert decode([]) == []
    assert decode([b"\xef\xbb"]) == []


def test_bytes_that_are_no_utf8_are_replaced():
    assert decode([b"data: \xff\n\n"]) == [ServerSentEvent("message", "\ufffd")]


@pytest.mark.parametrize("size", [1, 1000])
def test_a_long_line_is_not_scanned_again_and_again(size):
    data = b"data: " + b"x" * 200_000 + b"\n\n"
    chunks = [data[i : i + size] for i in range(0, len(data), size)]
    (event,) = decode(chunks)
    assert len(event.data) == 200_000


def test_a_frame_without_a_name():
    assert encode_data({"a": "x\ny"}) == b'data: {"a":"x\\ny"}\n\n'


@pytest.mark.parametrize(
    "sent",
    [
        b"data: " + b"x" * 200,
        b"x" * 200,
        b"data: " + b"x" * 200 + b"\n\n",
        b"data: 0123456789\n" * 10,
        b"data:\n" * 50,
    ],
)
def test_an_event_without_end_is_not_gathered(sent):
    decoder = SseDecoder(longest=100)
    with pytest.raises(EventTooLong, match="more than 100 bytes"):
        for byte in sent:
            decoder.feed(bytes([byte]))


def test_many_short_events_are_no_long_one():
    decoder = SseDecoder(longest=100)
    assert len(decoder.feed(b"data: 0123456789\n\n" * 50)) == 50
