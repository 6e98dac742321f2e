"""Grammars over real vocabularies: what may come next, what may not, what cannot be one."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from edge.engines.worker.constraint import Constraint, GrammarCompiler
from edge.engines.worker.native import Vocabulary
from edge.errors import UnsatisfiableSchema
from edge.toolcalls import output_grammar
from tests.engines.worker.conftest import MakeModel

TRUE_OR_FALSE = 'start: "true" | "false"\n'
MARK = "<tool_call>"


@pytest.fixture(scope="module", params=["llama", "qwen2"])
def vocabulary(request: pytest.FixtureRequest, make_model: MakeModel) -> Vocabulary:
    return make_model(architecture=request.param, controls=[MARK]).vocabulary


@pytest.fixture(scope="module")
def grammars(vocabulary: Vocabulary) -> GrammarCompiler:
    return GrammarCompiler(vocabulary)


def allowed(constraint: Constraint, vocabulary: Vocabulary) -> set[int]:
    logits = np.zeros(vocabulary.size, dtype=np.float32)
    constraint.mask(logits)
    return {int(token) for token in np.flatnonzero(np.isfinite(logits))}


def texts(constraint: Constraint, vocabulary: Vocabulary) -> set[str]:
    return {vocabulary.text(token) for token in allowed(constraint, vocabulary)}


def written(constraint: Constraint, vocabulary: Vocabulary, seed: int) -> str:
    """What a model that only guesses would write."""
    guess, pieces = random.Random(seed), []
    while not constraint.finished:
        choices = sorted(allowed(constraint, vocabulary))
        token = guess.choice(choices)
        if vocabulary.ends_generation(token):
            break
        assert constraint.consume(token)
        pieces.append(vocabulary.piece(token))
    assert not constraint.failed
    return b"".join(pieces).decode()


# --- the mask -----------------------------------------------------------------------------


def test_only_what_begins_a_sentence_of_the_grammar_may_come_first(grammars, vocabulary):
    first = texts(grammars.compile(TRUE_OR_FALSE), vocabulary)
    assert {"t", "true", "f", "fal"} <= first
    assert all("true".startswith(text) or "false".startswith(text) for text in first)


def test_the_mask_leaves_what_it_allows_as_it_was(grammars, vocabulary):
    constraint = grammars.compile(TRUE_OR_FALSE)
    logits = np.arange(vocabulary.size, dtype=np.float32)
    constraint.mask(logits)
    kept = np.isfinite(logits)
    assert (logits[kept] == np.arange(vocabulary.size)[kept]).all()
    assert (logits[~kept] == -np.inf).all()


@pytest.mark.parametrize("seed", range(8))
def test_whoever_follows_the_mask_writes_a_sentence_of_the_grammar(grammars, vocabulary, seed):
    assert written(grammars.compile(TRUE_OR_FALSE), vocabulary, seed) in {"true", "false"}
    schema = {
        "type": "object",
        "properties": {"line": {"enum": ["the file", "é"]}, "run": {"type": "boolean"}},
        "required": ["line", "run"],
        "additionalProperties": False,
    }
    document = json.loads(written(grammars.compile(output_grammar(schema)), vocabulary, seed))
    assert document["line"] in ("the file", "é")
    assert document["run"] in (True, False)


def test_each_token_narrows_what_may_follow(grammars, vocabulary):
    constraint = grammars.compile(TRUE_OR_FALSE)
    (letter,) = vocabulary.tokenize("f")
    assert constraint.consume(letter)
    following = texts(constraint, vocabulary)
    assert following
    assert all("alse".startswith(text) for text in following)


def test_a_letter_of_two_tokens_is_held_to_both(grammars, vocabulary):
    constraint = grammars.compile('start: "é"\n')
    first, second = vocabulary.tokenize("é")
    assert allowed(constraint, vocabulary) == {first}
    assert constraint.consume(first)
    assert not constraint.finished
    assert allowed(constraint, vocabulary) == {second}
    assert constraint.consume(second)
    assert constraint.finished


# --- the end ------------------------------------------------------------------------------


def test_at_the_end_only_the_end_is_left(grammars, vocabulary):
    constraint = grammars.compile(TRUE_OR_FALSE)
    assert not constraint.finished
    assert constraint.consume_text("true")
    assert constraint.finished
    assert not constraint.failed
    assert allowed(constraint, vocabulary) == {vocabulary.eos}


def test_where_more_may_follow_it_is_not_finished_but_may_end(grammars, vocabulary):
    constraint = grammars.compile("start: /a+/\n")
    assert vocabulary.eos not in allowed(constraint, vocabulary)
    assert constraint.consume_text("aa")
    assert not constraint.finished
    assert vocabulary.eos in allowed(constraint, vocabulary)
    assert "a" in texts(constraint, vocabulary)


# --- text that is there already --------------------------------------------------------------


def test_text_that_was_written_already_is_gone_past(grammars, vocabulary):
    constraint = grammars.compile(TRUE_OR_FALSE)
    assert constraint.consume_text("")
    assert constraint.consume_text("tr")
    assert texts(constraint, vocabulary) == {"u"}


@pytest.mark.parametrize("text", ["hello", "trx", "true false", MARK])
def test_text_that_the_grammar_forbids(grammars, vocabulary, text):
    constraint = grammars.compile(TRUE_OR_FALSE)
    assert not constraint.consume_text(text)
    assert constraint.failed


def test_a_token_that_the_grammar_forbids_ends_it(grammars, vocabulary):
    """Who asks all the same is told to end, and nothing else."""
    constraint = grammars.compile(TRUE_OR_FALSE)
    (token,) = vocabulary.tokenize("{")
    assert not constraint.consume(token)
    assert constraint.failed
    assert constraint.finished
    assert allowed(constraint, vocabulary) == {vocabulary.eos}


# --- control tokens ---------------------------------------------------------------------------


def test_a_control_token_is_no_text(grammars, vocabulary):
    """Where the grammar has a mark as text, the model has to spell it."""
    token = vocabulary.controls[MARK]
    assert token not in allowed(grammars.compile(f'start: "{MARK}"\n'), vocabulary)
    assert token not in allowed(grammars.compile("start: /(?s:.*)/\n"), vocabulary)


def test_a_control_token_that_the_grammar_names(grammars, vocabulary):
    token = vocabulary.controls[MARK]
    grammar = f'start: <[{token}]> "a"\n'
    assert allowed(grammars.compile(grammar), vocabulary) == {token}
    written_before = grammars.compile(grammar)
    assert written_before.consume_text(MARK + "a")
    assert written_before.finished


# --- compiling ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "grammar",
    [
        "",
        "start: (\n",
        'beginning: "a"\n',
        "start: /(?=a)/\n",
        'start: %json {"type": "foo"}\n',
        'start: %json {"type": "string", "minLength": 5, "maxLength": 2}\n',
        'start: %json {"$ref": "#/nowhere"}\n',
        'start: %json {"patternProperties": {"^a": {"type": "string"}, "^ab": {"type": "null"}}}\n',
    ],
)
def test_what_is_no_grammar_is_said_in_one_line(grammars, vocabulary, grammar):
    with pytest.raises(UnsatisfiableSchema) as caught:
        grammars.compile(grammar)
    said = str(caught.value)
    assert said.startswith("the schema cannot be turned into a grammar: ")
    assert "\n" not in said


def test_two_passes_through_one_grammar_know_nothing_of_each_other(grammars, vocabulary):
    first, second = grammars.compile(TRUE_OR_FALSE), grammars.compile(TRUE_OR_FALSE)
    assert first.consume_text("false")
    assert second.consume_text("true")
