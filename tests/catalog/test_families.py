"""The shipped families, and wrong ones."""

import pytest

from edge.catalog.families import (
    family_of,
    find_family,
    in_folder,
    load_families,
    named,
    parse_families,
)
from edge.errors import ModelUnusable
from tests.catalog.made_facts import facts, qwen_coder

ONE = """
[[family]]
name = "toy"
aliases = ["t"]
title = "Toy"
licence = "MIT"
ability = 10
tools = true
calls = "llama3"
repository = "somebody/toy"
file = "toy-{level}.gguf"
levels = ["Q4_0", "Q8_0"]
releases = [{ level = "Q8_0", file = "toy.gguf", bytes = 7, sha256 = "00" }]

[family.shape]
architecture = "llama"
layers = 2
width = 64
heads = 2
kv_heads = 1
head = 32
feed_forward = 128
vocabulary = 100
context = 512
"""


def test_names_are_told_apart() -> None:
    names = [name for one in load_families() for name in (one.name, *one.aliases)]
    assert len(names) == len(set(names))
    assert all(name == name.lower() for name in names)


def test_what_people_ask_for_is_known() -> None:
    asked = ("llama-3.1-8b", "llama-3.1-70b", "mistral-nemo", "glm-4.5-air", "qwen3-coder")
    assert all(find_family(name) for name in (*asked, "codellama", "Qwen3.5-4B"))
    assert find_family("nobody") is None


def test_every_release_is_a_file_of_a_hub() -> None:
    for family in load_families():
        assert family.repository.count("/") == 1
        for release in family.releases:
            assert release.file.endswith(".gguf")
            assert "{" not in release.file
            assert release.sha256 is None or len(release.sha256) == 64


def test_releases_known_and_unknown() -> None:
    (toy,) = parse_families(ONE)
    known, unknown = toy.release("q8_0"), toy.release("Q4_0")
    assert known is not None and (known.file, known.bytes) == ("toy.gguf", 7)
    assert unknown is not None and (unknown.file, unknown.bytes) == ("toy-Q4_0.gguf", None)
    assert toy.release("Q2_K") is None
    assert toy.calls == "llama3"
    assert toy.facts(unknown).quantization == "Q4_0"


def test_a_file_is_known_by_its_shape() -> None:
    found = family_of(qwen_coder("0.5b"))
    assert found is not None
    assert found.name == "qwen2.5-coder-0.5b"
    assert family_of(facts(layers=3)) is None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('title = "Toy"\n', "", "the family toy lacks title"),
        ('"Q4_0", ', '"Q9", ', "the family toy is wrong: no level is called Q9"),
        ("ability = 10", 'ability = "much"', "the family toy is wrong"),
        ("layers = 2", "floors = 2", "the family toy is wrong"),
    ],
)
def test_a_wrong_one_is_named(old: str, new: str, words: str) -> None:
    with pytest.raises(ModelUnusable, match=words):
        parse_families(ONE.replace(old, new))


def test_names_with_levels() -> None:
    families = parse_families(ONE)
    (toy,) = families
    assert named("toy", families) == (toy, None)
    assert named("T:Q8_0", families) == (toy, "Q8_0")
    assert named("toys", families) is None
    found = named("llama3.1:8b")
    assert found is not None
    assert (found[0].name, found[1]) == ("llama-3.1-8b", None), "an alias may have a colon"
    with pytest.raises(ModelUnusable, match="toy is not offered at Q2_K; there are Q4_0, Q8_0"):
        toy.asked("Q2_K")


def test_a_file_in_the_folder(tmp_path) -> None:
    (toy,) = parse_families(ONE)
    assert in_folder(toy, None, tmp_path) is None
    (tmp_path / "toy.gguf").touch()
    assert (
        in_folder(toy, None, tmp_path) == in_folder(toy, "Q8_0", tmp_path) == tmp_path / "toy.gguf"
    )
    assert in_folder(toy, "Q4_0", tmp_path) is None
