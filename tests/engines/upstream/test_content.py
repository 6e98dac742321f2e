"""Where the content of a relayed answer begins."""

import pytest

from edge.engines.upstream.content import MOST_HELD, has_content, has_error

START = b'event: message_start\ndata: {"type":"message_start"}\n\nevent: ping\ndata: {}\n\n'
ROLE = b'data: {"choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n'


@pytest.mark.parametrize(
    ("dialect", "beginning", "content"),
    [
        ("anthropic", START, b"event: content_block_start\ndata: {}\n\n"),
        ("anthropic", START, b"event: message_delta\ndata: {}\n\n"),
        ("openai", ROLE, b'data: {"choices":[{"delta":{"content":"H"}}]}\n\n'),
        ("openai", ROLE, b'data: {"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}\n\n'),
        ("openai", ROLE, b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'),
        ("openai", ROLE, b": comment\n\ndata: [DONE]\n\n"),
    ],
)
def test_a_beginning_is_no_content(dialect, beginning, content):
    assert not has_content(dialect, beginning)
    assert has_content(dialect, beginning + content)


def test_errors_are_seen():
    assert has_error("anthropic", START + b"event: error\ndata: {}\n\n")
    assert has_error("openai", b'data: {"error": {"message": "full"}}\n\n')
    assert not has_error("anthropic", START)
    assert not has_error("openai", ROLE)


def test_what_never_gets_to_the_point_is_not_held_for_ever():
    assert has_content("anthropic", START + b" " * MOST_HELD)
