"""Answers fed token by token, under grammars where the writer asks for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.chat import ToolSpec
from edge.engines.frames import Piece
from edge.engines.worker.constraint import Constraint, GrammarCompiler
from edge.engines.worker.native import Vocabulary
from edge.engines.worker.stops import StopFilter
from edge.engines.worker.writer import Grip, Writer
from edge.errors import UnsatisfiableSchema
from edge.toolcalls import Family, Parser, forced_grammar, output_grammar
from tests.engines.worker.conftest import MakeModel
from tests.toolcalls.conftest import BASH, READ

FREE = Grip(None, whole=False)
REQUEST = 7
SEAM, BAD_SEAM = '": {"', '": ['
"""Added tokens in which a call's arguments begin: what follows ``:`` is read before a
grammar could hold it, and an array is no tool's arguments."""

OPENING = '<tool_call>\n{"name": "Bash", "arguments": '
CALL = OPENING + '{"command": "ls"}}\n</tool_call>'
LS = [("open", "Bash"), ("arguments", '{"command": "ls"}'), ("close", "")]


@pytest.fixture(scope="module")
def vocabulary(make_model: MakeModel) -> Vocabulary:
    return make_model(architecture="qwen2", added=[SEAM, BAD_SEAM]).vocabulary


@pytest.fixture(scope="module")
def grammars(vocabulary: Vocabulary) -> GrammarCompiler:
    return GrammarCompiler(vocabulary)


def never(grammar: str) -> NoReturn:
    raise AssertionError("no grammar was to be asked for")


@dataclass
class Pen:
    """Writes texts through a writer as a model that means them does: only what it may."""

    vocabulary: Vocabulary
    writer: Writer
    pieces: list[Piece] = field(default_factory=list)

    def write(self, text: str) -> Pen:
        for token in self.vocabulary.tokenize(text):
            assert self.may_write(token), f"{self.vocabulary.text(token)!r} is forbidden here"
            self.pieces += self.writer.take(token, self.vocabulary.piece(token))
        return self

    def may_write(self, token: int) -> bool:
        if self.writer.constraint is None:
            return True
        logits = np.zeros(self.vocabulary.size, dtype=np.float32)
        self.writer.constraint.mask(logits)
        return bool(np.isfinite(logits[token]))

    def may(self, text: str) -> bool:
        return self.may_write(self.vocabulary.tokenize(text)[0])

    def finish(self) -> list[tuple[str, str]]:
        self.pieces += self.writer.finish()
        return self.read()

    def read(self) -> list[tuple[str, str]]:
        """The pieces so far; what a client would put together is one."""
        merged: list[tuple[str, str]] = []
        for piece in self.pieces:
            assert piece.id == REQUEST
            assert piece.text or piece.kind == "close"
            if merged and merged[-1][0] == piece.kind in ("text", "thought", "arguments"):
                merged[-1] = (piece.kind, merged[-1][1] + piece.text)
            else:
                merged.append((piece.kind, piece.text))
        return merged


@pytest.fixture
def pen(vocabulary: Vocabulary, grammars: GrammarCompiler) -> Callable[..., Pen]:
    def make(
        parser: Parser | None = None,
        *,
        stop: Sequence[str] = (),
        whole: str = "",
        compile_grammar: Callable[[str], Constraint] = grammars.compile,
        parallel: bool = True,
    ) -> Pen:
        grip = Grip(grammars.compile(whole), whole=True) if whole else FREE
        writer = Writer(
            REQUEST,
            parser,
            StopFilter(stop),
            grip,
            compile_grammar=compile_grammar,
            parallel=parallel,
        )
        return Pen(vocabulary, writer)

    return make


def parser(*tools: ToolSpec, family: Family = Family.HERMES, forced: bool = False) -> Parser:
    return Parser(tools or (BASH, READ), family, reasoning=("<think>", "</think>"), forced=forced)


# --- prose ------------------------------------------------------------------------------------


@pytest.mark.parametrize("reads_calls", [True, False])
def test_prose_passes_as_it_is_written(pen, reads_calls):
    answer = pen(parser() if reads_calls else None, compile_grammar=never)
    answer.write("hello world")
    assert answer.read() == [("text", "hello world")]
    assert answer.finish() == [("text", "hello world")]
    assert (answer.writer.ended, answer.writer.calls) == (None, 0)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), st.data())
def test_letters_may_be_split_anywhere(text: str, data: st.DataObject):
    """Byte by byte at the worst; nothing half is ever shown."""
    writer = Writer(REQUEST, None, StopFilter([]), FREE, compile_grammar=never, parallel=True)
    rest, pieces = text.encode(), list[Piece]()
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        pieces += writer.take(0, rest[:size])
        rest = rest[size:]
        assert text.startswith("".join(piece.text for piece in pieces))
    pieces += writer.finish()
    assert "".join(piece.text for piece in pieces) == text


def test_a_letter_of_several_tokens(pen, vocabulary):
    assert len(vocabulary.tokenize("é😀")) > 2
    assert pen().write("é😀 file").finish() == [("text", "é😀 file")]


