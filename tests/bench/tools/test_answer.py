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
