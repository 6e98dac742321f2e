"""Tools, choices and cache marks, both ways."""

import pytest

from edge.chat import CacheMark, ToolChoice, ToolSpec
from edge.dialects.anthropic.tools import (
    parse_cache,
    parse_choice,
    parse_tool,
    render_cache,
    render_choice,
    render_tool,
)
from edge.dialects.fields import Fields
from edge.errors import BadRequest


@pytest.mark.parametrize(
    ("entry", "tool"),
    [
        ({"name": "t", "input_schema": {}, "description": "d"}, ToolSpec("t", "d", {})),
        ({"name": "w", "type": "web_search_20250305"}, ToolSpec("w", kind="web_search_20250305")),
    ],
)
def test_both_ways(entry, tool):
    assert parse_tool(entry, "tools.0") == tool
    assert render_tool(tool) == entry


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ("t", "tools.0: Input should be a valid dictionary"),
        ({"input_schema": {}}, "tools.0.custom.name: Field required"),
        (
            {"name": "", "input_schema": {}},
            "tools.0.custom.name: String should have at least 1 character",
        ),
        ({"name": "t"}, "tools.0.custom.input_schema: Field required"),
        (
            {"name": "t", "input_schema": []},
            "tools.0.custom.input_schema: Input should be a valid dictionary",
        ),
        (
            {"name": "t", "input_schema": {}, "strict": "no"},
            "tools.0.custom.strict: Input should be a valid boolean",
        ),
        ({"type": 7}, "tools.0.type: Input should be a valid string"),
    ],
)
def test_faults(entry, sentence):
    with pytest.raises(BadRequest) as caught:
        parse_tool(entry, "tools.0")
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    "choice",
    [
        ToolChoice(),
        ToolChoice("auto", parallel=False),
        ToolChoice("any"),
        ToolChoice("none"),
        ToolChoice("tool", "t", parallel=False),
    ],
)
def test_choices_both_ways(choice):
    value = render_choice(choice).get("tool_choice")
    assert parse_choice(None if value is None else Fields(value, "tool_choice")) == choice


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({}, "tool_choice.type: Field required"),
        ({"type": "tool"}, "tool_choice.tool.name: Field required"),
        (
            {"type": "required"},
            "tool_choice: Input tag 'required' found using 'type' does not match any of the "
            "expected tags: 'auto', 'any', 'tool', 'none'",
        ),
    ],
)
def test_choice_faults(value, sentence):
    with pytest.raises(BadRequest) as caught:
        parse_choice(Fields(value, "tool_choice"))
    assert str(caught.value) == sentence


@pytest.mark.parametrize("mark", [None, CacheMark(), CacheMark("1h")])
def test_cache_marks_both_ways(mark):
    assert parse_cache(Fields(render_cache(mark), "p")) == mark


def test_an_unknown_lifetime_is_the_default():
    value = {"cache_control": {"type": "ephemeral", "ttl": "1y"}}
    assert parse_cache(Fields(value, "p")) == CacheMark("5m")
