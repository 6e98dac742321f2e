"""How much memory a model takes, from its header alone.

Pure arithmetic over GgufFacts; knows neither the board nor what is free. Called by the
planner.

Checked against llama.cpp (llama-cpp-python 0.3.36, x86-64) with SmolLM2-135M, gemma-3-270m
and Qwen2.5-Coder 0.5B and 1.5B, and with tiny random files of five kinds of state: KV, state
and compute buffers equal its log within 2 %. What had to stay in memory (peak resident size
less the file pages behind repacked weights) was, in MiB, and is put at, in brackets, with
micro-batches of 256, 16 sequences and nearly every cell in use:

    SmolLM2           2,048 tokens     274 (324)
                      8,192            409 (459)
    Qwen 0.5B         4,096            722 (887)
                     16,384            873 (1,031)
                     32,768          1,073 (1,223)

and for 4,096 tokens of one prompt 357 (741) with gemma and 1,299 (1,549) with the 1.5B: a
part of the scratch buffer stays untouched, and the room for drafted tokens' logits was not used.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from edge.catalog.facts import CountedArray, GgufFacts
from edge.units import Bytes, Tokens

KvType = Literal["f16", "q8_0", "q4_0"]

KV_ELEMENT_BYTES: dict[KvType, float] = {"f16": 2.0, "q8_0": 34 / 32, "q4_0": 18 / 32}
KV_CELLS = 256
"""llama.cpp rounds a context up to this many cells."""

WORKER_BYTES = 96 * 2**20
"""The worker before it loads a model: 45 MiB measured with llama_cpp, numpy, jinja2,
msgspec and llguidance imported; the rest is room for grammars, templates and buffers."""

VOCABULARY_ENTRY_BYTES = 256
"""For each token and each merge: 160-180 measured in llama.cpp's own tables for the four
models above, and 58 more in the grammar engine's copy of Qwen's."""

ATTENTION_EVERY = {"qwen3next": 4, "qwen35": 4, "qwen35moe": 4}
"""Hybrids whose every n-th layer is attention, where the file does not say it."""

# Attention layers with a window between those with all of the context: every n-th layer is
# a full one (llama.cpp's llama-model.cpp sets these where the file does not).
FULL_LAYER_EVERY = {"gemma2": 2, "gemma3": 6, "gpt-oss": 2, "cohere2": 4, "exaone4": 4}


N_SEQUENCES = 16
"""Token sequences in the KV memory, running and retained: the sessions of several laptops,
their agents, and the shared beginnings; sharing costs no cells."""

FEW_SEQUENCES = 6
"""The same where each costs something although it rests: those that run, and what was used
last. States that cannot be cut are held for every sequence."""

DRAFT_ROWS = 96
"""Tokens of one step whose logits are wanted: four answers' of 24 each, or one's of 64."""

_SPARE_SEQUENCES = 1
"""One more that the worker moves blocks of state through."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a context is made."""

    n_ctx: Tokens
    n_ubatch: int
    kv_type: KvType = "f16"
    n_sequences: int = N_SEQUENCES

    @property
    def sequences(self) -> int:
        return self.n_sequences + _SPARE_SEQUENCES

    @property
    def rows(self) -> int:
        """Tokens that llama.cpp makes room for: a micro-batch in equal parts."""
        return -(-self.n_ubatch // self.sequences) * self.sequences


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


def need(facts: GgufFacts, layout: Layout) -> MemoryNeed:
    """The memory for that context; grows with each number.

    Weights that llama.cpp repacks for the CPU count once: it never again touches the
    pages of the file they came from, and the kernel may drop those.
    """
    return MemoryNeed(
        weights=facts.tensor_bytes,
        context=Bytes(kv_bytes(facts, layout) + state_bytes(facts, layout.sequences)),
        compute=Bytes(compute_bytes(facts, layout) + draft_bytes(facts, layout)),
        worker=Bytes(WORKER_BYTES + vocabulary_entries(facts) * VOCABULARY_ENTRY_BYTES),
    )


def without(whole: MemoryNeed, share: float) -> MemoryNeed:
    """What is left in the board's own memory when a device holds that share of the layers."""
    return replace(
        whole,
        weights=Bytes(int(whole.weights * (1 - share))),
        context=Bytes(int(whole.context * (1 - share))),
    )


def sequences(facts: GgufFacts) -> int:
    """How many sequences are worth their memory."""
    return N_SEQUENCES if is_divisible(facts) else FEW_SEQUENCES


def is_divisible(facts: GgufFacts) -> bool:
    """Whether a sequence's state can be cut anywhere: no recurrent layers, no window."""
    return not state_bytes(facts, 1) and not _window(facts)


def kv_bytes(facts: GgufFacts, layout: Layout) -> Bytes:
    """Keys and values of every attention layer; a windowed one has a window's worth for
    every sequence."""
    width = (facts.key_length or 0) + (facts.value_length or 0)
    cells, windowed = _padded(layout.n_ctx), _windowed_cells(facts, layout)
    cell_heads = sum(
        heads * (windowed if _is_windowed(facts, layer) else cells)
        for layer, heads in enumerate(facts.kv_heads)
        if _has_attention(facts, layer)
    )
    return Bytes(int(cell_heads * width * KV_ELEMENT_BYTES[layout.kv_type]))


def state_bytes(facts: GgufFacts, count: int) -> Bytes:
    """The fixed f32 state of the recurrent layers, held for each of ``count`` sequences."""
    recurrent = sum(
        heads == 0 or not _has_attention(facts, layer)
        for layer, heads in enumerate(facts.kv_heads or (0,) * facts.layers)
    )
    return Bytes(recurrent * _state_elements(facts) * 4 * count)


def _state_elements(facts: GgufFacts) -> int:
    """Of one recurrent layer and one sequence: what its convolution looks back on, and the
    state itself (llama.cpp's llama-hparams.cpp, n_embd_r and n_embd_s)."""
    width = facts.embedding_length or 0
    if head := facts.integer("wkv.head_size"):
        shifts = facts.integer("token_shift_count")
        return width * (head + (2 if shifts is None else shifts))
    if back := facts.integer("shortconv.l_cache"):
        return width * (back - 1)
    inner, state = facts.integer("ssm.inner_size") or 0, facts.integer("ssm.state_size") or 0
    convolved = inner + 2 * (facts.integer("ssm.group_count") or 0) * state
    return inner * state + convolved * max(0, (facts.integer("ssm.conv_kernel") or 0) - 1)


def compute_bytes(facts: GgufFacts, layout: Layout) -> Bytes:
    """The scratch buffer: the larger of the output step and of one layer's work; and the
    rows of logits."""
    width, vocabulary = facts.embedding_length or 0, facts.vocab_size or 0
    rows = layout.rows
    output = layout.n_ubatch * (vocabulary + 2 * width) * 4
    logits = layout.sequences * vocabulary * 4
    inner = max(facts.per_layer("feed_forward_length") or (4 * width,))
    mask = _padded(layout.n_ctx) * rows * 6
    feeding = rows * (6 * width + 3 * inner) * 4 + mask
    return Bytes(max(output, feeding) + logits)


def draft_bytes(facts: GgufFacts, layout: Layout) -> Bytes:
    """Logits of drafted tokens, beyond one row for each sequence; what cannot be cut drafts
    nothing."""
    rows = DRAFT_ROWS - layout.sequences if is_divisible(facts) else 0
    return Bytes(max(0, rows) * (facts.vocab_size or 0) * 4)


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


def _window(facts: GgufFacts) -> int | None:
    return facts.integer("attention.sliding_window")


def _windowed_cells(facts: GgufFacts, layout: Layout) -> int:
    cells, window = _padded(layout.n_ctx), _window(facts)
    if window is None:
        return cells
    return min(cells, _padded(window * layout.sequences + layout.n_ubatch))


def _padded(tokens: int) -> int:
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
    if interval is None:
        interval = ATTENTION_EVERY.get(facts.architecture)
    return not interval or (layer + 1) % interval == 0
