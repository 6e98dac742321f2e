"""Grammars for a whole answer: a call that must be made, or a document of a given shape.

Text only, for the worker to compile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge.chat import JsonObject, ToolSpec
from edge.errors import UnsatisfiableSchema
from edge.toolcalls.grammar import Grammar, quoted, regex_text
from edge.toolcalls.narrowing import Narrowing
from edge.toolcalls.schemas import sanitised
from edge.toolcalls.shapes import GLM, QWEN, Family
from edge.toolcalls.toolbox import Tool, Toolbox

MAX_LEAD = 1200
"""Characters of prose that may stand before a call."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """How a family writes calls: what stands around all of them, each, and between two."""

    first: str
    each: str
    end: str
    between: str
    last: str
    parallel: bool = True


_FRAMES = {
    Family.HERMES: _Frame("<tool_call>\n", '{"name": "NAME", "arguments": ', "}\n</tool_call>",
                          "\n<tool_call>\n", ""),
    Family.QWEN_XML: _Frame("<tool_call>\n", "<function=NAME>\n", "\n</tool_call>",
                            "\n<tool_call>\n", ""),
    Family.LLAMA3: _Frame("", '{"name": "NAME", "parameters": ', "}", "; ", ""),
    Family.MISTRAL: _Frame("[TOOL_CALLS][", '{"name": "NAME", "arguments": ', "}", ", ", "]"),
    Family.GLM: _Frame("<tool_call>", "NAME\n", "", "\n<tool_call>", ""),
    Family.HARMONY: _Frame(
        "", "<|channel|>commentary to=functions.NAME <|constrain|>json<|message|>", "", "", "",
        parallel=False,
    ),
    Family.GENERIC: _Frame("", '{"name": "NAME", "arguments": ', "}", "\n", ""),
}  # fmt: skip

_SHAPES = {Family.QWEN_XML: QWEN, Family.GLM: GLM}


def forced_grammar(
    tools: Sequence[ToolSpec],
    family: Family = Family.GENERIC,
    *,
    prose: bool = False,
    parallel: bool = True,
    narrowings: Sequence[Narrowing] = (),
    specials: Mapping[str, int] | None = None,
    reasoning: tuple[str, str] | None = None,
) -> str:
    """An answer that calls one of ``tools``, in the family's own form.

    ``prose`` lets text stand before the call, or instead of it. ``parallel`` allows
    more calls after the first. ``reasoning`` opens the answer with a thought that the
    prompt has begun. Raises UnsatisfiableSchema.
    """
    offered = Toolbox(tools).tools
    if not offered:
        raise UnsatisfiableSchema("A tool must be called, but none is on offer.")
    frame = _FRAMES[family]
    grammar = Grammar(specials, narrowings)
    bodies = [_call(grammar, tool, family, frame) for tool in offered]
    one = grammar.rule(" | ".join(bodies))
    more = f" ({_text(grammar, frame.between)} {one})*" if parallel and frame.parallel else ""
    calls = grammar.rule(f"{one}{more} {_text(grammar, frame.last)}")
    start = _with_prose(grammar, frame, calls) if prose else _text(grammar, frame.first, calls)
    if reasoning is not None:
        start = f"{_thought(grammar, reasoning[1])} ({start})"
    return grammar.text(start)


def _call(grammar: Grammar, tool: Tool, family: Family, frame: _Frame) -> str:
    opener = grammar.literal(frame.each.replace("NAME", tool.name))
    shape = _SHAPES.get(family)
    if shape is not None and tool.taggable:
        arguments = grammar.tagged(tool, shape)
    else:
        arguments = grammar.arguments(tool)
    return grammar.rule(f"{opener} {arguments} {_text(grammar, frame.end)}")


def _text(grammar: Grammar, text: str, then: str = "") -> str:
    literal = grammar.literal(text) if text else ""
    return f"{literal} {then}".strip()


def _with_prose(grammar: Grammar, frame: _Frame, calls: str) -> str:
    """Prose up to the first call's opener, or prose that never holds it."""
    opener = frame.first or frame.each.split("NAME")[0]
    rest = calls
    if not frame.first:
        raise UnsatisfiableSchema("This family's calls cannot follow prose under a grammar.")
    mark = opener.split("\n")[0]
    token = grammar.literal(mark)
    if token.startswith("<["):
        lead = f"{grammar.terminal(f'/(?s:.{{0,{MAX_LEAD}}})/')} {token}"
        text = grammar.terminal("/(?s:.*)/")
    else:
        lead = grammar.rule(f"/(?s:.{{0,{MAX_LEAD}}}){regex_text(mark)}/", lazy=True)
        text = grammar.terminal(f"/(?s:.*)/ & ~/(?s:.*){regex_text(mark)}(?s:.*)/")
    after = opener.removeprefix(mark)
    return f"{lead} {quoted(after) if after else ''} {rest} | {text}"


def _thought(grammar: Grammar, end: str) -> str:
    token = grammar.literal(end)
    if token.startswith("<["):
        return f"{grammar.terminal('/(?s:.*)/')} {token} BLANK"
    return f"{grammar.rule(f'/(?s:.*){regex_text(end)}/', lazy=True)} BLANK"


def output_grammar(schema: JsonObject) -> str:
    """An answer that is one JSON document of ``schema``. Raises UnsatisfiableSchema."""
    grammar = Grammar()
    return grammar.text(grammar.document(sanitised(schema).schema))
