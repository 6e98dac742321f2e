from pathlib import Path

import pytest

from edge.engines.llama.names import LocalModel, Names
from tests.engines.llama.workers import load


def model(tmp_path: Path, name: str, *names: str) -> LocalModel:
    return LocalModel(name, load(tmp_path / name), coached=False, names=frozenset(names))


@pytest.fixture
def names(tmp_path: Path) -> Names:
    return Names(
        [
            model(tmp_path, "Big-7B", "big", "shared", "codriver/local"),
            model(tmp_path, "small", "tiny", "shared", "codriver/small", "big-7b"),
        ]
    )


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("Big-7B", "Big-7B"),
        ("BIG-7b", "Big-7B"),
        ("big", "Big-7B"),
        ("shared", "Big-7B"),
        ("codriver/local", "Big-7B"),
        ("small", "small"),
        ("Tiny", "small"),
        ("Codriver/Small", "small"),
    ],
)
def test_a_word_of_a_model_names_it(names: Names, word: str, meant: str):
    meaning = names.meant(word)
    assert (meaning.model.id, meaning.is_named, meaning.note) == (meant, True, "")


@pytest.mark.parametrize("word", ["claude-opus-5", "Claude-x", "anthropic.claude-x"])
def test_what_a_client_asks_for_by_itself_is_the_default(names: Names, word: str):
    meaning = names.meant(word)
    assert (meaning.model.id, meaning.is_named, meaning.note) == ("Big-7B", False, "")


@pytest.mark.parametrize("word", ["gpt-4", "codriver/moon", ""])
def test_so_is_any_other_word_and_the_answer_says_so(names: Names, word: str):
    meaning = names.meant(word)
    assert (meaning.model.id, meaning.is_named) == ("Big-7B", False)
    assert meaning.note == f"no model here is called {word}: Big-7B answers"
