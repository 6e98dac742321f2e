"""What a request's thinking and effort are to a template."""

import pytest

from edge.chat import ChatRequest, ThinkingOption, ToolChoice
from edge.prompts.thinking import reasoning_effort, wants_thinking


def asked(mode: str, effort: str | None, choice: str = "auto") -> ChatRequest:
    return ChatRequest(
        model="m",
        messages=(),
        thinking=ThinkingOption(mode),
        effort=effort,
        tool_choice=ToolChoice(choice),
    )


@pytest.mark.parametrize(
    ("mode", "effort", "thinks", "level"),
    [
        ("disabled", None, False, "low"),
        ("disabled", "high", False, "high"),
        ("enabled", None, True, None),
        ("enabled", "low", True, "low"),
        ("adaptive", None, True, None),
        ("adaptive", "low", False, "low"),
        ("adaptive", "medium", True, "medium"),
        ("adaptive", "xhigh", True, "high"),
        ("adaptive", "max", True, "high"),
        ("adaptive", "later", True, None),
    ],
)
def test_thinking_and_effort(mode: str, effort: str | None, thinks: bool, level: str) -> None:
    assert wants_thinking(asked(mode, effort)) == thinks
    assert reasoning_effort(asked(mode, effort)) == level


@pytest.mark.parametrize("choice", ["any", "tool"])
def test_a_demanded_call_comes_without_a_thought(choice: str) -> None:
    assert not wants_thinking(asked("enabled", None, choice))