def test_a_letter_that_was_cut_is_shown_as_one(pen, vocabulary):
    answer = pen()
    first, *_ = vocabulary.tokenize("😀")
    answer.pieces += answer.writer.take(first, vocabulary.piece(first))
    assert answer.read() == []
    assert answer.finish() == [("text", "\ufffd")]


def test_thoughts_are_told_from_words(pen):
    answer = pen(parser(), compile_grammar=never).write("<think>\nread it</think>\nhello")
    assert answer.finish() == [("thought", "\nread it"), ("text", "hello")]


# --- stop sequences ---------------------------------------------------------------------------


@pytest.mark.parametrize("reads_calls", [True, False])
def test_a_stop_sequence_of_several_tokens_ends_the_answer(pen, vocabulary, reads_calls):
    stop = "files list"
    assert len(vocabulary.tokenize(stop)) > 1
    answer = pen(parser() if reads_calls else None, stop=[stop])
    answer.write("the files")
    assert answer.read() == [("text", "the ")], "held back: it may be the stop sequence"
    answer.write(" list and more")
    assert answer.writer.ended == "stop_sequence"
    assert answer.finish() == [("text", "the ")]


def test_what_only_begins_as_a_stop_sequence_is_text(pen):
    answer = pen(stop=["files list"]).write("the files and files")
    assert answer.read() == [("text", "the files and ")]
    assert answer.finish() == [("text", "the files and files")]
    assert answer.writer.ended is None


def test_a_stop_sequence_in_what_was_held_back_to_the_end(pen):
    """``<tool`` may become a call until the end says otherwise; then it is a stop sequence."""
    answer = pen(parser(), stop=["<tool"]).write("hello <tool")
    assert answer.finish() == [("text", "hello ")]
    assert answer.writer.ended == "stop_sequence"


def test_after_a_stop_sequence_no_call_is_opened(pen):
    answer = pen(parser(), stop=["list"]).write("list " + CALL)
    assert answer.finish() == []
    assert (answer.writer.ended, answer.writer.calls) == ("stop_sequence", 0)


def test_thoughts_and_arguments_stop_nothing(pen):
    answer = pen(parser(), stop=["ls", "read"]).write("<think>read</think>" + CALL)
    assert answer.finish() == [("thought", "read"), *LS]
    assert answer.writer.ended is None


def test_what_was_held_back_comes_before_the_call(pen):
    answer = pen(parser(), stop=["files list"]).write("the files" + CALL)
    assert answer.finish() == [("text", "the files"), *LS]


# --- calls ------------------------------------------------------------------------------------


def test_a_call_is_held_from_its_arguments_to_its_end(pen):
    answer = pen(parser()).write("hello " + OPENING)
    assert answer.writer.constraint is not None
    assert not answer.may("null")
    answer.write('{"')
    assert answer.may("command")
    assert not answer.may("path"), "no property of that name"
    answer.write('command": "l')
    assert answer.read() == [("text", "hello"), ("open", "Bash"), ("arguments", '{"command": "l')]
    answer.write('s"}}')
    assert answer.writer.constraint is None
    assert answer.writer.ended is None
    assert answer.write("\n</tool_call>").finish() == [("text", "hello"), *LS]
    assert (answer.writer.calls, answer.writer.aborted) == (1, False)


def test_each_of_several_calls_is_held_to_its_own_tool(pen):
    answer = pen(parser()).write(CALL + "\n" + OPENING.replace("Bash", "Read") + '{"')
    assert answer.may("file")
    assert not answer.may("command")
    answer.write('file_path": "a"}}\n</tool_call>')
    assert answer.finish() == [
        *LS,
        ("open", "Read"),
        ("arguments", '{"file_path": "a"}'),
        ("close", ""),
    ]
    assert answer.writer.calls == 2


def test_a_token_across_the_place_where_the_grammar_begins(pen, vocabulary):
    answer = pen(parser()).write('<tool_call>{"name": "Bash", "arguments')
    (seam,) = vocabulary.tokenize(SEAM)
    answer.pieces += answer.writer.take(seam, vocabulary.piece(seam))
    assert answer.writer.constraint is not None
    assert answer.may("command")
    assert not answer.may("{"), "that brace is behind it"
    assert answer.write('command": "ls"}}</tool_call>').finish() == LS


def test_a_token_across_that_place_that_breaks_the_grammar(pen, vocabulary):
    """Then nothing is held, and what comes of it is no call."""
    answer = pen(parser()).write('<tool_call>{"name": "Bash", "arguments')
    (seam,) = vocabulary.tokenize(BAD_SEAM)
    answer.pieces += answer.writer.take(seam, vocabulary.piece(seam))
    assert answer.writer.constraint is None
    answer.write("]}</tool_call>")
    assert answer.finish() == [("text", '<tool_call>{"name": "Bash", "arguments": []}</tool_call>')]
    assert answer.writer.calls == 0


