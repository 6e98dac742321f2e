"""Tiny random-weight GGUF files of every kind of KV memory that llama.cpp has.

What a state may be cut to, copied to and restored from depends on the kind alone: "plain"
attention (llama), a sliding "window" (gemma3: five such layers, one that sees everything),
"hybrid" with short convolutions (lfm2), "delta" nets with one layer of attention (qwen35), and
"recurrent" through and through (mamba). Heads are 32 wide, so that keys and values may be
quantised.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias

import gguf
import numpy as np

from tests.catalog.tiny_gguf import CHATML, add_llama_vocabulary

Kind: TypeAlias = Literal["plain", "window", "hybrid", "delta", "recurrent"]

WINDOW = 64
"""Tokens that a windowed layer sees."""

_EMBD, _HEADS, _HEAD, _FF = 64, 2, 32, 128
_CONV = 3
_STATE, _INNER = 16, 128
_RANK, _GROUPS = 2, 2


class _File:
    """A GGUF being written: normal weights, ones where a norm is."""

    def __init__(self, path: Path, architecture: str, layers: int, seed: int) -> None:
        self.writer = gguf.GGUFWriter(path, architecture)
        self.architecture = architecture
        self.random = np.random.default_rng(seed)
        self.writer.add_name(f"tiny {architecture}")
        self.writer.add_file_type(gguf.LlamaFileType.ALL_F32)
        self.writer.add_context_length(8192)
        self.writer.add_chat_template(CHATML)
        self.writer.add_embedding_length(_EMBD)
        self.writer.add_block_count(layers)
        self.writer.add_feed_forward_length(_FF)
        self.writer.add_layer_norm_rms_eps(1e-6)

    def attention(self, kv_heads: int | list[int]) -> None:
        self.writer.add_head_count(_HEADS)
        self.writer.add_head_count_kv(kv_heads)
        self.writer.add_key_length(_HEAD)
        self.writer.add_value_length(_HEAD)
        self.writer.add_rope_dimension_count(_HEAD)
        self.writer.add_rope_freq_base(10_000.0)

    def vocabulary(self, padding: int = 0) -> None:
        """``padding``: tokens of no meaning behind the others."""
        more = {f"<pad{n}>": gguf.TokenType.UNUSED for n in range(padding)}
        plain = np.asarray(add_llama_vocabulary(self.writer, more, frozenset()))
        output = self.normal(len(plain), _EMBD)
        output[~plain] = 0.0
        self.weight("token_embd", len(plain), _EMBD)
        self.writer.add_tensor("output.weight", output)

    def normal(self, *size: int) -> np.ndarray:
        return (self.random.standard_normal(size) * 0.1).astype(np.float32)

    def weight(self, name: str, *size: int) -> None:
        self.writer.add_tensor(f"{name}.weight", self.normal(*size))

    def ones(self, name: str, size: int = _EMBD) -> None:
        self.writer.add_tensor(f"{name}.weight", np.ones(size, dtype=np.float32))

    def heads(self, block: str, *, normed: bool, gated: bool = False) -> None:
        """The projections of a layer of attention."""
        self.weight(f"{block}.attn_q", _HEADS * _HEAD * (2 if gated else 1), _EMBD)
        self.weight(f"{block}.attn_k", _HEAD, _EMBD)
        self.weight(f"{block}.attn_v", _HEAD, _EMBD)
        self.weight(f"{block}.attn_output", _EMBD, _HEADS * _HEAD)
        if normed:
            self.ones(f"{block}.attn_q_norm", _HEAD)
            self.ones(f"{block}.attn_k_norm", _HEAD)

    def feed_forward(self, block: str) -> None:
        self.weight(f"{block}.ffn_gate", _FF, _EMBD)
        self.weight(f"{block}.ffn_up", _FF, _EMBD)
        self.weight(f"{block}.ffn_down", _EMBD, _FF)

    def close(self) -> None:
        self.writer.write_header_to_file()
        self.writer.write_kv_data_to_file()
        self.writer.write_tensors_to_file()
        self.writer.close()


def make_kind(path: Path, kind: Kind, *, seed: int = 0, padding: int = 0) -> Path:
    """Write a file of that kind and return its path. Same arguments, same bytes.

    ``padding``: further tokens of the vocabulary, for what depends on its size.
    """
    architecture, layers, fill = _KINDS[kind]
    file = _File(path, architecture, layers, seed)
    file.vocabulary(padding)
    fill(file)
    file.close()
    return path


def _plain(file: _File) -> None:
    file.attention(1)
    file.ones("output_norm")
    for layer in range(2):
        block = f"blk.{layer}"
        file.ones(f"{block}.attn_norm")
        file.ones(f"{block}.ffn_norm")
        file.heads(block, normed=False)
        file.feed_forward(block)


def _window(file: _File) -> None:
    file.attention(1)
    file.writer.add_sliding_window(WINDOW)
    file.ones("output_norm")
    for layer in range(6):
        block = f"blk.{layer}"
        for norm in ("attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm"):
            file.ones(f"{block}.{norm}")
        file.heads(block, normed=True)
        file.feed_forward(block)


def _hybrid(file: _File) -> None:
    kv_heads = [0, 0, 1, 0, 1]
    file.attention(kv_heads)
    file.writer.add_shortconv_l_cache(_CONV)
    file.ones("token_embd_norm")
    for layer, heads in enumerate(kv_heads):
        block = f"blk.{layer}"
        file.ones(f"{block}.attn_norm")
        file.ones(f"{block}.ffn_norm")
        file.feed_forward(block)
        if heads:
            file.heads(block, normed=True)
            continue
        file.weight(f"{block}.shortconv.conv", _EMBD, _CONV)
        file.weight(f"{block}.shortconv.in_proj", 3 * _EMBD, _EMBD)
        file.weight(f"{block}.shortconv.out_proj", _EMBD, _EMBD)


def _delta(file: _File) -> None:
    file.attention(1)
    file.writer.add_rope_dimension_sections([8, 4, 4, 0])
    file.writer.add_ssm_conv_kernel(4)
    file.writer.add_ssm_inner_size(_STATE * _RANK)
    file.writer.add_ssm_state_size(_STATE)
    file.writer.add_ssm_time_step_rank(_RANK)
    file.writer.add_ssm_group_count(_GROUPS)
    file.ones("output_norm")
    keys, values = _STATE * _GROUPS, _STATE * _RANK
    for layer in range(4):
        block = f"blk.{layer}"
        file.ones(f"{block}.attn_norm")
        file.ones(f"{block}.post_attention_norm")
        file.feed_forward(block)
        if layer == 3:
            file.heads(block, normed=True, gated=True)
            continue
        file.weight(f"{block}.attn_qkv", 2 * keys + values, _EMBD)
        file.weight(f"{block}.attn_gate", values, _EMBD)
        file.weight(f"{block}.ssm_conv1d", 2 * keys + values, 4)
        file.writer.add_tensor(f"{block}.ssm_dt.bias", file.normal(_RANK))
        file.writer.add_tensor(f"{block}.ssm_a", -np.ones(_RANK, dtype=np.float32))
        file.weight(f"{block}.ssm_beta", _RANK, _EMBD)
        file.weight(f"{block}.ssm_alpha", _RANK, _EMBD)
        file.ones(f"{block}.ssm_norm", _STATE)
        file.weight(f"{block}.ssm_out", _EMBD, values)


def _recurrent(file: _File) -> None:
    file.writer.add_head_count(0)
    file.writer.add_ssm_conv_kernel(4)
    file.writer.add_ssm_inner_size(_INNER)
    file.writer.add_ssm_state_size(_STATE)
    file.writer.add_ssm_time_step_rank(_RANK)
    file.ones("output_norm")
    for layer in range(2):
        block = f"blk.{layer}"
        file.ones(f"{block}.attn_norm")
        file.weight(f"{block}.ssm_in", 2 * _INNER, _EMBD)
        file.weight(f"{block}.ssm_conv1d", _INNER, 4)
        file.writer.add_tensor(f"{block}.ssm_conv1d.bias", file.normal(_INNER))
        file.weight(f"{block}.ssm_x", _RANK + 2 * _STATE, _INNER)
        file.weight(f"{block}.ssm_dt", _INNER, _RANK)
        file.writer.add_tensor(f"{block}.ssm_dt.bias", file.normal(_INNER))
        file.writer.add_tensor(f"{block}.ssm_a", np.full((_INNER, _STATE), -0.02, dtype=np.float32))
        file.writer.add_tensor(f"{block}.ssm_d", np.ones(_INNER, dtype=np.float32))
        file.weight(f"{block}.ssm_out", _EMBD, _INNER)


_KINDS: dict[Kind, tuple[str, int, Callable[[_File], None]]] = {
    "plain": ("llama", 2, _plain),
    "window": ("gemma3", 6, _window),
    "hybrid": ("lfm2", 5, _hybrid),
    "delta": ("qwen35", 4, _delta),
    "recurrent": ("mamba", 2, _recurrent),
}
