"""How much memory a model takes, from its header alone.

Pure arithmetic over Figures; knows neither the board nor what is free. Called by the planner.

Checked against llama.cpp (llama-cpp-python 0.3.36, x86-64) with SmolLM2-135M, gemma-3-270m
and Qwen2.5-Coder 0.5B and 1.5B, and with tiny random files of five kinds of state: weights, KV,
state, output and compute buffers are those of its log. Of the compute buffer only what is used
comes into memory. `make bench-plan` sets the sum beside what real workers take.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from edge.catalog.facts import GgufFacts
from edge.catalog.figures import Figures
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


def need(figures: Figures, layout: Layout) -> MemoryNeed:
    """The memory for that context; grows with each number. Weights count once: the worker does
    not map their file, from which those that are repacked for the CPU would be copies."""
    return MemoryNeed(
        weights=figures.weights,
        context=Bytes(
            kv_bytes(figures, layout)
            + state_bytes(figures, sequences_of(figures, layout))
            + _moved_bytes(figures, layout)
        ),
        compute=compute_bytes(figures, layout),
        worker=worker_bytes(figures),
        spare=draft_bytes(figures, layout),
    )


def _moved_bytes(figures: Figures, layout: Layout) -> int:
    """What is read from disk beside what is there: a block, or a sequence's fixed state."""
    if not is_divisible(figures):
        return state_bytes(figures, 1)
    return kv_bytes(figures, replace(layout, n_ctx=Tokens(MOVED_TOKENS)))


def worker_bytes(figures: Figures) -> Bytes:
    """The worker's process with the model's vocabulary in all its tables."""
    tables = figures.entries * ENTRY_BYTES + figures.vocabulary * TOKEN_BYTES
    return Bytes(WORKER_BYTES + tables)


def sequences_of(figures: Figures, layout: Layout) -> int:
    """All sequences of a context, with the one that blocks of state are moved through."""
    return layout.n_sequences + (_SPARE_SEQUENCES if is_divisible(figures) else 0)


def without(whole: MemoryNeed, share: float) -> MemoryNeed:
    """What is left in the board's own memory when a device holds that share of the layers."""
    return replace(
        whole,
        weights=Bytes(int(whole.weights * (1 - share))),
        context=Bytes(int(whole.context * (1 - share))),
    )


def sequences(figures: Figures) -> int:
    """How many sequences are worth their memory."""
    return N_SEQUENCES if is_divisible(figures) else FEW_SEQUENCES


def is_divisible(figures: Figures) -> bool:
    """Whether a sequence's state can be cut anywhere: no recurrent layers, no window."""
    return not figures.state and not figures.window


def kv_bytes(figures: Figures, layout: Layout) -> Bytes:
    """Keys and values of every attention layer; a windowed one has a window's worth for
    every sequence."""
    cells, windowed = _padded(layout.n_ctx), _windowed_cells(figures, layout)
    cell_heads = figures.kept.full * cells + figures.kept.windowed * windowed
    return Bytes(int(cell_heads * figures.head * KV_ELEMENT_BYTES[layout.kv_type]))


def attended(figures: Figures, behind: Tokens) -> int:
    """Cells that a token looks at behind so many others, counted once for each head that looks."""
    window = min(figures.window or behind, behind)
    return figures.looking.full * behind + figures.looking.windowed * window


def state_bytes(figures: Figures, count: int) -> Bytes:
    """The fixed f32 state of the recurrent layers, held for each of ``count`` sequences."""
    return Bytes(figures.state * count)


def compute_bytes(figures: Figures, layout: Layout) -> Bytes:
    """The scratch buffer as far as it is used without drafts, one layer's work with the mask of
    fused attention, and the rows of logits that are handed out."""
    logits = sequences_of(figures, layout) * figures.vocabulary * 4
    return Bytes(_feeding_bytes(figures, layout) + logits)


def draft_bytes(figures: Figures, layout: Layout) -> Bytes:
    """What logits of OUTPUT_ROWS take beyond that, in the scratch buffer and as handed out; what
    cannot be cut drafts nothing."""
    if not is_divisible(figures):
        return Bytes(0)
    row = figures.vocabulary * 4
    scratch = OUTPUT_ROWS * (row + 2 * figures.width * 4)
    more_rows = OUTPUT_ROWS - sequences_of(figures, layout)
    return Bytes(max(0, scratch - _feeding_bytes(figures, layout)) + max(0, more_rows) * row)


def _feeding_bytes(figures: Figures, layout: Layout) -> int:
    """One layer's work on a micro-batch that llama.cpp makes of equal parts."""
    parts = sequences_of(figures, layout)
    rows = -(-layout.n_ubatch // parts) * parts
    work = rows * (6 * figures.width + 3 * figures.inner) * 4
    return work + _padded(layout.n_ctx) * rows * MASK_BYTES


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


def _windowed_cells(figures: Figures, layout: Layout) -> int:
    cells, window = _padded(layout.n_ctx), figures.window
    if window is None:
        return cells
    return min(cells, _padded(window * sequences_of(figures, layout) + layout.n_ubatch))


def _padded(tokens: int) -> int:
    return -(-tokens // KV_CELLS) * KV_CELLS
