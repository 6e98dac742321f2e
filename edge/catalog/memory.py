"""How much memory a model takes, from its header alone.

Pure arithmetic over GgufFacts; knows neither the board nor what is free. Called by the
planner.

Checked against llama.cpp (llama-cpp-python 0.3.36, x86-64) with SmolLM2-135M, gemma-3-270m
and Qwen2.5-Coder 0.5B and 1.5B, and with tiny random files of five kinds of state: weights, KV,
state, output and compute buffers are those of its log. Of the compute buffer only what is used
comes into memory. `make bench-plan` sets the sum beside what real workers take.
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

MOVED_TOKENS = 512
"""A block of KV state on its way from or to the disk."""

MASK_BYTES = 2
"""Of a cell and a row in the mask of fused attention."""

WORKER_BYTES = 70 * 2**20
"""The worker without a model: 54 MiB measured with llama_cpp, numpy, jinja2, msgspec and llguidance
imported; the rest is threads, templates and what the allocator keeps."""

ENTRY_BYTES, TOKEN_BYTES = 170, 425
"""For each token and merge in llama.cpp's own tables (166 to 187 measured for the four models
above), and for each token beside them in ours and the grammar engine's (394 to 448)."""

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

OUTPUT_ROWS = 100
"""The same, and the last rows of prompts that are read in that step."""

_SPARE_SEQUENCES = 1
"""One more that the worker moves blocks of state through."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a context is made."""

    n_ctx: Tokens
    n_ubatch: int
    kv_type: KvType = "f16"
    n_sequences: int = N_SEQUENCES


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """What has to stay in memory while the model serves. ``spare``: what it takes only once it has
    checked long drafts, and while the disk is slow."""

    weights: Bytes
    context: Bytes
    compute: Bytes
    worker: Bytes
    spare: Bytes = Bytes(0)

    @property
    def total(self) -> Bytes:
        return Bytes(self.weights + self.context + self.compute + self.worker + self.spare)


def need(facts: GgufFacts, layout: Layout) -> MemoryNeed:
    """The memory for that context; grows with each number. Weights count once: the worker does
    not map their file, from which those that are repacked for the CPU would be copies."""
    return MemoryNeed(
        weights=facts.tensor_bytes,
        context=Bytes(
            kv_bytes(facts, layout)
            + state_bytes(facts, sequences_of(facts, layout))
            + _moved_bytes(facts, layout)
        ),
        compute=compute_bytes(facts, layout),
        worker=worker_bytes(facts),
        spare=draft_bytes(facts, layout),
    )


def _moved_bytes(facts: GgufFacts, layout: Layout) -> int:
    """What is read from disk beside what is there: a block, or a sequence's fixed state."""
    if not is_divisible(facts):
        return state_bytes(facts, 1)
    return kv_bytes(facts, replace(layout, n_ctx=Tokens(MOVED_TOKENS)))


def worker_bytes(facts: GgufFacts) -> Bytes:
    """The worker's process with the model's vocabulary in all its tables."""
    tokens = facts.vocab_size or 0
    return Bytes(WORKER_BYTES + vocabulary_entries(facts) * ENTRY_BYTES + tokens * TOKEN_BYTES)


def sequences_of(facts: GgufFacts, layout: Layout) -> int:
    """All sequences of a context, with the one that blocks of state are moved through."""
    return layout.n_sequences + (_SPARE_SEQUENCES if is_divisible(facts) else 0)


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


def attended(facts: GgufFacts, behind: Tokens) -> int:
    """Cells that a token looks at behind so many others, counted once for each head that looks."""
    window = _window(facts) or behind
    heads = zip(facts.per_layer("attention.head_count") or (), facts.kv_heads, strict=False)
    return sum(
        count * (min(window, behind) if _is_windowed(facts, layer) else behind)
        for layer, (count, kept) in enumerate(heads)
        if kept and _has_attention(facts, layer)
    )


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
    """The scratch buffer as far as it is used without drafts, one layer's work with the mask of
    fused attention, and the rows of logits that are handed out."""
    logits = sequences_of(facts, layout) * (facts.vocab_size or 0) * 4
    return Bytes(_feeding_bytes(facts, layout) + logits)


def draft_bytes(facts: GgufFacts, layout: Layout) -> Bytes:
    """What logits of OUTPUT_ROWS take beyond that, in the scratch buffer and as handed out; what
    cannot be cut drafts nothing."""
    if not is_divisible(facts):
        return Bytes(0)
    row = (facts.vocab_size or 0) * 4
    scratch = OUTPUT_ROWS * (row + 2 * (facts.embedding_length or 0) * 4)
    more_rows = OUTPUT_ROWS - sequences_of(facts, layout)
    return Bytes(max(0, scratch - _feeding_bytes(facts, layout)) + max(0, more_rows) * row)


def _feeding_bytes(facts: GgufFacts, layout: Layout) -> int:
    """One layer's work on a micro-batch that llama.cpp makes of equal parts."""
    width, parts = facts.embedding_length or 0, sequences_of(facts, layout)
    rows = -(-layout.n_ubatch // parts) * parts
    inner = max(facts.per_layer("feed_forward_length") or (4 * width,))
    return rows * (6 * width + 3 * inner) * 4 + _padded(layout.n_ctx) * rows * MASK_BYTES


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
    return min(cells, _padded(window * sequences_of(facts, layout) + layout.n_ubatch))


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
