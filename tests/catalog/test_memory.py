"""The formulas against what llama.cpp logged for the same models (see edge.catalog.memory)."""

from dataclasses import replace

import pytest

from edge.catalog.facts import Tensor
from edge.catalog.memory import compute_bytes, kv_bytes, need, state_bytes, token_bytes
from tests.catalog.shapes import facts, gemma3, qwen_coder, smollm2

MIB = 2**20


@pytest.mark.parametrize(
    ("shape", "n_ctx", "n_ubatch", "kv", "compute"),
    [
        (smollm2(), 4096, 256, 90.0, 49.13),
        (smollm2(), 4096, 512, 90.0, 98.25),
        (gemma3(), 4096, 256, 12.0 + 11.25, 257.25),
        (gemma3(), 4096, 512, 12.0 + 15.0, 514.5),
        (qwen_coder("0.5b"), 4096, 256, 48.0, 150.13),
        (qwen_coder("0.5b"), 4096, 512, 48.0, 300.25),
        (qwen_coder("1.5b"), 4096, 256, 112.0, 151.38),
        (qwen_coder("1.5b"), 4096, 512, 112.0, 302.75),
    ],
)
def test_equals_the_log(shape, n_ctx, n_ubatch, kv, compute):
    assert kv_bytes(shape, n_ctx, "f16", n_ubatch) == kv * MIB
    assert compute_bytes(shape, n_ctx, n_ubatch) / MIB == pytest.approx(compute, abs=0.01)


@pytest.mark.parametrize(
    ("shape", "measured_mib"),
    [(smollm2(), 252), (gemma3(), 357), (qwen_coder("0.5b"), 622), (qwen_coder("1.5b"), 1299)],
)
def test_never_promises_less_than_was_measured(shape, measured_mib):
    assert measured_mib * MIB < need(shape, 4096, "f16", 256).total < 2 * measured_mib * MIB


def test_quantized_keys_and_values():
    assert kv_bytes(gemma3(), 32_768, "q8_0", 512) / MIB == pytest.approx(51.0 + 7.97, abs=0.01)


def test_layers_may_differ():
    hybrid = facts(layers=4, kv_heads=(0, 8, 0, 8), heads=8, width=512)
    assert kv_bytes(hybrid, 1024, "f16", 256) == 2 * 8 * 128 * 1024 * 2


def test_an_interval_says_which_layers_attend():
    hybrid = facts(
        layers=8,
        heads=8,
        width=512,
        full_attention_interval=4,
        ssm__inner_size=1024,
        ssm__state_size=128,
        ssm__conv_kernel=4,
    )
    assert kv_bytes(hybrid, 1024, "f16", 256) == 2 * 2 * 128 * 1024 * 2
    assert state_bytes(hybrid) == 6 * 1024 * 132 * 4


def test_a_pattern_says_which_layers_have_a_window():
    given = facts(
        layers=2,
        heads=8,
        width=512,
        attention__sliding_window=256,
        attention__sliding_window_pattern=(True, False),
    )
    assert kv_bytes(given, 4096, "f16", 256) == 2 * 128 * 2 * (512 + 4096)


def test_only_active_experts_are_read():
    shape = facts(expert_count=8, expert_used_count=2)
    tensors = (
        Tensor("token_embd.weight", (1,), "F32", 1000, 0),
        Tensor("output.weight", (1,), "F32", 100, 0),
        Tensor("blk.0.ffn_up_exps.weight", (1,), "F32", 800, 0),
    )
    assert token_bytes(replace(shape, tensors=tensors)) == 300
    assert token_bytes(replace(shape, tensors=tensors[:1])) == 1000
