"""Whether llama.cpp should fuse attention; pure.

On CPUs the fused kernel ("flash attention") saves memory and costs speed: with 4,096 tokens
of context a token of a 0.5B model took 59 ms with it and 38 ms without, sixteen drafted
ones 481 and 238 ms (two x86 cores, llama.cpp 0c1e57098); reading prompts is about even.
Without it the scores of a whole micro-batch against the whole context have to fit. Called
by the planner, so that what is planned is what will be used.
"""

from __future__ import annotations

from dataclasses import replace

from edge.catalog.facts import GgufFacts
from edge.catalog.memory import Layout, need, score_bytes, score_copy_bytes, sequences
from edge.units import Bytes

SHARE_OF_MEMORY = 4
"""The scores may take one part in so many of the memory that may be used."""


def fused_layout(facts: GgufFacts, layout: Layout) -> Layout:
    """``layout`` with fused attention and the sequences that go with it."""
    return replace(layout, fused=True, n_sequences=sequences(facts, fused=True))


def choose_attention(
    facts: GgufFacts, layout: Layout, budget: Bytes | None, *, on_gpu: bool
) -> tuple[Layout, str]:
    """The layout to use, fused or not, and why. ``budget``: what the model may take in all,
    None where that is unknown."""
    fused = fused_layout(facts, layout)
    if on_gpu:
        return fused, "attention fused: the accelerator's own kernel"
    if layout.kv_type != "f16":
        return fused, f"attention fused, as {layout.kv_type} values need"
    if not facts.heads:
        return fused, "attention fused: the file names no heads that could be scored"
    if budget is None:
        return fused, "attention fused: it is not known what its scores may take"
    apart = replace(layout, fused=False, n_sequences=sequences(facts, fused=False))
    scores = score_bytes(facts, apart) + score_copy_bytes(facts, apart)
    takes = f"{scores / 1e9:.2f} GB of scores"
    if scores > budget // SHARE_OF_MEMORY or need(facts, apart).total > budget:
        return fused, f"attention fused: {takes} would be too much"
    return apart, f"attention not fused: {takes} make it faster on this CPU"
