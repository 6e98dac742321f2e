"""Grammars for whole answers."""

from collections.abc import Callable

import pytest

from edge.chat import ToolSpec
from edge.errors import UnsatisfiableSchema
from edge.toolcalls import Family, Narrowing, Parser, forced_grammar, output_grammar
from edge.toolcalls.events import CallClosed, CallOpened, Prose

Accepts = Callable[[str, str], bool]

CALLS = {
    Family.HERMES: '<tool_call>\n{"name": "Bash", "arguments": {"command": "ls"}}\n</tool_call>',
    Family.QWEN_XML: (
        "<tool_call>\n<function=Bash>\n<parameter=command>\nls\n</parameter>\n</function>\n"
        "</tool_call>"
    ),
    Family.LLAMA3: '{"name": "Bash", "parameters": {"command": "ls"}}',
    Family.MISTRAL: '[TOOL_CALLS][{"name": "Bash", "arguments": {"command": "ls"}}]',
    Family.GLM: (
        "<tool_call>Bash\n<arg_key>command</arg_key>\n<arg_value>ls</arg_value>\n</tool_call>"
    ),
    Family.HARMONY: (
        '<|channel|>commentary to=functions.Bash <|constrain|>json<|message|>{"command": "ls"}'
    ),
    Family.GENERIC: '{"name": "Bash", "arguments": {"command": "ls"}}',
}


@pytest.mark.parametrize("family", Family)
def test_one_call_in_the_familys_form(
    family: Family, accepts: Accepts, tools: tuple[ToolSpec, ...]
) -> None:
    grammar = forced_grammar(tools, family)
    assert accepts(grammar, CALLS[family])
    assert not accepts(grammar, "I will. " + CALLS[family])
    assert not accepts(grammar, CALLS[family].replace("Bash", "Bush"))
    assert not accepts(grammar, CALLS[family].replace("command", "cmd"))


@pytest.mark.parametrize("family", Family)
def test_the_parser_reads_what_is_forced(family: Family, tools: tuple[ToolSpec, ...]) -> None:
    parser = Parser(tools, family, forced=True)
    events = [event for ch in CALLS[family] for event in parser.feed(ch)] + parser.finish()
    assert events[0] == CallOpened("Bash")
    assert events[-1] == CallClosed()
    assert parser.pending is None


@pytest.mark.parametrize(
    ("family", "between"),
    [
        (Family.HERMES, "\n"),
        (Family.QWEN_XML, "\n"),
        (Family.GLM, "\n"),
        (Family.LLAMA3, "; "),
        (Family.GENERIC, "\n"),
    ],
)
def test_parallel(
    family: Family, between: str, accepts: Accepts, tools: tuple[ToolSpec, ...]
) -> None:
    twice = CALLS[family] + between + CALLS[family]
    assert accepts(forced_grammar(tools, family), twice)
    assert not accepts(forced_grammar(tools, family, parallel=False), twice)


@pytest.mark.parametrize("family", Family)
def test_prose_is_a_way_out(family: Family, accepts: Accepts, tools: tuple[ToolSpec, ...]) -> None:
    grammar = forced_grammar(tools, family, prose=True)
    assert accepts(grammar, "Nothing to do <here> [at] {all}.")
    assert accepts(grammar, CALLS[family])
    assert accepts(grammar, "Let me look.\n\n" + CALLS[family])
    assert not accepts(grammar, "Let me look.\n\n" + CALLS[family].replace("command", "cmd"))


def test_a_thought_may_come_first(accepts: Accepts, tools: tuple[ToolSpec, ...]) -> None:
    grammar = forced_grammar(tools, Family.HERMES, reasoning=("<think>", "</think>"))
    assert accepts(grammar, "I think.\n</think>\n\n" + CALLS[Family.HERMES])
    assert not accepts(grammar, CALLS[Family.HERMES])


def test_markers_that_are_tokens(
    compile_grammar: Callable[[str], object], tools: tuple[ToolSpec, ...]
) -> None:
    specials = {"<tool_call>": 267}
    for prose in (False, True):
        grammar = forced_grammar(tools, Family.HERMES, prose=prose, specials=specials)
        assert "<[267]>" in grammar
        compile_grammar(grammar)


def test_mistrals_later_form_where_the_vocabulary_has_its_marker(
    compile_grammar: Callable[[str], object], tools: tuple[ToolSpec, ...]
) -> None:
    later = forced_grammar(tools, Family.MISTRAL, specials={"[TOOL_CALLS]": 267, "[ARGS]": 256})
    assert '<[267]> "Bash" <[256]>' in later
    assert '"name' not in later
    earlier = forced_grammar(tools, Family.MISTRAL, specials={"[TOOL_CALLS]": 267})
    assert "name" in earlier
    compile_grammar(later)


def test_narrowed(accepts: Accepts, tools: tuple[ToolSpec, ...]) -> None:
    grammar = forced_grammar(
        tools, Family.GENERIC, narrowings=[Narrowing("Edit", "old_string", ["a\n"])]
    )
    call = '{"name": "Edit", "arguments": {"file_path": "f", "old_string": "%s", "new_string": ""}}'
    assert accepts(grammar, call % "a")
    assert not accepts(grammar, call % "b")


def test_no_tools() -> None:
    with pytest.raises(UnsatisfiableSchema):
        forced_grammar([], Family.HERMES)


def test_recorded_tools(recorded: list[ToolSpec], compile_grammar: Callable[[str], object]) -> None:
    for family in Family:
        compile_grammar(forced_grammar(recorded, family, prose=True))


def test_output_grammar(accepts: Accepts) -> None:
    grammar = output_grammar(
        {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
    )
    assert accepts(grammar, '{"title": "Fix it"}')
    assert accepts(grammar, '{\n  "title": "Fix it"\n}')
    assert not accepts(grammar, '{"title": 1}')
    assert not accepts(grammar, '{"title": "x", "more": 1}')
    assert not accepts(grammar, ' {"title": "x"}')
    assert not accepts(grammar, "{" + " " * 40 + '"title": "x"}')
    with pytest.raises(UnsatisfiableSchema):
        output_grammar(False)  # type: ignore[arg-type]


def test_a_thought_may_come_before_a_document(accepts: Accepts) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    grammar = output_grammar(schema, reasoning=("<think>", "</think>"))
    assert accepts(grammar, 'Hm.\n</think>\n{"a": 1}')
    assert not accepts(grammar, '{"a": 1}')
    as_token = output_grammar(schema, specials={"</think>": 267}, reasoning=("<think>", "</think>"))
    assert "<[267]>" in as_token


def test_prose_alone_is_prose(tools: tuple[ToolSpec, ...]) -> None:
    parser = Parser(tools, Family.HERMES, forced=True)
    assert parser.feed("Hello.") + parser.finish() == [Prose("Hello.")]
