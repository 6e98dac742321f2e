"""What a chat template's text gives away: its tool call format and its reasoning marks.

Reads strings only. Called by template, families and whatever picks a parser.
"""

from __future__ import annotations

import re

_REASONING: tuple[tuple[str, str], ...] = (
    ("<think>", "</think>"),
    ("[THINK]", "[/THINK]"),
    ("<seed:think>", "</seed:think>"),
    ("<|channel|>analysis<|message|>", "<|end|>"),
)

# Most telling first: a template of one format may quote the marks of a later one.
_CALL_MARKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("harmony", ("<|channel|>", "<|message|>")),
    ("qwen_xml", ("<function=", "<parameter=")),
    ("glm", ("<arg_key>",)),
    ("mistral", ("[TOOL_CALLS]",)),
    ("hermes", ("<tool_call>",)),
    ("llama3", ("<|start_header_id|>", '"parameters":')),
    ("llama3", ("<|python_tag|>",)),
)

_ARCHITECTURES: dict[str, str] = {
    "gpt-oss": "harmony",
    "qwen35": "qwen_xml",
    "qwen35moe": "qwen_xml",
    "qwen3next": "qwen_xml",
    "glm4moe": "glm",
}


def toolcall_family(template_source: str, architecture: str) -> str:
    """The format in which the model will call tools: one of hermes, qwen_xml, llama3,
    mistral, glm, harmony, generic. A template that knows no tools has them explained
    to the model in Hermes style, so hermes it is.
    """
    if not re.search(r"\btools\b", template_source):
        return "hermes"
    source = template_source.replace('\\"', '"')
    for family, marks in _CALL_MARKS:
        if all(mark in source for mark in marks):
            return family
    return _ARCHITECTURES.get(architecture, "generic")


def reasoning_tags(template_source: str) -> tuple[str, str] | None:
    """The marks that open and close the model's reasoning, or None if it has none."""
    for opening, closing in _REASONING:
        if opening in template_source:
            return opening, closing
    if "<|channel|>" in template_source and "analysis" in template_source:
        return _REASONING[-1]
    if "</think>" in template_source:
        return "<think>", "</think>"
    return None


_DOUBLED = re.compile(
    r"\{\{(\s*\\?\"name\\?\"\s*:[^{}\n]{1,80}\\?\"arguments\\?\"\s*:[^{}\n]{1,80})\}\}"
)


def repair_example(template_source: str) -> str:
    """The template with single braces around its tool call example.

    Some published templates (Qwen2.5-Coder's) show the model ``{{"name": ...}}``, an
    escape of a format string that nothing ever formats, and the model then writes it so.
    """
    return _DOUBLED.sub(r"{\1}", template_source)
