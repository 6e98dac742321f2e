"""Reading a stream and judging its calls."""

import json
from typing import Any

import pytest

from tests.bench.agent.scripted import call, events, frame, text
from tests.bench.tools.answer import Call, fault, read_answer, read_events

SCHEMAS: dict[str, Any] = {
    "go": {
        "type": "object",
        "properties": {"to": {"enum": ["a", "b"]}, "url": {"type": "string", "format": "uri"}},
        "required": ["to"],
        "additionalProperties": False,
    }
}


def test_text_and_calls() -> None:
    answer = read_answer(events([text("I go."), call("go", {"to": "a"}), call("go", {})]))
    assert answer.text == "I go."
    assert answer.calls == (Call("go", '{"to": "a"}'), Call("go", "{}"))
    assert (answer.stop_reason, answer.error) == ("tool_use", None)


def test_the_wire_is_read() -> None:
    wire = b"".join(map(frame, events([text("hi")])))
    assert read_answer(read_events(wire.splitlines(keepends=True))).text == "hi"


def test_a_stream_that_breaks_off() -> None:
    whole = list(events([call("go", {"to": "a"})]))
    answer = read_answer(whole[:3])
    assert answer.error == "the stream ended without message_stop"
    assert answer.calls == (Call("go", '{"to": "a"}', whole=False),)


def test_an_error_event() -> None:
    answer = read_answer([{"type": "error", "error": {"type": "api_error", "message": "no"}}])
    assert answer.error is not None
    assert json.loads(answer.error)["message"] == "no"


def test_arguments_that_came_with_the_start() -> None:
    block = {"type": "tool_use", "id": "t", "name": "go", "input": {"to": "b"}}
    answer = read_answer(
        [
            {"type": "content_block_start", "index": 0, "content_block": block},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_stop"},
        ]
    )
    assert answer.calls == (Call("go", '{"to": "b"}'),)


def cut_at(stop_reason: str, pieces: str) -> list[dict[str, Any]]:
    block = {"type": "tool_use", "id": "t", "name": "go", "input": {}}
    delta = {"type": "input_json_delta", "partial_json": pieces}
    return [
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": stop_reason}},
        {"type": "message_stop"},
    ]


@pytest.mark.parametrize(
    ("stop_reason", "pieces", "cut"),
    [
        ("max_tokens", '{"to": "a', True),
        ("max_tokens", '{"to": "a"}', False),
        ("tool_use", '{"to": "a', False),
    ],
)
def test_half_a_call_is_an_invalid_one_that_says_whether_length_cut_it(
    stop_reason: str, pieces: str, cut: bool
) -> None:
    answer = read_answer(cut_at(stop_reason, pieces))
    assert answer.calls == (Call("go", pieces),)
    assert answer.cut is cut
    assert bool(fault(answer.calls[0], SCHEMAS)) is pieces.endswith("a")


@pytest.mark.parametrize(
    ("found", "complaint"),
    [
        (Call("go", '{"to": "a", "url": "http://x.org"}'), None),
        (Call("go", '{"to": "a"}', whole=False), "never closed"),
        (Call("run", "{}"), "not among the offered"),
        (Call("go", '{"to": '), "not JSON"),
        (Call("go", "[]"), "not an object"),
        (Call("go", "{}"), "required"),
        (Call("go", '{"to": "c"}'), "not one of"),
        (Call("go", '{"to": "a", "x": 1}'), "Additional properties"),
        (Call("go", '{"to": "a", "url": "no url"}'), "uri"),
    ],
)
def test_fault(found: Call, complaint: str | None) -> None:
    said = fault(found, SCHEMAS)
    assert said is None if complaint is None else complaint in (said or "")
