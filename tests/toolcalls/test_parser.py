"""Every shape of a call, whole and in pieces, guarded and not; and all that is no call."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.chat import ToolSpec
from edge.toolcalls import (
    CallAborted,
    CallArguments,
    CallClosed,
    CallOpened,
    Family,
    ParseEvent,
    Parser,
    Prose,
    Thought,
)
from edge.toolcalls.events import EventLog
from edge.toolcalls.toolbox import Tool

Call = tuple[str, dict[str, Any]]


def read(
    tools: tuple[ToolSpec, ...],
    text: str | list[str],
    family: Family = Family.GENERIC,
    *,
    guard: bool = False,
    **options: Any,
) -> list[ParseEvent]:
    """All events, neighbours merged; every trigger gets the same answer."""
    parser = Parser(tools, family, **options)
    log = EventLog()
    for piece in [text] if isinstance(text, str) else text:
        events = parser.feed(piece)
        while parser.pending is not None:
            events += parser.guard(guard)
        for event in events:
            log.add(event)
    for event in parser.finish():
        log.add(event)
    return log.take()


def simple(events: list[ParseEvent]) -> list[str | Call]:
    """Prose as strings, calls as name and arguments; the order of a call's events checked."""
    result: list[str | Call] = []
    rest = iter(events)
    for event in rest:
        match event:
            case Prose(text):
                result.append(text)
            case CallOpened(name):
                arguments = next(rest)
                assert isinstance(arguments, CallArguments)
                assert next(rest) == CallClosed()
                result.append((name, json.loads(arguments.json)))
            case _:
                raise AssertionError(event)
    return result


LS: Call = ("Bash", {"command": "ls"})
PY: Call = ("Read", {"file_path": "a.py"})

