"""Pages, errors and answers by their first bytes."""

import pytest

from edge.engines.upstream.answers import begins_with_error, kind_of, strangeness


def test_kinds():
    assert kind_of("Text/Event-Stream; charset=utf-8") == "text/event-stream"
    assert kind_of("application/problem+json") == "application/json"
    assert kind_of(None) == ""
    assert len(kind_of("x" * 1000)) == 60


@pytest.mark.parametrize(
    ("status", "kind", "stream", "is_strange"),
    [
        (200, "text/event-stream", True, False),
        (200, "application/json", False, False),
        (200, "application/json", True, True),
        (200, "text/event-stream", False, True),
        (529, "application/json", True, False),
        (400, "application/json", False, False),
        (200, "text/html", True, True),
        (500, "text/html", False, True),
        (200, None, True, True),
        (302, "application/json", True, True),
    ],
)
def test_what_is_no_answer(status, kind, stream, is_strange):
    assert (strangeness(status, kind, stream=stream) is not None) == is_strange


@pytest.mark.parametrize(
    ("chunk", "is_error"),
    [
        (b'{"error": {"message"', True),
        (b' {"error":"no"}', True),
        (b'{"type":"error","error"', True),
        (b'data: {"error": {', True),
        (b"event: error\ndata: x", True),
        (b'{"error": null, "choices"', False),
        (b'{"id":"x","error":{', False),
        (b"event: message_start\n", False),
        (b": OPENROUTER PROCESSING\n\n", False),
        (b"\x1f\x8b\x08", False),
        (b"", False),
    ],
)
def test_an_error_with_status_200(chunk, is_error):
    assert begins_with_error(chunk) == is_error
