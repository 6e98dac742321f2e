"""What a template's text gives away."""

import pytest

from edge.prompts import known, reasoning_tags, repair_example, toolcall_family
from tests.prompts.awkward import NOW, QWEN, QWEN_DOUBLED, SMOLLM2, TEMPLATES, template

TOOL = {"type": "function", "function": {"name": "T", "description": "", "parameters": {}}}


def source(name: str) -> str:
    return (TEMPLATES / f"{name}.jinja").read_text()


@pytest.mark.parametrize(
    ("text", "architecture", "family"),
    [
        (source(QWEN), "qwen2", "hermes"),
        (source(SMOLLM2), "llama", "hermes"),
        (known.QWEN_XML, "qwen3moe", "qwen_xml"),
        (known.LLAMA3, "llama", "llama3"),
        (known.MISTRAL_NEMO, "llama", "mistral"),
        (known.MISTRAL_V13, "mistral3", "mistral"),
        (known.GLM45, "glm4moe", "glm"),
        (known.HARMONY, "gpt-oss", "harmony"),
        ("{{ tools }}", "qwen35", "qwen_xml"),
        ("{{ tools }}", "new", "generic"),
        ("{{ messages }}", "new", "hermes"),
    ],
)
def test_the_format_of_tool_calls(text: str, architecture: str, family: str) -> None:
    assert toolcall_family(text, architecture) == family


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        (known.QWEN3, ("<think>", "</think>")),
        ("{{ content.split('</think>') }}", ("<think>", "</think>")),
        ("[THINK]{{ x }}[/THINK]", ("[THINK]", "[/THINK]")),
        (known.HARMONY, ("<|channel|>analysis<|message|>", "<|end|>")),
        (known.GEMMA, None),
    ],
)
def test_the_marks_of_reasoning(text: str, tags: tuple[str, str] | None) -> None:
    assert reasoning_tags(text) == tags


def test_doubled_braces_are_rendered_and_cured() -> None:
    """The 1.5B's template shows the model a call that is not JSON; the 0.5B's does not."""
    hello = [{"role": "user", "content": "hi"}]
    single, doubled = '{"name": <function-name>', '{{"name": <function-name>'
    broken = source(QWEN_DOUBLED)
    assert doubled in template(broken).render(hello, [TOOL], now=NOW, enable_thinking=False)
    cured = template(repair_example(broken)).render(hello, [TOOL], now=NOW, enable_thinking=False)
    assert doubled not in cured
    assert single in cured
    assert "<args-json-object>}\n</tool_call>" in cured
    assert repair_example(broken) == source(QWEN)


@pytest.mark.parametrize(
    "text",
    [source(QWEN), source(SMOLLM2), known.GLM45, "{{ {'name': 'a', 'arguments': {}} }}", ""],
)
def test_nothing_else_is_touched(text: str) -> None:
    assert repair_example(text) == text