SHAPES: dict[str, tuple[str, list[str | Call]]] = {
    # Hermes, Qwen 2.5, Qwen 3
    "hermes": (
        '<tool_call>\n{"name": "Bash", "arguments": {"command": "ls"}}\n</tool_call>',
        [LS],
    ),
    "hermes two": (
        'Two.\n<tool_call>\n{"name": "Bash", "arguments": {"command": "ls"}}\n</tool_call>\n'
        '<tool_call>\n{"name": "Read", "arguments": {"file_path": "a.py"}}\n</tool_call>',
        ["Two.", LS, PY],
    ),
    "hermes then prose": (
        '<tool_call>{"name": "Bash", "arguments": {"command": "ls"}}</tool_call>\n\nDone.',
        [LS, "Done."],
    ),
    # Qwen3-Coder
    "xml": (
        "Look:\n<tool_call>\n<function=Bash>\n<parameter=command>\nls\n</parameter>\n</function>\n"
        "</tool_call>",
        ["Look:", LS],
    ),
    "xml without opener": (
        "<function=Read>\n<parameter=file_path>\na.py\n</parameter>\n<parameter=limit>\n20\n"
        "</parameter>\n</function>\n</tool_call>",
        [("Read", {"file_path": "a.py", "limit": 20})],
    ),
    "xml raw text": (
        '<function=Bash>\n<parameter=command>\ncat <<E\n"a\\b" </p>\n\nE\n</parameter>\n'
        "<parameter=background>\nTrue\n</parameter>\n</function>",
        [("Bash", {"command": 'cat <<E\n"a\\b" </p>\n\nE', "background": True})],
    ),
    "xml two": (
        "<function=Bash>\n<parameter=command>\nls\n</parameter>\n</function>\n"
        "<function=Read>\n<parameter=file_path>\na.py\n</parameter>\n</function>",
        [LS, PY],
    ),
    "xml nested json": (
        "<function=mcp__plan__TodoWrite>\n<parameter=mode>\nappend\n</parameter>\n"
        '<parameter=todos>\n[{"text": "a"}]\n</parameter>\n</function>',
        [("mcp__plan__TodoWrite", {"mode": "append", "todos": [{"text": "a"}]})],
    ),
    "invoke": (
        '<invoke name="Bash">\n<parameter name="command">ls</parameter>\n</invoke>',
        [LS],
    ),
    # Llama 3.1
    "llama": ('{"name": "Bash", "parameters": {"command": "ls"}}', [LS]),
    "llama tag": ('<|python_tag|>{"name": "Bash", "parameters": {"command": "ls"}}', [LS]),
    "llama two": (
        '{"name": "Bash", "parameters": {"command": "ls"}}; '
        '{"name": "Read", "parameters": {"file_path": "a.py"}}',
        [LS, PY],
    ),
    "llama function": ('<function=Bash>{"command": "ls"}</function> ok', [LS, "ok"]),
    # Mistral
    "mistral": ('[TOOL_CALLS][{"name": "Bash", "arguments": {"command": "ls"}}]', [LS]),
    "mistral two": (
        '[TOOL_CALLS] [{"name": "Bash", "arguments": {"command": "ls"}}, '
        '{"name": "Read", "arguments": {"file_path": "a.py"}}]',
        [LS, PY],
    ),
    "mistral named": (
        '[TOOL_CALLS]Bash[ARGS]{"command": "ls"}[TOOL_CALLS]Read[ARGS]{"file_path": "a.py"}',
        [LS, PY],
    ),
    "mistral with id": ('[TOOL_CALLS]Bash[CALL_ID]a1b2c3[ARGS]{"command": "ls"}', [LS]),
    # GLM
    "glm": (
        "<tool_call>Bash\n<arg_key>command</arg_key>\n<arg_value>ls</arg_value>\n</tool_call>",
        [LS],
    ),
    "glm typed": (
        "Now.\n<tool_call>Read\n<arg_key>file_path</arg_key>\n<arg_value>a.py</arg_value>\n"
        "<arg_key>limit</arg_key>\n<arg_value>5</arg_value>\n</tool_call>",
        ["Now.", ("Read", {"file_path": "a.py", "limit": 5})],
    ),
    "glm dense": (
        "<tool_call>Bash<arg_key>command</arg_key><arg_value>\nls\n</arg_value></tool_call>",
        [("Bash", {"command": "\nls\n"})],
    ),
    # gpt-oss
    "harmony": (
        '<|channel|>commentary to=functions.Bash <|constrain|>json<|message|>{"command":"ls"}'
        "<|call|>",
        [LS],
    ),
    "harmony role": (
        '<|start|>assistant<|channel|>commentary to=functions.Read<|message|>{"file_path": "a.py"}',
        [PY],
    ),
    "harmony recipient first": (
        "<|start|>assistant to=functions.Bash<|channel|>commentary json<|message|>"
        '{"command": "ls"}<|call|>',
        [LS],
    ),
    # What small coder models write
    "fenced": (
        'Sure!\n\n```json\n{"name": "Bash", "arguments": {"command": "ls"}}\n```\n\nThis lists.',
        ["Sure!", LS, "This lists."],
    ),
    "fenced list": (
        '```json\n[\n  {"name": "Bash", "arguments": {"command": "ls"}},\n'
        '  {"name": "Read", "arguments": {"file_path": "a.py"}}\n]\n```',
        [LS, PY],
    ),
    "fenced objects": (
        '```\n{"name": "Bash", "arguments": {"command": "ls"}}\n'
        '{"name": "Read", "arguments": {"file_path": "a.py"}}\n```',
        [LS, PY],
    ),
    "two fences": (
        '```json\n{"name": "Bash", "arguments": {"command": "ls"}}\n```\n```json\n'
        '{"name": "Read", "arguments": {"file_path": "a.py"}}\n```',
        [LS, PY],
    ),
    "fence on one line": ('```{"name": "Bash", "arguments": {"command": "ls"}}```', [LS]),
    "inline code": (
        'Run `{"name": "Bash", "arguments": {"command": "ls"}}` now',
        ["Run", LS, "now"],
    ),
    "unclosed fence": ('```json\n{"name": "Bash", "arguments": {"command": "ls"}}', [LS]),
    "fence around a tag": (
        '```xml\n<tool_call>\n{"name": "Bash", "arguments": {"command": "ls"}}\n</tool_call>\n```',
        [LS],
    ),
    "tools": ('<tools>\n{"name": "Bash", "arguments": {"command": "ls"}}\n</tools>', [LS]),
    "doubled": ('{{"name": "Bash", "arguments": {"command": "ls"}}}', [LS]),
    "doubled, one short": ('{{"name": "Bash", "arguments": {"command": "ls"}}', [LS]),
    "doubled twice": ('{{"name": "Bash", "arguments": {{"command": "ls"}}}} ok', [LS, "ok"]),
    "doubled in a fence": (
        '```json\n{{"name": "Bash", "arguments": {"command": "ls"}}}\n```\nDone',
        [LS, "Done"],
    ),
    "arguments as text": ('{"name": "Bash", "arguments": "{\\"command\\": \\"ls\\"}"}', [LS]),
    "input": ('{"name": "Bash", "input": {"command": "ls"}}', [LS]),
    "args": ('{"name": "Bash", "args": {"command": "ls"}}', [LS]),
    "name last": ('{"arguments": {"command": "ls"}, "name": "Bash"}', [LS]),
    "function object": (
        '{"type": "function", "function": {"name": "Bash", "arguments": {"command": "ls"}}}',
        [LS],
    ),
    "function name": (
        '{"type": "function", "function": "Bash", "parameters": {"command": "ls"}}',
        [LS],
    ),
    "tool": ('{"tool": "Bash", "arguments": {"command": "ls"}}', [LS]),
    "tool_name": ('{"tool_name": "Bash", "tool_input": {"command": "ls"}}', [LS]),
    "flat": ('{"tool": "Bash", "command": "ls"}', [LS]),
    "tool_calls": (
        '{"tool_calls": [{"type": "function", "function": {"name": "Bash", "arguments": '
        '{"command": "ls"}}}, {"name": "Read", "arguments": {"file_path": "a.py"}}]}',
        [LS, PY],
    ),
    "lower case": ('{"name": "bash", "arguments": {"command": "ls"}}', [LS]),
    "functions prefix": ('{"name": "functions.Bash", "arguments": {"command": "ls"}}', [LS]),
    "id": ('{"id": "c1", "name": "Bash", "arguments": {"command": "ls"}, "id2": 1}', [LS]),
    "no arguments": ('{"name": "ListAgents"}', [("ListAgents", {})]),
    "empty arguments": ('{"name": "ListAgents", "arguments": {}}', [("ListAgents", {})]),
    "missing brace": (
        '{"name": "Bash", "arguments": {"command": "ls"}\n\nThen more',
        [LS, "Then more"],
    ),
    "two braces missing": ('{"name": "Bash", "arguments": {"command": "ls"', [LS]),
    "brace missing in a fence": (
        '```json\n{"name": "Bash", "arguments": {"command": "ls"}\n```\nok',
        [LS, "ok"],
    ),
    "stray closing": ('{"name": "Bash", "arguments": {"command": "ls"}}\n</tool_call>', [LS]),
    "bad escapes": (
        '{"name": "Bash", "arguments": {"command": "grep \\.py\\$ \\\'a\\\'"}}',
        [("Bash", {"command": "grep \\.py\\$ 'a'"})],
    ),
    "raw line breaks": (
        '{"name": "Bash", "arguments": {"command": "a\n\tb"}}',
        [("Bash", {"command": "a\n\tb"})],
    ),
    "trailing comma": ('{"name": "Bash", "arguments": {"command": "ls",},}', [LS]),
    "number as text": (
        '{"name": "Read", "arguments": {"file_path": "a.py", "limit": "5"}}',
        [("Read", {"file_path": "a.py", "limit": 5})],
    ),
    "boolean as text": (
        '{"name": "Bash", "arguments": {"command": "ls", "background": "true"}}',
        [("Bash", {"command": "ls", "background": True})],
    ),
    "null for nothing": (
        '{"name": "Read", "arguments": {"file_path": "a.py", "limit": null}}',
        [PY],
    ),
    "invented key": (
        '{"name": "Bash", "arguments": {"command": "ls", "cwd": "/"}}',
        [LS],
    ),
    "key that may be there": (
        '{"name": "mcp__plan__TodoWrite", "arguments": {"todos": [], "why": 1}}',
        [("mcp__plan__TodoWrite", {"todos": [], "why": 1})],
    ),
    "prose around": (
        'I will.\n\n{"name": "Bash", "arguments": {"command": "ls"}}\n\nAnd then?\n',
        ["I will.", LS, "And then?\n"],
    ),
}

