"""Grammars for a whole answer: a call that must be made, or a document of a given shape.

Text only, for the worker to compile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge.chat import JsonObject, ToolSpec
from edge.errors import UnsatisfiableSchema
from edge.toolcalls.grammar import Grammar, regex_text
from edge.toolcalls.narrowing import Narrowing
from edge.toolcalls.schemas import sanitised
from edge.toolcalls.shapes import GLM, MISTRAL_ARGUMENTS, QWEN, Family
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

_MISTRAL_NAMED = _Frame("", "[TOOL_CALLS]NAME[ARGS]", "", "", "")
"""Mistral's later form, for vocabularies that have its marker."""

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
    prompt has begun. ``specials`` are token ids of the markers, thoughts' tags among them,
    that are control tokens of the vocabulary. Raises UnsatisfiableSchema.
    """
    offered = Toolbox(tools).tools
    if not offered:
        raise UnsatisfiableSchema("A tool must be called, but none is on offer.")
    named = family is Family.MISTRAL and MISTRAL_ARGUMENTS in (specials or {})
    frame = _MISTRAL_NAMED if named else _FRAMES[family]
    grammar = Grammar(specials, narrowings)
    writer = _Writer(grammar, family, frame, offered)
    more = f"({_join(grammar, frame.between)} {writer.calls('')})*"
    if not (parallel and frame.parallel):
        more = ""
    last = f"{more} {_join(grammar, frame.last)}"
    start = f"{_join(grammar, frame.first)} {writer.calls('')} {last}"
    if prose:
        start = _with_prose(grammar, frame, writer, last)
    if reasoning is not None:
        start = f"{_thought(grammar, reasoning[1])} ({start})"
    return grammar.text(start)


class _Writer:
    """Writes the rule for one call of any of the tools; each tool's arguments only once."""

    def __init__(
        self, grammar: Grammar, family: Family, frame: _Frame, tools: Sequence[Tool]
    ) -> None:
        self._grammar = grammar
        self._frame = frame
        self._shape = _SHAPES.get(family)
        self._arguments = [(tool.name, self._rule(tool)) for tool in tools]

    def calls(self, written: str) -> str:
        """One call, less what is ``written`` of its opener already."""
        grammar, frame = self._grammar, self._frame
        end = _join(grammar, frame.end)
        bodies = []
        for name, arguments in self._arguments:
            opener = frame.each.replace("NAME", name).removeprefix(written)
            bodies.append(f"{_join(grammar, opener)} {arguments} {end}")
        return grammar.rule(" | ".join(bodies))

    def _rule(self, tool: Tool) -> str:
        if self._shape is not None and tool.taggable:
            return self._grammar.tagged(tool, self._shape)
        return self._grammar.arguments(tool)


def _join(grammar: Grammar, text: str) -> str:
    return grammar.literal(text) if text else ""


def _with_prose(grammar: Grammar, frame: _Frame, writer: _Writer, last: str) -> str:
    """Prose up to the first call's opener, or prose that never holds it."""
    common = frame.each.split("NAME")[0]
    mark = (frame.first or common).split("\n")[0]
    after = frame.first.removeprefix(mark)
    first = writer.calls("" if frame.first else common)
    token = grammar.literal(mark)
    if token.startswith("<["):
        lead = f"{grammar.terminal(f'/(?s:.{{0,{MAX_LEAD}}})/')} {token}"
        text = grammar.terminal("/(?s:.*)/")
    else:
        lead = grammar.rule(f"/(?s:.{{0,{MAX_LEAD}}}){regex_text(mark)}/", lazy=True)
        text = grammar.terminal(f"/(?s:.*)/ & ~/(?s:.*){regex_text(mark)}(?s:.*)/")
    return f"{lead} {_join(grammar, after)} {first} {last} | {text}"


def _thought(grammar: Grammar, end: str) -> str:
    token = grammar.literal(end)
    if token.startswith("<["):
        return f"{grammar.terminal('/(?s:.*)/')} {token} BLANK"
    return f"{grammar.rule(f'/(?s:.*){regex_text(end)}/', lazy=True)} BLANK"


def output_grammar(
    schema: JsonObject,
    *,
    specials: Mapping[str, int] | None = None,
    reasoning: tuple[str, str] | None = None,
) -> str:
    """An answer that is one JSON document of ``schema``; ``specials`` and ``reasoning`` as
    for forced_grammar. Raises UnsatisfiableSchema."""
    grammar = Grammar(specials)
    document = grammar.document(sanitised(schema).schema)
    thought = "" if reasoning is None else _thought(grammar, reasoning[1])
    return grammar.text(f"{thought} {document}".strip())
