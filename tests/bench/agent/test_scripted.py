"""The scripted server's answers are the Messages API's shapes."""

import json

from tests.bench.agent.scripted import Script, call, events, frame, message, text


def test_turns_in_order_and_the_last_for_ever() -> None:
    script = Script([[text("one")], [text("two")]])
    turns = [script.next_turn({"n": n}) for n in range(3)]
    assert [turn[0]["text"] for turn in turns] == ["one", "two", "two"]
    assert script.requests == [{"n": 0}, {"n": 1}, {"n": 2}]


def test_a_call_stops_for_its_result() -> None:
    assert message([text("a"), call("Bash", {})])["stop_reason"] == "tool_use"
    assert message([text("a")])["stop_reason"] == "end_turn"


def test_the_stream_carries_the_arguments_as_json_text() -> None:
    kinds = [event["type"] for event in events([call("Bash", {"command": "ls"})])]
    deltas = [
        e["delta"]
        for e in events([call("Bash", {"command": "ls"})])
        if "index" in e and "delta" in e
    ]
    assert kinds == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert json.loads(deltas[0]["partial_json"]) == {"command": "ls"}
    assert frame({"type": "ping"}) == b'event: ping\ndata: {"type": "ping"}\n\n'
