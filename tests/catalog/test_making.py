"""What could be made of files that are here."""

from pathlib import Path

import pytest

from edge.catalog.families import find_family
from edge.catalog.levels import LEVELS
from edge.catalog.making import FINE_ENOUGH, OFFERED, made_path, makeable_of, target_name
from edge.catalog.plans import Candidate
from edge.catalog.quality import divergence
from edge.catalog.shapes import facts_of

MODELS = Path("/models")


def candidate(level: str, file: str = "/models/x.gguf", name: str = "x") -> Candidate:
    family = find_family("qwen2.5-coder-1.5b")
    assert family is not None
    return Candidate(name, Path(file), facts_of(family.shape, level, tools=True), family.ability)


def test_every_coarser_level_could_be_made_of_a_fine_file():
    source = candidate("Q8_0", "/models/x-Q8_0.gguf", "x-Q8_0")
    made = makeable_of([source], MODELS)
    assert {one.level for one in made} == set(OFFERED) - {"Q8_0"}
    one = next(one for one in made if one.level == "Q4_K_M")
    assert (one.name, one.path, one.here) == ("x-Q4_K_M", MODELS / "x-Q4_K_M.gguf", False)
    assert one.facts.quantization == "Q4_K_M"
    assert one.facts.file_bytes < source.facts.file_bytes
    assert one.ability == source.ability
    assert one.made is not None
    assert one.made.command == "codriver quantize x-Q8_0 Q4_K_M"
    assert (one.made.source, one.made.before) == (source.path, "Q8_0")


@pytest.mark.parametrize("level", LEVELS)
def test_nothing_is_promised_of_what_has_lost_much(level: str):
    assert bool(makeable_of([candidate(level)], MODELS)) is (level in FINE_ENOUGH)


def test_what_a_fine_file_lost_vanishes_beside_what_is_lost_then():
    finest = min(divergence(level) for level in OFFERED if level != "Q8_0")
    assert all(divergence(level) < finest / 3 for level in FINE_ENOUGH)


def test_what_is_here_already_is_not_made():
    source = candidate("F16", "/models/x-F16.gguf", "x-F16")
    there = candidate("Q4_K_M", "/models/x-Q4_K_M.gguf", "x-Q4_K_M")
    assert "Q4_K_M" not in {one.level for one in makeable_of([source, there], MODELS)}


def test_of_two_files_of_a_model_the_finer_one_is_taken():
    sources = [
        candidate(level, f"/models/x-{level}.gguf", f"x-{level}") for level in ("Q8_0", "F16")
    ]
    made = [one.made for one in makeable_of(sources, MODELS)]
    assert len(made) == len(OFFERED) - 1
    assert {one.before for one in made if one is not None} == {"F16"}


@pytest.mark.parametrize(
    ("file", "name", "path", "word"),
    [
        ("/store/sha256-ab", "ollama/x:4b", "x-4b-Q4_K_M.gguf", "ollama/x:4b"),
        ("/store/sha256-ab", "ollama/x:latest", "x-Q4_K_M.gguf", "ollama/x:latest"),
        ("/store/sha256-ab", "ollama/me/x:4b-f16", "x-4b-q4_k_m.gguf", "ollama/me/x:4b-f16"),
        (
            "/store/sha256-ab",
            "ollama/hf.co/me/x y:F16",
            "x-y-Q4_K_M.gguf",
            "'ollama/hf.co/me/x y:F16'",
        ),
        ("/usb/my x.gguf", "my x", "my x-Q4_K_M.gguf", "'/usb/my x.gguf'"),
        ("/models/x-00001-of-00002.gguf", "x", "x-Q4_K_M.gguf", "x"),
    ],
)
def test_names_are_for_people(file: str, name: str, path: str, word: str):
    source = candidate("F16", file, name)
    assert made_path(source, "Q4_K_M", MODELS) == MODELS / path
    commands = {one.made.command for one in makeable_of([source], MODELS) if one.made}
    assert f"codriver quantize {word} Q4_K_M" in commands


@pytest.mark.parametrize(
    ("name", "old", "new", "made"),
    [
        ("a-q4_k_m.gguf", "Q4_K_M", "Q2_K", "a-q2_k.gguf"),
        ("A.Q8_0.gguf", "Q8_0", "Q4_K_M", "A.Q4_K_M.gguf"),
        ("model.gguf", "F16", "Q6_K", "model-Q6_K.gguf"),
        ("f16-f16.gguf", "F16", "Q6_K", "f16-q6_k.gguf"),
    ],
)
def test_the_name_tells_the_level(name: str, old: str, new: str, made: str):
    assert target_name(name, old, new) == made
