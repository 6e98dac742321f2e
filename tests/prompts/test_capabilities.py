"""What the probes find out about real and awkward templates."""

import pytest

from edge.prompts import Capabilities, known
from edge.prompts.capabilities import probe
from edge.prompts.sandbox import Program
from tests.prompts import awkward
from tests.prompts.awkward import QWEN, QWEN_DOUBLED, SMOLLM2, TEMPLATES

NO_TOOLS = {"tools": False, "results": False}


def found(source: str) -> Capabilities | None:
    return probe(Program(source, bos="<s>", eos="</s>"))


@pytest.mark.parametrize(
    ("source", "lacks"),
    [
        ((TEMPLATES / f"{QWEN}.jinja").read_text(), {}),
        ((TEMPLATES / f"{QWEN_DOUBLED}.jinja").read_text(), {}),
        ((TEMPLATES / f"{SMOLLM2}.jinja").read_text(), NO_TOOLS),
        (awkward.TEXT_ONLY, NO_TOOLS),
        (awkward.REJECTS_SYSTEM, {"system": False, **NO_TOOLS}),
        (awkward.DROPS_SYSTEM, {"system": False, **NO_TOOLS}),
        (awkward.DEMANDS_ALTERNATION, {"system": False, "alternation": True, **NO_TOOLS}),
        (awkward.TEXT_ARGUMENTS, {"arguments": "text"}),
        (awkward.PRINTS_PYTHON, {"arguments": "text"}),
        (awkward.TYPED_CONTENT, {"typed_content": True, **NO_TOOLS}),
        (awkward.NEEDS_TOOLS_UNDEFINED, {"omit_tools": True, **NO_TOOLS}),
        (awkward.MOVES_TOOLS, {"append_only": False}),
        (known.QWEN3, {"thinking_switch": True}),
        (known.HARMONY, {"thinking_switch": True, "effort_levels": True}),
        (known.LLAMA3, {"parallel_calls": False, "text_beside_calls": False}),
        (known.GEMMA, {"system": False, "alternation": True, **NO_TOOLS}),
    ],
)
def test_what_a_template_can_do(source: str, lacks: dict[str, object]) -> None:
    assert found(source) == Capabilities(**lacks)


@pytest.mark.parametrize("source", ["", "{{ raise_exception('never') }}", "no messages at all"])
def test_a_template_that_writes_no_user_message(source: str) -> None:
    assert found(source) is None
