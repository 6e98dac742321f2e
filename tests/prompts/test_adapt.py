"""Conversations bent to what a template lacks."""

from dataclasses import replace

import pytest

from edge.prompts import Capabilities
from edge.prompts.adapt import OPENING, adapt
from edge.prompts.capabilities import PLAIN

SYSTEM = {"role": "system", "content": "S"}
ASK = {"role": "user", "content": "U"}
TOOL = {"type": "function", "function": {"name": "T", "description": "", "parameters": {}}}


def call(*ids: str, text: str = "") -> dict:
    calls = [
        {"type": "function", "id": i, "function": {"name": "T", "arguments": {"a": i}}} for i in ids
    ]
    return {"role": "assistant", "content": text, "tool_calls": calls}


def result(identity: str) -> dict:
    return {"role": "tool", "content": f"R{identity}", "name": "T", "tool_call_id": identity}


def brief(messages: list[dict]) -> list[str]:
    return [f"{m['role'][0]}:{m['content']}" + "!" * len(m.get("tool_calls", ())) for m in messages]


def test_what_fits_is_left_alone() -> None:
    messages = [SYSTEM, ASK, call("1"), result("1"), ASK]
    assert adapt(messages, [TOOL], Capabilities()) == (messages, [TOOL])


@pytest.mark.parametrize(
    ("lacks", "before", "after"),
    [
        ({"system": False}, [SYSTEM, ASK], ["u:S\n\nU"]),
        ({"system": False}, [SYSTEM], ["u:S"]),
        ({"alternation": True}, [ASK, ASK], ["u:U\n\nU"]),
        ({"alternation": True}, [{"role": "assistant", "content": "A"}], [f"u:{OPENING}", "a:A"]),
        (
            {"user_after_result": False},
            [ASK, call("1"), result("1"), ASK],
            ["u:U", "a:!", "t:R1\n\nU"],
        ),
        (
            {"results": False},
            [ASK, call("1"), result("1")],
            ["u:U", "a:!", "u:<tool_response>\nR1\n</tool_response>"],
        ),
        (
            {"parallel_calls": False},
            [call("1", "2", text="x"), result("1"), result("2"), ASK],
            ["a:x!", "t:R1", "a:!", "t:R2", "u:U"],
        ),
        ({"text_beside_calls": False}, [ASK, call("1", text="x")], ["u:U", "a:x", "a:!"]),
    ],
)
def test_each_lack(lacks: dict, before: list[dict], after: list[str]) -> None:
    shaped, _ = adapt(before, [], replace(Capabilities(), **lacks))
    assert brief(shaped) == after


def test_short_ids_are_counted_so_that_earlier_ones_stay() -> None:
    shaped, _ = adapt([call("toolu_x"), result("toolu_x")], [], Capabilities(short_ids=True))
    assert shaped[0]["tool_calls"][0]["id"] == shaped[1]["tool_call_id"] == "call00000"


def test_arguments_as_text() -> None:
    shaped, _ = adapt([call("1")], [], Capabilities(arguments="text"))
    assert shaped[0]["tool_calls"][0]["function"]["arguments"] == '{"a": "1"}'


def test_typed_content_keeps_an_empty_text_empty() -> None:
    shaped, _ = adapt([ASK, call("1")], [], Capabilities(typed_content=True))
    assert shaped[0]["content"] == [{"type": "text", "text": "U"}]
    assert shaped[1]["content"] == ""


def test_tools_are_explained_where_the_template_knows_none() -> None:
    messages = [SYSTEM, ASK, call("1", text="x"), result("1"), ASK]
    shaped, tools = adapt(messages, [TOOL], Capabilities(tools=False, results=False))
    assert tools == []
    assert [m["role"] for m in shaped] == ["system", "user", "assistant", "user"]
    assert shaped[0]["content"].startswith("# Tools")
    assert shaped[0]["content"].endswith("\n\nS")
    assert '{"name": "function-name", "arguments"' in shaped[0]["content"]
    called = '<tool_call>\n{"name": "T", "arguments": {"a": "1"}}\n</tool_call>'
    assert shaped[2]["content"] == f"x\n{called}"
    assert shaped[3]["content"] == "<tool_response>\nR1\n</tool_response>\n\nU"


def test_everything_at_once_still_takes_turns() -> None:
    messages = [SYSTEM, call("1", "2"), result("1"), result("2"), ASK, ASK]
    shaped, _ = adapt(messages, [TOOL], PLAIN)
    assert [m["role"] for m in shaped] == ["user", "assistant", "user"]
    assert all(word in shaped[2]["content"] for word in ("R1", "R2", "U"))