PROSE = [
    '{"name": "Alice", "age": 3}',
    'Here you are:\n```json\n{"name": "Alice", "age": 3}\n```\nBye.\n',
    '```json\n{\n  "name": "bash",\n  "version": "1.0"\n}\n```',
    '{"name": "Bush", "arguments": {"command": "ls"}}',
    '{"name": "Bash", "arguments": {"cmd": "ls"}}',
    '{"name": "Bash", "arguments": ["ls"]} tail',
    '{"name": "Bash", "description": "runs", "input_schema": {}}',
    '{"name": "Bash"}',
    'Bash(command="ls")',
    "```python\nprint({'a': 1})\n```",
    "```bash\nls -la\n```",
    "Use `ls` and [a link](http://x/) with <b>tags</b> if a < b {and} more.",
    "<tool_call>nothing here</tool_call>",
    "<function=Bush>\n<parameter=x>\n1\n</parameter>\n</function>",
    "<tools>\n",
    "[TOOL_CALLS]Bush[ARGS]{}",
    "[1, 2, 3] [[nested]] []",
    "std::function<void()> f; if (a<b) { return x[0]; }",
    '{"arguments": {"command": "ls"}}',
    '{"parameters": {"a": {"b": [1, 2',
    '{"tool_calls": []}',
    '{"type": "object", "properties": {}}',
    "<|channel|>commentary to=functions.Bush<|message|>{}",
    "<|channel|>analysis<|message|>hm",
    "  \n leading and trailing \n ",
    "``` ``",
    "{{{{[[[[<<<<````",
    "",
]


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("whole", [True, False])
def test_shapes(name: str, whole: bool, tools: tuple[ToolSpec, ...]) -> None:
    text, expected = SHAPES[name]
    assert simple(read(tools, text if whole else list(text))) == expected


