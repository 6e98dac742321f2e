"""The wrappers that models put around a tool call, as tables.

Data and the smallest functions over it; knows neither the parser nor a grammar engine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal


class Family(StrEnum):
    """The way of calling tools that a model was taught; a hint, never a limit."""

    HERMES = "hermes"
    QWEN_XML = "qwen_xml"
    LLAMA3 = "llama3"
    MISTRAL = "mistral"
    GLM = "glm"
    HARMONY = "harmony"
    GENERIC = "generic"


@dataclass(frozen=True, slots=True)
class TagShape:
    """A call written as tags, one per argument, with raw text between them."""

    key_open: str
    key_close: str
    value_open: str
    """What stands between the key and its value, after ``key_close``; may be empty."""
    value_close: str
    close: str
    padded: bool = False
    """Whether one line break on either side of a value belongs to the wrapping."""


QWEN = TagShape("<parameter=", ">", "", "</parameter>", "</function>", padded=True)
INVOKE = TagShape('<parameter name="', '">', "", "</parameter>", "</invoke>", padded=True)
GLM = TagShape("<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>", "</tool_call>")

NAMED_TAGS = {"<function=": (">", QWEN), '<invoke name="': ('">', INVOKE)}
"""Openers that carry the tool's name, with what ends the name."""

WRAPPERS: Mapping[str, str] = {
    "<tool_call>": "</tool_call>",
    "<tool_calls>": "</tool_calls>",
    "<tools>": "</tools>",
    "<tool>": "</tool>",
    "<tool_use>": "</tool_use>",
    "<tool_code>": "</tool_code>",
    "<function_call>": "</function_call>",
    "<function_calls>": "</function_calls>",
    "<functioncall>": "</functioncall>",
    "<call>": "</call>",
    "<|tool_call|>": "<|/tool_call|>",
    "<|python_tag|>": "<|eom_id|>",
    "[TOOL_CALLS]": "</s>",
}
"""Openers around one or several calls, with what closes them."""

STRAY_CLOSERS = ("</tool_call>", "</tools>", "</function>")
"""Closers that come after a call whose opener the model left out."""

MISTRAL_OPENER = "[TOOL_CALLS]"
MISTRAL_ARGUMENTS = "[ARGS]"
MISTRAL_ID = "[CALL_ID]"

CHANNEL = "<|channel|>"
START = "<|start|>"
MESSAGE = "<|message|>"
CHANNEL_ENDS = ("<|end|>", "<|return|>", "<|call|>")
RECIPIENT = "to=functions."

NAME_KEYS = frozenset(["name", "tool", "tool_name", "function", "function_name"])
ARGUMENT_KEYS = frozenset(
    ["arguments", "parameters", "input", "args", "params", "tool_input", "function_arguments"]
)
NEUTRAL_KEYS = frozenset(["type", "id", "call_id", "index"])
LIST_KEYS = frozenset(["tool_calls", "function_calls"])

MARKERS: Mapping[Family, frozenset[str]] = {
    Family.HERMES: frozenset(["<tool_call>", "</tool_call>"]),
    Family.QWEN_XML: frozenset(["<tool_call>", "</tool_call>"]),
    Family.LLAMA3: frozenset(["<|python_tag|>"]),
    Family.MISTRAL: frozenset([MISTRAL_OPENER, MISTRAL_ARGUMENTS, MISTRAL_ID]),
    Family.GLM: frozenset(
        ["<tool_call>", "</tool_call>", "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>"]
    ),
    Family.HARMONY: frozenset([CHANNEL, START, MESSAGE, "<|constrain|>", *CHANNEL_ENDS]),
    Family.GENERIC: frozenset(),
}
"""Markers that may be single tokens of a family's vocabulary; the parser must see their text."""


ValueKind = Literal["text", "choice", "json"]


def value_kind(root: Mapping[str, Any], schema: Any) -> ValueKind:
    """How a value of ``schema`` stands between tags: raw text, one of a list, or JSON."""
    choices = choices_of(target(root, schema))
    if choices is not None:
        return "choice"
    return "text" if "string" in _kinds(root, schema) else "json"


def choices_of(schema: Any) -> dict[str, Any] | None:
    """The values of an enum or a const by their raw text; None for any other schema."""
    if not isinstance(schema, Mapping) or not ("enum" in schema or "const" in schema):
        return None
    values = schema["enum"] if "enum" in schema else [schema["const"]]
    return {value if isinstance(value, str) else json.dumps(value): value for value in values}


def is_plain_text(root: Mapping[str, Any], schema: Any) -> bool:
    """Whether any text at all is a valid value."""
    known = target(root, schema)
    if not isinstance(known, Mapping):
        return False
    if "anyOf" in known:
        return any(is_plain_text(root, branch) for branch in known["anyOf"]) and len(known) == 1
    return set(known) <= {"type"} and "string" in _kinds(root, known)


def target(root: Mapping[str, Any], schema: Any) -> Any:
    """``schema`` with its own reference followed; ``root`` is a sanitised schema."""
    for _ in range(20):
        if not isinstance(schema, Mapping) or "$ref" not in schema:
            break
        schema = root.get("$defs", {}).get(str(schema["$ref"]).rsplit("/", 1)[-1])
    return schema


def _kinds(root: Mapping[str, Any], schema: Any, hops: int = 8) -> frozenset[str]:
    known = target(root, schema)
    if not isinstance(known, Mapping) or hops == 0:
        return frozenset(["string"])
    if "type" in known:
        names = known["type"]
        return frozenset([names] if isinstance(names, str) else names)
    branches = [*known.get("anyOf", ()), *known.get("allOf", ())]
    if branches:
        return frozenset().union(*(_kinds(root, branch, hops - 1) for branch in branches))
    if "properties" in known:
        return frozenset(["object"])
    return frozenset(["string"])
