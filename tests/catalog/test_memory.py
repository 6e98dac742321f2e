"""The formulas against what llama.cpp logged for the same models (see edge.catalog.memory)."""

from dataclasses import replace

import pytest

from edge.catalog.facts import Tensor
from edge.catalog.figures import figures_of
from edge.catalog.memory import (
    FEW_SEQUENCES,
    N_SEQUENCES,
    Layout,
    draft_bytes,
    is_divisible,
    kv_bytes,
    need,
    sequences,
    state_bytes,
    token_bytes,
    without,
)
from tests.catalog.made_facts import facts, gemma3, qwen_coder, smollm2

MIB = 2**20


@pytest.mark.parametrize(
    ("shape", "n_ctx", "kv_type", "kv", "measured"),
    [
        (smollm2(), 2048, "f16", 45.0, 261),
        (smollm2(), 8192, "q8_0", 95.625, 316),
        (gemma3(), 2048, "f16", 6.0 + 30.0, 505),
        (gemma3(), 8192, "f16", 24.0 + 48.75, 546),
        (qwen_coder("0.5b"), 2048, "f16", 24.0, 694),
        (qwen_coder("0.5b"), 8192, "q8_0", 51.0, 725),
        (qwen_coder("0.5b"), 32_768, "f16", 384.0, 1079),
        (qwen_coder("1.5b"), 2048, "q8_0", 29.75, 1319),
        (qwen_coder("1.5b"), 8192, "f16", 224.0, 1536),
    ],
)
def test_what_a_worker_takes(shape, n_ctx, kv_type, kv, measured):
    """KV as llama.cpp logged it, and MiB that a worker with a full context had resident at most
    (docs/plan.md); it checked no drafts."""
    layout = Layout(n_ctx, 256, kv_type, sequences(figures_of(shape)))
    assert kv_bytes(figures_of(shape), layout) == kv * MIB
    found = need(figures_of(shape), layout)
    assert 0.98 * measured < (found.total - found.spare) / MIB < 1.05 * measured


def test_quantized_keys_and_values():
    layout = Layout(32_768, 512, kv_type="q8_0", n_sequences=1)
    assert kv_bytes(figures_of(gemma3()), layout) / MIB == pytest.approx(51.0 + 7.97, abs=0.01)


def test_layers_may_differ():
    hybrid = facts(layers=4, kv_heads=(0, 8, 0, 8), heads=8, width=512)
    assert kv_bytes(figures_of(hybrid), Layout(1024, 256)) == 2 * 8 * 128 * 1024 * 2


def test_an_interval_says_which_layers_attend():
    hybrid = facts(
        layers=8,
        heads=8,
        width=512,
        full_attention_interval=4,
        ssm__inner_size=1024,
        ssm__state_size=128,
        ssm__group_count=2,
        ssm__conv_kernel=4,
    )
    assert kv_bytes(figures_of(hybrid), Layout(1024, 256)) == 2 * 2 * 128 * 1024 * 2
    assert state_bytes(figures_of(hybrid), 1) == 6 * (1024 * 128 + 3 * (1024 + 2 * 2 * 128)) * 4
    assert state_bytes(figures_of(hybrid), 7) == 7 * state_bytes(figures_of(hybrid), 1)


# Tiny random models of these kinds, with the "RS buffer" that llama.cpp logged for them.
SSM = {"ssm__state_size": 16, "ssm__conv_kernel": 4}
RECURRENT = [
    (
        facts(
            architecture="lfm2",
            layers=5,
            width=64,
            heads=2,
            kv_heads=(0, 0, 1, 0, 1),
            shortconv__l_cache=3,
        ),
        10_752,
    ),
    (
        facts(
            architecture="qwen35",
            layers=4,
            width=64,
            heads=2,
            kv_heads=1,
            ssm__inner_size=32,
            ssm__group_count=2,
            **SSM,
        ),
        67_200,
    ),
    (
        facts(
            architecture="mamba",
            layers=2,
            width=64,
            heads=0,
            kv_heads=None,
            ssm__inner_size=128,
            **SSM,
        ),
        136_192,
    ),
]


@pytest.mark.parametrize(("shape", "logged"), RECURRENT)
def test_a_state_is_held_for_every_sequence(shape, logged):
    assert not is_divisible(figures_of(shape))
    assert sequences(figures_of(shape)) == FEW_SEQUENCES
    assert state_bytes(figures_of(shape), 7) == logged


def test_rwkv_shifts_tokens():
    shape = facts(
        architecture="rwkv7",
        layers=2,
        width=64,
        heads=0,
        kv_heads=None,
        wkv__head_size=64,
        token_shift_count=2,
    )
    assert state_bytes(figures_of(shape), 1) == 2 * 64 * (64 + 2) * 4


def test_a_window_is_held_for_every_sequence():
    """As logged: 768 and 1,536 cells of a window of 64 for 7 and 17 sequences."""
    shape = facts(
        architecture="gemma3",
        layers=6,
        heads=2,
        kv_heads=1,
        width=64,
        head_size=32,
        attention__sliding_window=64,
    )
    assert not is_divisible(figures_of(shape))
    few, many = Layout(4096, 256, n_sequences=7), Layout(4096, 256, n_sequences=17)
    assert kv_bytes(figures_of(shape), few) == 64 * 2 * (4096 + 5 * 768)
    assert kv_bytes(figures_of(shape), many) == 64 * 2 * (4096 + 5 * 1536)


def test_plain_attention_keeps_many_sequences_where_they_cost_nothing():
    assert is_divisible(figures_of(qwen_coder("0.5b")))
    assert sequences(figures_of(qwen_coder("0.5b"))) == N_SEQUENCES


def test_a_pattern_says_which_layers_have_a_window():
    given = facts(
        layers=2,
        heads=8,
        width=512,
        attention__sliding_window=256,
        attention__sliding_window_pattern=(True, False),
    )
    layout = Layout(4096, 256, n_sequences=1)
    assert kv_bytes(figures_of(given), layout) == 2 * 128 * 2 * (512 + 4096)


def test_only_active_experts_are_read():
    shape = facts(expert_count=8, expert_used_count=2)
    tensors = (
        Tensor("token_embd.weight", (1,), "F32", 1000, 0),
        Tensor("output.weight", (1,), "F32", 100, 0),
        Tensor("blk.0.ffn_up_exps.weight", (1,), "F32", 800, 0),
    )
    assert token_bytes(replace(shape, tensors=tensors)) == 300
    assert token_bytes(replace(shape, tensors=tensors[:1])) == 1000


def test_logits_of_drafts_are_counted_where_a_state_can_be_cut():
    layout = Layout(4096, 256, n_sequences=16)
    row = 151_936 * 4
    scratch = 100 * (row + 2 * 896 * 4)
    fed = 272 * (6 * 896 + 3 * 4864) * 4 + 4096 * 272 * 2
    assert draft_bytes(figures_of(qwen_coder("0.5b")), layout) == scratch - fed + (100 - 17) * row
    assert draft_bytes(figures_of(gemma3()), layout) == 0


def test_a_device_takes_its_share_of_weights_and_context():
    whole = need(figures_of(qwen_coder("0.5b")), Layout(4096, 256))
    half = without(whole, 0.5)
    assert half.weights == whole.weights // 2
    assert half.context == whole.context // 2
    assert half.compute == whole.compute
