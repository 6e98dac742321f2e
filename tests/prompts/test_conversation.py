"""Chat requests as template messages; and the real client's requests, at their size."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edge.chat import (
    ChatRequest,
    Image,
    Message,
    Text,
    ToolChange,
    ToolResult,
    ToolSpec,
    ToolUse,
)
from edge.dialects.anthropic.parse import parse
from edge.prompts import normalise, to_messages
from edge.prompts.conversation import IMAGE_MARK, NO_RESULT
from tests.prompts.awkward import NOW, QWEN, REAL, real
from tests.prompts.padding import padded

RECORDINGS = Path(__file__).parent.parent / "recordings"


def test_the_shape_that_templates_expect() -> None:
    request = ChatRequest(
        "m",
        (
            Message("user", (Text("list"),)),
            Message(
                "assistant",
                (
                    Text("ok"),
                    ToolUse("a", "Bash", {"command": "ls"}),
                    ToolUse("b", "Read", {"path": ("x",)}),
                ),
            ),
            Message(
                "user",
                (
                    ToolResult("b", (Text("gone"),), is_error=True),
                    ToolResult("a", (Text("f1"), Text("f2"))),
                    Text("and now?"),
                ),
            ),
        ),
        system=(Text("Be brief."), Text("Be kind.")),
        tools=(
            ToolSpec("Bash", "runs", {"$schema": "s", "type": "object"}),
            ToolSpec("Later", deferred=True),
        ),
    )
    messages, tools = to_messages(request)
    assert messages == [
        {"role": "system", "content": "Be brief.\n\nBe kind."},
        {"role": "user", "content": "list"},
        {
            "role": "assistant",
            "content": "ok",
            "tool_calls": [
                {
                    "type": "function",
                    "id": "a",
                    "function": {"name": "Bash", "arguments": {"command": "ls"}},
                },
                {
                    "type": "function",
                    "id": "b",
                    "function": {"name": "Read", "arguments": {"path": ["x"]}},
                },
            ],
        },
        {"role": "tool", "content": "f1\nf2", "name": "Bash", "tool_call_id": "a"},
        {"role": "tool", "content": "Error: gone", "name": "Read", "tool_call_id": "b"},
        {"role": "user", "content": "and now?"},
    ]
    parameters = {"type": "object", "properties": {}}
    function = {"name": "Bash", "description": "runs", "parameters": parameters}
    assert tools == [{"type": "function", "function": function}]


def test_calls_without_results_and_results_without_calls() -> None:
    call = Message("assistant", (ToolUse("a", "Bash", {}),))
    stray = Message("user", (ToolResult("zz", (Text("old"),)),))
    messages, _ = to_messages(ChatRequest("m", (call, stray)))
    assert [m["content"] for m in messages[1:]] == [
        NO_RESULT,
        "<tool_response>\nold\n</tool_response>",
    ]
    assert [m["role"] for m in messages] == ["assistant", "tool", "user"]
    assert len(to_messages(ChatRequest("m", (call,)))[0]) == 1
    assert to_messages(ChatRequest("m", (call, call)))[0][1]["content"] == NO_RESULT


def test_the_schema_of_a_structured_answer_is_told() -> None:
    request = ChatRequest("m", (Message("user", (Text("t"),)),), output_schema={"type": "object"})
    assert to_messages(request)[0][0]["content"].endswith('schema:\n{"type": "object"}')


def test_images_and_tool_changes_in_a_turn() -> None:
    parts = (
        ToolChange("addition", "X", ToolSpec("X", "does x")),
        ToolChange("removal", "Y"),
        Image("image/png", data=b""),
    )
    content = to_messages(ChatRequest("m", (Message("user", parts),)))[0][0]["content"]
    assert '"description": "does x"' in content
    assert "The tool Y is no longer available." in content
    assert content.endswith(IMAGE_MARK)


# --- what Claude Code really sends ------------------------------------------------------------


def recorded(name: str) -> ChatRequest:
    call = json.loads((RECORDINGS / f"claude-code-{name}.json").read_text())
    return parse(json.dumps(padded(call["body"])).encode(), dict(call["headers"]))


CHATS = [
    f"{version}-{kind}"
    for version in ("2.1.197", "2.1.330")
    for kind in ("bare", "default-tools", "subagent", "title", "tool-results")
] + ["2.1.330-tool-search", "2.1.330-auto"]


@pytest.mark.parametrize("name", CHATS)
def test_every_real_request_renders(name: str) -> None:
    request = normalise(recorded(name))
    assert normalise(request) == request
    messages, tools = to_messages(request)
    for model in REAL:
        text = real(model).render(messages, tools, now=NOW, enable_thinking=False)
        assert text.endswith("<|im_start|>assistant\n")
        assert "x-anthropic-billing-header" not in text
        assert all(f'"name": "{tool.name}"' in text for tool in request.tools)


def test_tool_results_come_in_the_order_of_their_calls() -> None:
    messages, _ = to_messages(normalise(recorded("2.1.330-tool-results")))
    calls = [c["id"] for m in messages for c in m.get("tool_calls", ())]
    assert [m["tool_call_id"] for m in messages if m["role"] == "tool"] == calls


def test_another_task_shares_all_but_the_persons_words() -> None:
    """Attribution and task differ; system, tools and reminders stay one prefix."""
    one = recorded("2.1.330-default-tools")
    assert "Say hello" in str(one.messages[0])
    first = replace(one.messages[0], parts=(*one.messages[0].parts[:-1], Text("Fix the bug")))
    header = Text("x-anthropic-billing-header: cc_version=9; cch=fffff;")
    other = replace(
        one,
        messages=(first, *one.messages[1:]),
        system=(header, *one.system[1:]),
        tools=tuple(reversed(one.tools)),
    )
    texts = [
        real(QWEN).render(*to_messages(normalise(r)), now=NOW, enable_thinking=False)
        for r in (one, other)
    ]
    task = "Say hello<|im_end|>\n<|im_start|>assistant\n"
    assert texts[0].endswith(task)
    assert texts[1].startswith(texts[0].removesuffix(task))
