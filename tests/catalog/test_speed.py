"""Speeds from bytes and arithmetic, against what was measured and published."""

from dataclasses import replace

import pytest

from edge.catalog.families import find_family
from edge.catalog.figures import figures_of
from edge.catalog.memory import attended
from edge.catalog.speed import (
    CHOSEN_BYTES,
    EXPERTS_READ,
    RECURRENT_READ,
    UNKNOWN,
    Behind,
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


@pytest.mark.parametrize("speed", [decode, prefill])
def test_whatever_stands_before_costs(speed):
    one = facts("llama-3.1-8b")
    short, long = Behind(Tokens(4096)), Behind(Tokens(32_768))
    assert speed(one, PI_5) > speed(one, PI_5, short) > speed(one, PI_5, long)


def test_behind_a_long_prompt_a_device_reads_its_bytes():
    one, device = facts("llama-3.1-8b"), replace(PI_5, on_device=True)
    long = Behind(Tokens(32_768))
    cells = 32_768 * 8 * 256 * 2 * 32
    expected = 1 / (1 / decode(one, device) + cells / 11.4e9)
    assert decode(one, device, long) == pytest.approx(expected)
    assert decode(one, device, long) > decode(one, PI_5, long)


def test_halves_and_quarters_of_keys_are_read_row_by_row():
    one = facts("llama-3.1-8b")
    f16, q8, q4 = (Behind(Tokens(8192), kind) for kind in ("f16", "q8_0", "q4_0"))
    assert prefill(one, PI_5, f16) > 1.5 * prefill(one, PI_5, q8)
    assert prefill(one, PI_5, q8) > 1.3 * prefill(one, PI_5, q4)
    assert decode(one, PI_5, f16) >= decode(one, PI_5, q8) > decode(one, PI_5, q4)


def test_a_window_is_all_that_its_layers_look_at():
    one = facts("gpt-oss-20b", "MXFP4")
    assert attended(figures_of(one), Tokens(8192)) < 0.6 * one.layers * one.heads * 8192


@pytest.mark.parametrize(
    ("model", "kind", "row", "deep_row"),
    [
        # Milliseconds of a row in steps of 256, at the beginning and behind 8,192 tokens; both read
        # in one run, two x86 cores with AVX2, llama-cpp-python 0.3.36.
        ("qwen2.5-coder-1.5b", "f16", 25.6, 52.0),
        ("qwen2.5-coder-0.5b", "f16", 9.3, 26.7),
        ("qwen2.5-coder-0.5b", "q8_0", 10.5, 85.1),
        ("qwen2.5-coder-0.5b", "q4_0", 12.3, 148.7),
    ],
)
def test_reading_behind_a_prompt_as_measured(model, kind, row, deep_row):
    one = facts(model)
    reach = reach_of(one, 20.0, 1000 / row)
    predicted = prefill(one, reach, Behind(Tokens(8192 + 128), kind))
    assert predicted == pytest.approx(1000 / deep_row, rel=0.2)


def test_of_experts_only_those_that_a_token_uses_count():
    moe = facts("qwen3.6-35b-a3b", "UD-Q4_K_XL")
    active = sum(active_parameters(moe).values())
    assert active == pytest.approx(2.4e9, rel=0.1)
    assert prefill(moe, PI_5) == pytest.approx(
        1.7e11 * EXPERTS_READ * RECURRENT_READ / 2 / active, rel=1e-6
    )


def test_nothing_is_predicted_for_an_unknown_board():
    assert decode(facts("llama-3.1-8b"), UNKNOWN) is None
    assert prefill(facts("llama-3.1-8b"), UNKNOWN) is None


@pytest.mark.parametrize("name", ["llama-3.1-8b", "gpt-oss-20b", "qwen3.5-4b"])
def test_what_was_measured_is_predicted(name):
    family = find_family(name)
    one = family.facts(family.releases[-1])
    reach = reach_of(one, 7.0, 90.0)
    assert decode(one, replace(reach, on_device=True)) == pytest.approx(7.0)
    choosing = (one.vocab_size or 0) * CHOSEN_BYTES / reach.bandwidth
    assert decode(one, reach) == pytest.approx(1 / (1 / 7.0 + choosing)), "a token is chosen, too"
    assert prefill(one, reach) == pytest.approx(90.0)
