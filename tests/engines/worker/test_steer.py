"""The first token's choice: a call that is held, words where a call is ruled out, or nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.engines.worker.constraint import Constraint, GrammarCompiler
from edge.engines.worker.native import Vocabulary
from edge.engines.worker.steer import Marks, Steer, marks, share
from edge.errors import UnsatisfiableSchema
from edge.toolcalls import Family, forced_grammar
from tests.engines.worker.conftest import MakeModel
from tests.toolcalls.conftest import BASH

MARK = "<tool_call>"
RULED_OUT = 2.0


@pytest.fixture(scope="module", params=["llama", "qwen2"])
def vocabulary(request: pytest.FixtureRequest, make_model: MakeModel) -> Vocabulary:
    return make_model(architecture=request.param, controls=[MARK]).vocabulary


@pytest.fixture(scope="module")
def found(vocabulary: Vocabulary) -> Marks:
    return marks(vocabulary)


@pytest.fixture(scope="module")
def grammars(vocabulary: Vocabulary) -> GrammarCompiler:
    return GrammarCompiler(vocabulary)


def token(vocabulary: Vocabulary, text: str) -> int:
    (only,) = vocabulary.tokenize(text)
    return only


def logits(vocabulary: Vocabulary, shares: dict[str, float]) -> NDArray[np.float32]:
    """Behind a prompt: these texts' tokens have these shares, all others next to none."""
    values = np.full(vocabulary.size, 1e-9)
    for text, part in shares.items():
        values[token(vocabulary, text)] = part
    return np.log(values).astype(np.float32)


@dataclass
class Compiler:
    """Compiles one call of Bash and counts how often it was asked to."""

    grammars: GrammarCompiler
    asked: int = 0

    def __call__(self) -> Constraint:
        self.asked += 1
        return self.grammars.compile(forced_grammar((BASH,), Family.GENERIC, parallel=False))


@pytest.fixture
def compiler(grammars: GrammarCompiler) -> Compiler:
    return Compiler(grammars)


# --- what tokens say --------------------------------------------------------------------------


def test_calls_begin_with_the_openers_that_are_one_token(vocabulary, found):
    openers = {vocabulary.text(opener) for opener in found.openers}
    assert openers == {"<", "{", MARK}, "the others are more than one token here"


def test_sentences_begin_with_words(vocabulary, found):
    words = {vocabulary.text(int(word)) for word in np.flatnonzero(found.words)}
    assert {"hello", "T", "7"} <= words
    assert not words & {" hello", "!", "{", "<", "`", MARK, "<|im_end|>", "\n"}


def test_an_end_is_what_the_vocabulary_calls_one(vocabulary, found):
    assert found.ends == vocabulary.ends
    assert token(vocabulary, "<|im_end|>") in found.ends


# --- acting -----------------------------------------------------------------------------------


@pytest.mark.parametrize("opener", ["<", "{", MARK])
def test_where_a_call_is_meant_the_answer_is_held_to_one(vocabulary, found, compiler, opener):
    behind = logits(vocabulary, {opener: 0.6, "hello": 0.4})
    held = Steer(found, compiler, act_from=0.5).choose(behind)
    assert held is not None
    assert held.consume_text('{"name": "Bash", "arguments": {"command": "ls"}}')
    assert held.finished


def test_openers_count_together(vocabulary, found, compiler):
    behind = logits(vocabulary, {"<": 0.3, "{": 0.3, "hello": 0.4})
    assert Steer(found, compiler, act_from=0.5).choose(behind) is not None


@pytest.mark.parametrize(("act_from", "acts"), [(0.05, True), (0.29, True), (0.31, False)])
def test_how_readily_it_acts_is_told_to_it(vocabulary, found, compiler, act_from, acts):
    behind = logits(vocabulary, {"{": 0.3, "hello": 0.7})
    held = Steer(found, compiler, act_from=act_from).choose(behind)
    assert (held is not None, compiler.asked) == (acts, int(acts))


def test_a_call_that_no_grammar_can_hold_is_not_held(vocabulary, found):
    def compile_call() -> Constraint:
        raise UnsatisfiableSchema("no grammar")

    behind = logits(vocabulary, {"{": 0.9, "hello": 0.1})
    assert Steer(found, compile_call, act_from=0.5).choose(behind) is None
    assert behind.argmax() == token(vocabulary, "{"), "and it may still call, unheld"


# --- speaking ---------------------------------------------------------------------------------


def test_where_words_are_meant_nothing_is_held(vocabulary, found, compiler):
    behind = logits(vocabulary, {"{": 0.3, " hello": 0.7})
    before = behind.copy()
    assert Steer(found, compiler, act_from=0.4).choose(behind) is None
    others = [number for number in range(vocabulary.size) if number not in found.ends]
    assert (behind[others] == before[others]).all()
    assert compiler.asked == 0, "a grammar costs time"


def test_where_a_call_is_ruled_out_a_word_begins(vocabulary, found, compiler):
    behind = logits(vocabulary, {"{": 0.9, MARK: 0.05, " hello": 0.03, "!": 0.01, "hello": 0.01})
    before = behind.copy()
    assert Steer(found, compiler, act_from=RULED_OUT).choose(behind) is None
    assert vocabulary.text(int(behind.argmax())) == "hello"
    assert (behind[found.words] == before[found.words]).all()
    assert (behind[~found.words] == -np.inf).all()
    assert compiler.asked == 0


# --- an answer that ends before it began --------------------------------------------------------


@pytest.mark.parametrize("act_from", [0.4, RULED_OUT])
def test_an_answer_does_not_end_before_it_began(vocabulary, found, compiler, act_from):
    behind = logits(vocabulary, {"<|im_end|>": 0.98, "hello": 0.02})
    assert Steer(found, compiler, act_from=act_from).choose(behind) is None
    assert (behind[list(found.ends)] == -np.inf).all()
    assert vocabulary.text(int(behind.argmax())) == "hello"


def test_what_comes_after_the_end_decides(vocabulary, found, compiler):
    behind = logits(vocabulary, {"<|im_end|>": 0.98, "{": 0.015, "hello": 0.005})
    assert Steer(found, compiler, act_from=0.5).choose(behind) is not None


# --- shares -------------------------------------------------------------------------------------


def test_a_share_is_part_of_a_whole():
    even = np.zeros(8, dtype=np.float32)
    assert share(even, (1, 2)) == pytest.approx(0.25)
    assert share(even, ()) == 0.0
    assert share(even, tuple(range(8))) == pytest.approx(1.0)


def test_a_share_of_what_is_ruled_out_is_none():
    assert share(np.array([0.0, -np.inf], dtype=np.float32), (1,)) == 0.0


def test_logits_of_any_size_have_shares():
    assert share(np.array([30_000.0, 30_000.0], dtype=np.float32), (0,)) == pytest.approx(0.5)
    assert share(np.array([-30_000.0, 0.0], dtype=np.float32), (0,)) == 0.0
