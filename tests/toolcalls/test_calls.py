"""Readers of a call's own text."""

from edge.chat import ToolSpec
from edge.toolcalls.calls import FunctionBody, JsonBody, ObjectCall, Signal, TagBody
from edge.toolcalls.shapes import QWEN
from edge.toolcalls.toolbox import Tool, Toolbox


def signals(tools: tuple[ToolSpec, ...], text: str) -> list[Signal]:
    call = ObjectCall(Toolbox(tools))
    return [call.push(ch) for ch in text]


def test_an_object_is_let_go_at_the_first_impossible_character(
    tools: tuple[ToolSpec, ...],
) -> None:
    for text in ('{"x', '{"nam_', '{"name": "A', '{"type": "f", "z', '{"name": "Bash", "q', "{x"):
        result = signals(tools, text)
        assert result[-1] is Signal.REJECT, text
        assert Signal.REJECT not in result[:-1], text


def test_the_trigger_is_the_colon_of_the_arguments(tools: tuple[ToolSpec, ...]) -> None:
    result = signals(tools, '{"name": "Bash", "arguments":')
    assert result[-1] is Signal.TRIGGER
    assert set(result[:-1]) == {Signal.HOLD}


def test_braces_that_remain(tools: tuple[ToolSpec, ...]) -> None:
    for text, braces in [
        ('{"name": "Bash", "arguments":', 1),
        ('{{"name": "Bash", "arguments":', 2),
        ('{"function": {"name": "Bash", "arguments":', 2),
        ('{"tool_calls": [{"function": {"name": "Bash", "arguments":', 2),
    ]:
        call = ObjectCall(Toolbox(tools))
        for ch in text:
            call.push(ch)
        assert call.braces == braces, text


def test_json_body() -> None:
    body = JsonBody()
    assert "".join(map(body.push, ' \n{"a": [1, {}]}')) == '{"a": [1, {}]}'
    assert body.done
    assert body.value == {"a": [1, {}]}
    broken = JsonBody()
    broken.push('"')
    assert (broken.broken, broken.rest) == (True, '"')


def test_tag_body(tools: tuple[ToolSpec, ...]) -> None:
    body = TagBody(Tool(tools[0]), QWEN)
    text = "\n<parameter=command>\na\n\n</parameter>\n<parameter=timeout>2</parameter></function>"
    assert "".join(map(body.push, text)) == '{"command": "a\\n", "timeout": 2}'
    assert body.value == {"command": "a\n", "timeout": 2}
    empty = TagBody(Tool(tools[4]), QWEN)
    assert "".join(map(empty.push, "</function>")) == "{}"
    cut = TagBody(Tool(tools[0]), QWEN)
    for ch in "<parameter=command>ls</parameter>\n</t":
        cut.push(ch)
    assert (cut.broken, cut.rest) == (True, "</t")
    assert cut.complete() == {"command": "ls"}


def test_function_body_takes_either(tools: tuple[ToolSpec, ...]) -> None:
    for text in ('\n{"command": "ls"}', "<parameter=command>ls</parameter></function>"):
        body = FunctionBody(Tool(tools[0]), QWEN)
        for ch in text:
            body.push(ch)
        assert body.done
        assert body.value == {"command": "ls"}