@pytest.mark.parametrize("family", Family)
def test_every_shape_under_every_hint(family: Family, tools: tuple[ToolSpec, ...]) -> None:
    for text, expected in SHAPES.values():
        assert simple(read(tools, text, family)) == expected, text


@pytest.mark.parametrize("text", PROSE)
@pytest.mark.parametrize("whole", [True, False])
def test_what_is_no_call_stays_text(text: str, whole: bool, tools: tuple[ToolSpec, ...]) -> None:
    expected = [Prose(text)] if text else []
    assert read(tools, text if whole else list(text)) == expected


def test_no_tools() -> None:
    for text, _ in SHAPES.values():
        assert read((), text) == [Prose(text)]


# --- guarded --------------------------------------------------------------------------------

GUARDED = [
    "hermes", "hermes two", "xml", "xml without opener", "xml raw text", "xml two", "llama",
    "llama tag", "llama two", "mistral", "mistral two", "mistral named", "glm", "glm typed",
    "harmony", "fenced", "fenced list", "fenced objects", "two fences", "tools", "doubled",
    "function object", "tool_calls", "lower case", "prose around", "empty arguments",
    "xml nested json", "invoke",
]  # fmt: skip


@pytest.mark.parametrize("name", GUARDED)
@pytest.mark.parametrize("whole", [True, False])
def test_guarded_shapes(name: str, whole: bool, tools: tuple[ToolSpec, ...]) -> None:
    text, expected = SHAPES[name]
    assert simple(read(tools, text if whole else list(text), guard=True)) == expected


def test_a_trigger_comes_where_the_arguments_begin(tools: tuple[ToolSpec, ...]) -> None:
    parser = Parser(tools)
    assert parser.feed('```json\n{"name": "Bash", "arguments"') == []
    assert parser.pending is None
    parser.feed(": {")
    assert parser.pending is not None
    assert parser.pending.tool.name == "Bash"
    assert parser.pending.tail == " {"
    assert parser.guard(True) == [CallOpened("Bash"), CallArguments("{")]
    assert parser.guarding
    assert parser.feed('"command": "l') == [CallArguments('"command": "l')]
    assert parser.feed('s"}') == [CallArguments('s"}'), CallClosed()]
    assert parser.guarding
    assert parser.feed("}") == []
    assert not parser.guarding
    assert parser.feed("\n```\n\nDone") == [Prose("Done")]


