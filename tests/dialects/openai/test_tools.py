"""Tools and choices, both ways."""

import pytest

from edge.chat import ToolChoice, ToolSpec
from edge.dialects.fields import Fields
from edge.dialects.openai.tools import parse_choice, parse_tool, render_choice, render_tool
from edge.errors import BadRequest


def test_a_tool_both_ways():
    tool = ToolSpec("t", "does", {"type": "object"}, strict=True)
    assert parse_tool(render_tool(tool), "") == tool


def test_a_function_without_parameters_takes_none():
    tool = parse_tool({"type": "function", "function": {"name": "t"}}, "")
    assert tool.schema == {"type": "object", "properties": {}}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"type": "custom", "custom": {"name": "t"}}, "tools.0.type: Input should be 'function'"),
        ({"type": "function"}, "tools.0.function: Field required"),
        ({"function": {"name": ""}}, "tools.0.function.name: String"),
        ({"function": {"name": "t", "parameters": []}}, "tools.0.function.parameters"),
    ],
)
def test_a_tool_that_is_none(value, words):
    with pytest.raises(BadRequest) as caught:
        parse_tool(value, "tools.0")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "choice",
    [
        ToolChoice(),
        ToolChoice(parallel=False),
        ToolChoice("any"),
        ToolChoice("none"),
        ToolChoice("tool", "t", parallel=False),
    ],
)
def test_choices_both_ways(choice):
    assert parse_choice(Fields(render_choice(choice), ""), {"t"}) == choice


def test_a_choice_of_another_kind():
    given = {"tool_choice": {"type": "allowed_tools", "allowed_tools": {}}}
    with pytest.raises(BadRequest, match=r"tool_choice\.type: Input should be 'function'"):
        parse_choice(Fields(given, ""), {"t"})
