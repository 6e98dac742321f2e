"""The facts made of shapes against files that are known: their lengths, their context's bytes."""

import pytest

from edge.catalog.families import load_families
from edge.catalog.figures import figures_of
from edge.catalog.levels import LEVELS
from edge.catalog.memory import Layout, kv_bytes, state_bytes, token_bytes
from edge.catalog.shapes import Shape, facts_of, resized
from edge.units import Bytes, Tokens

FAMILIES = {family.name: family for family in load_families()}
KNOWN = [
    (family, release)
    for family in load_families()
    for release in family.releases
    if release.bytes is not None and (release.level in LEVELS or release.level == "MXFP4")
]

TOY = Shape(
    architecture="llama",
    layers=4,
    width=512,
    heads=8,
    kv_heads=2,
    head=64,
    feed_forward=1024,
    vocabulary=1000,
    context=4096,
)


@pytest.mark.parametrize(
    ("family", "release"), KNOWN, ids=[f"{f.name}-{r.level}" for f, r in KNOWN]
)
def test_a_file_has_the_length_that_its_shape_says(family, release) -> None:
    made = facts_of(family.shape, release.level, tools=True)
    assert made.file_bytes == pytest.approx(release.bytes, rel=0.015)


@pytest.mark.parametrize(
    ("name", "bytes_a_token"),
    [
        ("llama-3.1-8b", 131_072),
        ("llama-3.3-70b", 327_680),
        ("mistral-nemo-12b", 163_840),
        ("qwen3-coder-30b-a3b", 98_304),
        ("qwen3.5-4b", 32_768),
        ("qwen3.6-35b-a3b", 20_480),
        ("qwen3-coder-next-80b-a3b", 24_576),
        ("codellama-7b", 524_288),
        ("glm-4.5-air", 188_416),
    ],
)
def test_the_context_takes_what_published_headers_say(name: str, bytes_a_token: int) -> None:
    family = FAMILIES[name]
    facts = family.facts(family.releases[0])
    assert kv_bytes(figures_of(facts), Layout(Tokens(8192), 256)) == 8192 * bytes_a_token


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("qwen3.5-2b", 20_201_472),
        ("qwen3.5-4b", 52_690_944),
        ("qwen3.6-35b-a3b", 65_863_680),
        ("qwen3.8-27b", 156_893_184),
        ("qwen3-coder-next-80b-a3b", 79_036_416),
    ],
)
def test_the_recurrent_state_takes_what_published_headers_say(name: str, state: int) -> None:
    family = FAMILIES[name]
    assert state_bytes(figures_of(family.facts(family.releases[0])), 1) == state


def test_of_experts_a_token_touches_only_its_own() -> None:
    family = FAMILIES["qwen3.6-35b-a3b"]
    release = family.release("UD-Q4_K_XL")
    assert token_bytes(family.facts(release)) == pytest.approx(2.75e9, rel=0.05)


def test_another_length_changes_every_tensor_alike() -> None:
    facts = facts_of(TOY, "Q8_0", tools=False)
    more = resized(facts, Bytes(2 * facts.file_bytes))
    assert more.file_bytes == 2 * facts.file_bytes
    assert more.expected_bytes == pytest.approx(more.file_bytes, abs=len(more.tensors))


def test_no_level_of_that_name() -> None:
    with pytest.raises(KeyError):
        facts_of(TOY, "Q9_K", tools=True)


def test_finer_levels_are_larger() -> None:
    sizes = [
        facts_of(TOY, level, tools=True).file_bytes for level in ("Q4_0", "Q6_K", "Q8_0", "F16")
    ]
    assert sizes == sorted(set(sizes))
