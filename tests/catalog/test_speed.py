"""Speeds from bytes and arithmetic, against what was measured and published."""

import pytest

from edge.catalog.families import find_family
from edge.catalog.memory import Layout
from edge.catalog.speed import (
    EXPERTS_READ,
    RECURRENT_READ,
    UNKNOWN,
    Reach,
    active_parameters,
    decode,
    prefill,
    reach_of,
)
from edge.units import Tokens

PI_5 = Reach(11.4e9, 1.7e11)
AGX_ORIN = Reach(0.6 * 204.8e9, 1.3e13)


def facts(name, level="Q4_K_M"):
    family = find_family(name)
    return family.facts(family.release(level))


@pytest.mark.parametrize(
    ("name", "level", "reach", "published"),
    [
        # llama3.1:8b and llama3.2:3b under Ollama, Raspberry Pi 5 (geerlingguy/ai-benchmarks).
        ("llama-3.1-8b", "Q4_K_M", PI_5, 2.17),
        ("llama-3.2-3b", "Q4_K_M", PI_5, 4.88),
        # Qwen2.5-32B as qwen2-32B Q4_K_M, AGX Orin with all power (NVIDIA's forum).
        ("qwen2.5-coder-32b", "Q4_K_M", AGX_ORIN, 6.84),
        # Qwen3.5-35B-A3B Q4_K_M, AGX Orin; the same shape as 3.6 (thehighnotes/vllm-jetson-orin).
        ("qwen3.6-35b-a3b", "UD-Q4_K_XL", AGX_ORIN, 22.5),
    ],
)
def test_writing_as_published(name, level, reach, published):
    assert decode(facts(name, level), reach) == pytest.approx(published, rel=0.25)


def test_reading_as_published():
    assert prefill(facts("qwen2.5-coder-32b"), AGX_ORIN) == pytest.approx(201.7, rel=0.1)
    moe = facts("qwen3.6-35b-a3b", "UD-Q4_K_XL")
    assert prefill(moe, AGX_ORIN) == pytest.approx(523, rel=0.25)


def test_a_full_context_costs_its_bytes():
    one = facts("llama-3.1-8b")
    short, long = Layout(Tokens(4096), 256), Layout(Tokens(32_768), 256)
    assert decode(one, PI_5) > decode(one, PI_5, short) > decode(one, PI_5, long)


def test_of_experts_only_those_that_a_token_uses_count():
    moe = facts("qwen3.6-35b-a3b", "UD-Q4_K_XL")
    assert active_parameters(moe) == pytest.approx(2.4e9, rel=0.1)
    assert prefill(moe, PI_5) == pytest.approx(
        1.7e11 * EXPERTS_READ * RECURRENT_READ / 2 / active_parameters(moe), rel=1e-6
    )


def test_nothing_is_predicted_for_an_unknown_board():
    assert decode(facts("llama-3.1-8b"), UNKNOWN) is None
    assert prefill(facts("llama-3.1-8b"), UNKNOWN) is None


@pytest.mark.parametrize("name", ["llama-3.1-8b", "gpt-oss-20b", "qwen3.5-4b"])
def test_what_was_measured_is_predicted(name):
    family = find_family(name)
    one = family.facts(family.releases[-1])
    reach = reach_of(one, 7.0, 90.0)
    assert decode(one, reach) == pytest.approx(7.0)
    assert prefill(one, reach) == pytest.approx(90.0)