def test_a_call_without_a_grammar_is_shown_when_it_is_whole(pen):
    def compile_grammar(grammar: str) -> Constraint:
        raise UnsatisfiableSchema("no grammar")

    answer = pen(parser(), compile_grammar=compile_grammar).write(OPENING + '{"command": "ls"')
    assert answer.writer.constraint is None
    assert answer.read() == []
    assert answer.write("}}\n</tool_call>").finish() == LS


def test_an_unknown_tool_is_text(pen):
    text = CALL.replace("Bash", "Fish")
    answer = pen(parser(), compile_grammar=never).write(text)
    assert answer.finish() == [("text", text)]
    assert answer.writer.calls == 0


def test_one_call_and_no_more(pen):
    answer = pen(parser(), parallel=False).write(OPENING + '{"command": "ls"}}')
    assert answer.writer.ended == "tool_use"
    assert answer.write("\n</tool_call>\nhello " + CALL).finish() == LS
    assert answer.writer.calls == 1


# --- cut --------------------------------------------------------------------------------------


def test_a_call_that_is_cut_in_its_arguments_is_aborted(pen):
    answer = pen(parser()).write(OPENING + '{"command": "l')
    assert answer.finish() == [("open", "Bash"), ("arguments", '{"command": "l')]
    assert (answer.writer.aborted, answer.writer.calls) == (True, 0)


def test_a_call_of_which_only_the_closing_is_missing_counts(pen):
    answer = pen(parser()).write(OPENING + '{"command": "ls"}}\n</tool')
    assert answer.finish() == LS
    assert (answer.writer.aborted, answer.writer.calls) == (False, 1)


@pytest.mark.parametrize("text", ["<tool_ca", '<tool_call>\n{"name": "Ba', "the [", "a ``"])
def test_what_might_have_become_a_call_is_text_after_all(pen, text):
    answer = pen(parser()).write(text)
    assert answer.finish() == [("text", text)]
    assert not answer.writer.aborted


# --- a whole answer under one grammar ------------------------------------------------------------

SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}},
    "required": ["name"],
    "additionalProperties": False,
}
THINK = ("<think>", "</think>")


def test_a_document_ends_with_its_last_brace(pen):
    answer = pen(whole=output_grammar(SCHEMA), compile_grammar=never)
    assert not answer.may("hello")
    answer.write('{"name": "ba')
    assert answer.writer.ended is None
    answer.write('sh"}')
    assert answer.writer.ended == "end_turn"
    assert answer.finish() == [("text", '{"name": "bash"}')]


def test_a_document_may_hold_what_would_be_a_call_elsewhere(pen):
    schema = {"type": "string"}
    answer = pen(whole=output_grammar(schema), compile_grammar=never)
    assert answer.write('"<tool_call>"').finish() == [("text", '"<tool_call>"')]


def test_a_document_behind_a_thought(pen):
    reader = Parser((), Family.HERMES, reasoning=THINK, starts_in_reasoning=True)
    answer = pen(reader, whole=output_grammar(SCHEMA, reasoning=THINK), compile_grammar=never)
    answer.write('read the file</think>\n\n{"name": "bash"}')
    assert answer.writer.ended == "end_turn"
    assert answer.finish() == [("thought", "read the file"), ("text", '{"name": "bash"}')]


def test_a_document_may_stop_early(pen):
    answer = pen(whole=output_grammar(SCHEMA), stop=["sh"]).write('{"name": "bash"}')
    assert answer.writer.ended == "stop_sequence"
    assert answer.finish() == [("text", '{"name": "ba')]


@pytest.mark.parametrize("family", [Family.HERMES, Family.GENERIC, Family.LLAMA3])
def test_a_demanded_call_ends_with_the_grammar(pen, family):
    text = {
        Family.HERMES: CALL,
        Family.GENERIC: '{"name": "Bash", "arguments": {"command": "ls"}}',
        Family.LLAMA3: '{"name": "Bash", "parameters": {"command": "ls"}}',
    }[family]
    answer = pen(
        parser(family=family, forced=True),
        whole=forced_grammar((BASH, READ), family, parallel=False),
        compile_grammar=never,
    )
    assert not answer.may("hello")
    answer.write(text)
    assert answer.writer.ended == "tool_use"
    assert answer.finish() == LS
    assert answer.writer.calls == 1


def test_demanded_calls_may_be_several(pen):
    answer = pen(
        parser(forced=True), whole=forced_grammar((BASH,), Family.HERMES), compile_grammar=never
    )
    answer.write(CALL)
    assert answer.writer.ended is None
    assert answer.write("\n" + CALL).finish() == [*LS, *LS]
    assert answer.writer.calls == 2


def test_an_answer_that_is_held_from_its_first_token_on(pen, grammars):
    """By the choice to act: the parser was not told, and the calls need no other grammar."""
    answer = pen(parser(), compile_grammar=never)
    assert answer.writer.constraint is None
    one_call = forced_grammar((BASH, READ), Family.GENERIC, parallel=False)
    answer.writer.hold(grammars.compile(one_call))
    assert not answer.may("hello")
    answer.write('{"name": "Bash", "arguments": {"command": "ls"}}')
    assert answer.writer.ended == "tool_use"
    assert answer.finish() == LS
