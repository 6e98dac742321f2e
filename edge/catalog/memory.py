"""How much memory a model takes, from its header alone.

Pure arithmetic over GgufFacts; knows neither the board nor what is free. Called by the
planner.

Checked against llama.cpp (llama-cpp-python 0.3.36, x86-64, 4,096 tokens) with
SmolLM2-135M, gemma-3-270m and Qwen2.5-Coder 0.5B and 1.5B: KV and compute buffers equal
its log; what had to stay in memory (peak resident size less the file pages behind repacked
weights) was 252, 357, 622 and 1,299 MiB and is put at 351, 675, 831 and 1,493 here, because
llama.cpp reserves a scratch buffer that it only partly touches while reading one prompt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edge.catalog.facts import CountedArray, GgufFacts
from edge.units import Bytes, Tokens

KvType = Literal["f16", "q8_0"]

KV_ELEMENT_BYTES: dict[KvType, float] = {"f16": 2.0, "q8_0": 34 / 32}
KV_CELLS = 256
"""llama.cpp rounds a context up to this many cells."""

WORKER_BYTES = 96 * 2**20
"""The worker before it loads a model: 45 MiB measured with llama_cpp, numpy, jinja2,
msgspec and llguidance imported; the rest is room for grammars, templates and buffers."""

VOCABULARY_ENTRY_BYTES = 256
"""For each token and each merge: 160-180 measured in llama.cpp's own tables for the four
models above, and 58 more in the grammar engine's copy of Qwen's."""

# Attention layers with a window between those with all of the context: every n-th layer is
# a full one (llama.cpp's llama-model.cpp sets these where the file does not).
FULL_LAYER_EVERY = {"gemma2": 2, "gemma3": 6, "gpt-oss": 2, "cohere2": 4, "exaone4": 4}


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """What has to stay in memory while the model serves."""

    weights: Bytes
    context: Bytes
    compute: Bytes
    worker: Bytes

    @property
    def total(self) -> Bytes:
        return Bytes(self.weights + self.context + self.compute + self.worker)


def need(facts: GgufFacts, n_ctx: Tokens, kv_type: KvType, n_ubatch: int) -> MemoryNeed:
    """The memory for that context; grows with each argument.

    Weights that llama.cpp repacks for the CPU count once: it never again touches the
    pages of the file they came from, and the kernel may drop those.
    """
    return MemoryNeed(
        weights=facts.tensor_bytes,
        context=Bytes(kv_bytes(facts, n_ctx, kv_type, n_ubatch) + state_bytes(facts)),
        compute=compute_bytes(facts, n_ctx, n_ubatch),
        worker=Bytes(WORKER_BYTES + vocabulary_entries(facts) * VOCABULARY_ENTRY_BYTES),
    )


def kv_bytes(facts: GgufFacts, n_ctx: Tokens, kv_type: KvType, n_ubatch: int) -> Bytes:
    """Keys and values of every attention layer, a window's worth for a windowed one."""
    width = (facts.key_length or 0) + (facts.value_length or 0)
    cells = _padded(n_ctx)
    window = facts.integer("attention.sliding_window")
    windowed = cells if window is None else min(cells, _padded(Tokens(window + n_ubatch)))
    cell_heads = sum(
        heads * (windowed if _is_windowed(facts, layer) else cells)
        for layer, heads in enumerate(facts.kv_heads)
        if _has_attention(facts, layer)
    )
    return Bytes(int(cell_heads * width * KV_ELEMENT_BYTES[kv_type]))


def state_bytes(facts: GgufFacts) -> Bytes:
    """The fixed f32 state of the recurrent layers of a hybrid model."""
    inner, state = facts.integer("ssm.inner_size"), facts.integer("ssm.state_size")
    if inner is None or state is None:
        return Bytes(0)
    recurrent = sum(
        heads == 0 or not _has_attention(facts, layer)
        for layer, heads in enumerate(facts.kv_heads or (0,) * facts.layers)
    )
    convolution = facts.integer("ssm.conv_kernel") or 0
    return Bytes(recurrent * inner * (state + convolution) * 4)


def compute_bytes(facts: GgufFacts, n_ctx: Tokens, n_ubatch: int) -> Bytes:
    """The scratch buffer: the larger of the output step and of one layer's work."""
    width = facts.embedding_length or 0
    output = n_ubatch * ((facts.vocab_size or 0) + 2 * width) * 4
    inner = max(facts.per_layer("feed_forward_length") or (4 * width,))
    mask = _padded(n_ctx) * n_ubatch * 6
    layer = n_ubatch * (6 * width + 3 * inner) * 4
    return Bytes(max(output, layer + mask))


def vocabulary_entries(facts: GgufFacts) -> int:
    """Tokens and merges: what the tokenizer keeps as strings."""
    merges = facts.metadata.get("tokenizer.ggml.merges")
    return (facts.vocab_size or 0) + (merges.count if isinstance(merges, CountedArray) else 0)


def token_bytes(facts: GgufFacts) -> Bytes:
    """Weights read for each token that is written; of experts only the active ones."""
    used, experts = facts.integer("expert_used_count"), facts.integer("expert_count")
    share = used / experts if used and experts else 1.0
    tied = not any(tensor.name == "output.weight" for tensor in facts.tensors)
    total = 0.0
    for tensor in facts.tensors:
        if tensor.name == "token_embd.weight" and not tied:
            continue
        total += tensor.nbytes * (share if "_exps" in tensor.name else 1.0)
    return Bytes(int(total))


def _padded(tokens: Tokens) -> int:
    return -(-tokens // KV_CELLS) * KV_CELLS


def _is_windowed(facts: GgufFacts, layer: int) -> bool:
    pattern = facts.metadata.get(f"{facts.architecture}.attention.sliding_window_pattern")
    if isinstance(pattern, tuple):
        return layer < len(pattern) and bool(pattern[layer])
    every = pattern if isinstance(pattern, int) else FULL_LAYER_EVERY.get(facts.architecture)
    return bool(every) and (layer + 1) % int(every or 1) != 0


def _has_attention(facts: GgufFacts, layer: int) -> bool:
    """Hybrids say by an interval which layers are attention; the others by their heads."""
    interval = facts.integer("full_attention_interval")
    return not interval or (layer + 1) % interval == 0