def test_text_streams_out_of_tags(tools: tuple[ToolSpec, ...]) -> None:
    parser = Parser(tools, Family.QWEN_XML)
    parser.feed("<function=Bash>\n")
    assert parser.pending is not None
    assert parser.pending.tail == "\n"
    assert parser.guard(True) == [CallOpened("Bash")]
    assert parser.feed("<parameter=command>\nec") == [CallArguments('{"command": "ec')]
    assert parser.feed('ho "é"\n</para') == [CallArguments('ho \\"é\\"')]
    assert parser.feed("x") == [CallArguments("\\n</parax")]
    assert parser.feed("\n</parameter>\n</function>") == [CallArguments('"}'), CallClosed()]
    assert not parser.guarding


def test_a_refused_guard_falls_back_to_the_whole_call(tools: tuple[ToolSpec, ...]) -> None:
    parser = Parser(tools)
    parser.feed('{"name": "Bash", "arguments": "{')
    assert parser.guard(False) == []
    assert not parser.guarding
    events = parser.feed('\\"command\\": \\"ls\\"}"}') + parser.finish()
    assert simple(events) == [LS]


def test_a_schema_that_a_grammar_cannot_hold_is_read_whole(
    tools: tuple[ToolSpec, ...],
) -> None:
    parser = Parser(tools)
    parser.feed('{"name": "mcp__plan__TodoWrite", "arguments":')
    assert parser.guard(True) == []
    assert parser.guarding
    assert parser.feed(' {"todos": []') == []
    assert simple(parser.feed("}}")) == [("mcp__plan__TodoWrite", {"todos": []})]
    assert not parser.guarding


def test_a_guarded_call_that_is_cut_is_aborted(tools: tuple[ToolSpec, ...]) -> None:
    events = read(tools, '{"name": "Bash", "arguments": {"command": "l', guard=True)
    assert events == [CallOpened("Bash"), CallArguments('{"command": "l'), CallAborted()]


def test_a_guarded_call_whose_last_brace_is_cut_is_whole(tools: tuple[ToolSpec, ...]) -> None:
    events = read(tools, '{"name": "Bash", "arguments": {"command": "ls"}', guard=True)
    assert simple(events) == [LS]


def test_an_unguarded_call_that_is_cut_inside_a_string_is_text(
    tools: tuple[ToolSpec, ...],
) -> None:
    text = '{"name": "Bash", "arguments": {"command": "l'
    assert read(tools, text) == [Prose(text)]


def test_a_broken_promise_never_leaves_as_a_call(tools: tuple[ToolSpec, ...]) -> None:
    events = read(tools, '{"name": "Bash", "arguments": {"cmd": "ls"}} x', guard=True)
    assert CallAborted() in events
    assert CallClosed() not in events


# --- thoughts and channels --------------------------------------------------------------------

THINK = ("<think>", "</think>")


def test_thoughts(tools: tuple[ToolSpec, ...]) -> None:
    text = "<think>\nI list {x}.\n</think>\n\n" + SHAPES["hermes"][0]
    events = read(tools, list(text), reasoning=THINK)
    assert events[0] == Thought("\nI list {x}.\n")
    assert simple(events[1:]) == [LS]


def test_a_prompt_may_have_opened_the_thought(tools: tuple[ToolSpec, ...]) -> None:
    events = read(tools, "hm</think>\nYes.", reasoning=THINK, starts_in_reasoning=True)
    assert events == [Thought("hm"), Prose("Yes.")]


def test_an_unclosed_thought_is_a_thought(tools: tuple[ToolSpec, ...]) -> None:
    assert read(tools, "<think>hm </thi", reasoning=THINK) == [Thought("hm </thi")]


def test_a_call_ends_an_unclosed_thought(tools: tuple[ToolSpec, ...]) -> None:
    events = read(tools, "<think>hm\n" + SHAPES["hermes"][0], reasoning=THINK)
    assert events[0] == Thought("hm\n")
    assert simple(events[1:]) == [LS]


def test_a_tag_in_the_middle_of_a_line_is_prose(tools: tuple[ToolSpec, ...]) -> None:
    text = "The <think> tag."
    assert read(tools, list(text), reasoning=THINK) == [Prose(text)]


