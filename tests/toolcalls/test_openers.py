"""The beginning of a call, told from text that may become one and text that cannot."""

import pytest

from edge.chat import ToolSpec
from edge.toolcalls.openers import Openers, Opening, Undecided
from edge.toolcalls.shapes import Family
from edge.toolcalls.toolbox import Toolbox


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`", Undecided.MORE),
        ("```js", Undecided.MORE),
        ("```json\n", Undecided.MORE),
        ("```json\nx", Undecided.NO),
        ("``x", Undecided.NO),
        ("<", Undecided.MORE),
        ("<b", Undecided.NO),
        ("<tool_call>\n", Undecided.MORE),
        ("<tool_call>\nBa", Undecided.MORE),
        ("<tool_call>\nBu", Undecided.NO),
        ("<function=", Undecided.MORE),
        ("<function=mcp__", Undecided.MORE),
        ("<function=no", Undecided.NO),
        ("<function=Bush>", Undecided.NO),
        ("[", Undecided.MORE),
        ("[a", Undecided.NO),
        ("[TOOL", Undecided.MORE),
        ("[TOOL_CALLS]Bash", Undecided.MORE),
        ("[TOOL_CALLS]Bash[AR", Undecided.MORE),
        ("[TOOL_CALLS]Bash(", Undecided.NO),
        ("<|channel|>commentary to=functions.Ba", Undecided.MORE),
        ("<|channel|>" + "x" * 300, Undecided.NO),
        ("<|channel|>final<|message|>", Undecided.NO),
        ("{", Opening(0, "object")),
        ("```json\n{", Opening(8, "object", ("```",))),
        ("`{", Opening(1, "object", ("`",))),
        ("<tools>\n[{", Opening(9, "object", ("]", "</tools>"))),
        (", {", Undecided.NO),
    ],
)
def test_read(text: str, expected: object, tools: tuple[ToolSpec, ...]) -> None:
    openers = Openers(Toolbox(tools), Family.GENERIC)
    assert openers.read(text, after_call=False) == expected


def test_a_separator_only_between_calls(tools: tuple[ToolSpec, ...]) -> None:
    openers = Openers(Toolbox(tools), Family.GENERIC)
    assert openers.read(", {", after_call=True) == Opening(2, "object")
    assert openers.read(",", after_call=True) is Undecided.MORE
    assert openers.read(", x", after_call=True) is Undecided.NO


def test_channels_belong_to_one_family(tools: tuple[ToolSpec, ...]) -> None:
    openers = Openers(Toolbox(tools), Family.HARMONY)
    found = openers.read("<|channel|>final<|message|>", after_call=False)
    assert found == Opening(27, "speech")