def test_harmony_channels(tools: tuple[ToolSpec, ...]) -> None:
    text = (
        "<|channel|>analysis<|message|>List them.<|end|><|start|>assistant<|channel|>commentary"
        "<|message|>I list.<|end|><|start|>assistant<|channel|>commentary to=functions.Bash "
        '<|constrain|>json<|message|>{"command": "ls"}<|call|>'
    )
    events = read(tools, list(text), Family.HARMONY, guard=True)
    assert events[:2] == [Thought("List them."), Prose("I list.")]
    assert simple(events[2:]) == [LS]


def test_harmony_final(tools: tuple[ToolSpec, ...]) -> None:
    text = "<|channel|>analysis<|message|>Hm<|end|><|start|>assistant<|channel|>final<|message|>Hi."
    assert read(tools, text, Family.HARMONY) == [Thought("Hm"), Prose("Hi.")]


# --- any text, any split ------------------------------------------------------------------------

FRAGMENTS = [
    *(text for text, _ in SHAPES.values()),
    *PROSE,
    *(text[: len(text) * 2 // 3] for text, _ in SHAPES.values()),
    "{", "}", "[", "]", "`", "```", "```json\n", "<tool_call>", "</tool_call>", '"', ",", ";",
    '{"name": "', "Bash", '", "arguments": ', '{"command": "', "<think>", "</think>", "\n", " ",
    "\\", "<function=Bash>", "<parameter=command>", "</parameter>", "</function>", "é", "\ud7ff",
    "<|channel|>", "<|message|>", "[TOOL_CALLS]", "[ARGS]", "<arg_key>", "{{",
]  # fmt: skip
texts = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=8), max_size=6).map("".join)


def split(text: str, cuts: list[int]) -> list[str]:
    points = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[a:b] for a, b in itertools.pairwise(points)]


@settings(max_examples=400, deadline=None)
@given(
    text=texts,
    cuts=st.lists(st.integers(0, 10_000), max_size=8),
    guard=st.booleans(),
    thinks=st.booleans(),
    family=st.sampled_from(Family),
)
def test_any_split_gives_the_same_events(
    text: str,
    cuts: list[int],
    guard: bool,
    thinks: bool,
    family: Family,
    tools: tuple[ToolSpec, ...],
) -> None:
    reasoning = THINK if thinks else None
    whole = read(tools, text, family, guard=guard, reasoning=reasoning)
    assert read(tools, split(text, cuts), family, guard=guard, reasoning=reasoning) == whole
    assert read(tools, list(text), family, guard=guard, reasoning=reasoning) == whole


@settings(max_examples=400, deadline=None)
@given(text=texts)
def test_no_text_is_lost_where_no_call_is(text: str, tools: tuple[ToolSpec, ...]) -> None:
    events = read(tools, text)
    if not any(isinstance(event, CallOpened) for event in events):
        assert "".join(event.text for event in events if isinstance(event, Prose)) == text


@settings(max_examples=400, deadline=None)
@given(text=texts, guard=st.booleans())
def test_every_closed_call_is_valid(text: str, guard: bool, tools: tuple[ToolSpec, ...]) -> None:
    known = {spec.name: Tool(spec) for spec in tools}
    name, arguments = "", ""
    for event in read(tools, text, guard=guard):
        match event:
            case CallOpened(opened):
                name, arguments = opened, ""
            case CallArguments(piece):
                arguments += piece
            case CallClosed():
                assert known[name].is_valid(json.loads(arguments))
            case _:
                pass


@settings(max_examples=100, deadline=None)
@given(
    command=st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    limit=st.integers(),
    guard=st.booleans(),
)
def test_any_argument_comes_through(
    command: str, limit: int, guard: bool, tools: tuple[ToolSpec, ...]
) -> None:
    call = {"name": "Bash", "arguments": {"command": command, "timeout": limit}}
    expected = [("Bash", call["arguments"])]
    for ascii_only in (True, False):
        text = f"```json\n{json.dumps(call, ensure_ascii=ascii_only)}\n```"
        assert simple(read(tools, text, guard=guard)) == expected
