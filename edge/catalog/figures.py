"""The few numbers of a header that memory depends on, counted once; pure.

A planner asks for the memory of one model in dozens of contexts, and going through its layers and
tensors each time would be most of what planning takes. Knows no layout and no board; made for
memory and speed by whoever has the facts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edge.catalog.facts import CountedArray, GgufFacts
from edge.units import Bytes

ATTENTION_EVERY = {"qwen3next": 4, "qwen35": 4, "qwen35moe": 4}
"""Hybrids whose every n-th layer is attention, where the file does not say it."""

# Attention layers with a window between those with all of the context: every n-th layer is
# a full one (llama.cpp's llama-model.cpp sets these where the file does not).
FULL_LAYER_EVERY = {"gemma2": 2, "gemma3": 6, "gpt-oss": 2, "cohere2": 4, "exaone4": 4}


@dataclass(frozen=True, slots=True)
class Heads:
    """Heads of all attention layers: of those that see the whole context, and of those that see a
    window of it."""

    full: int = 0
    windowed: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """What the memory of a model's contexts is worked out from."""

    weights: Bytes
    kept: Heads
    """Heads of keys and values."""
    looking: Heads
    """Heads of queries, in layers that keep any of those."""
    window: int | None
    head: int
    """Numbers of a key and a value together."""
    state: Bytes
    """The fixed f32 state of all recurrent layers, for one sequence."""
    width: int
    inner: int
    """The widest layer's work on a token."""
    vocabulary: int
    entries: int
    """Tokens and merges: what the tokenizer keeps as strings."""


def figures_of(facts: GgufFacts) -> Figures:
    """The figures of a file; what it does not say counts as nothing."""
    width, vocabulary = facts.embedding_length or 0, facts.vocab_size or 0
    has_attention, is_windowed = _attention(facts), _windows(facts)
    kept = facts.kv_heads
    attending = [layer for layer, heads in enumerate(kept) if heads and has_attention(layer)]
    recurrent = (len(kept) or facts.layers) - len(attending)
    queries = facts.per_layer("attention.head_count") or ()
    return Figures(
        weights=facts.tensor_bytes,
        kept=_heads(kept, attending, is_windowed),
        looking=_heads(queries, attending, is_windowed),
        window=facts.integer("attention.sliding_window"),
        head=(facts.key_length or 0) + (facts.value_length or 0),
        state=Bytes(recurrent * _state_elements(facts) * 4),
        width=width,
        inner=max(facts.per_layer("feed_forward_length") or (4 * width,)),
        vocabulary=vocabulary,
        entries=vocabulary + _merges(facts),
    )


def _heads(
    heads: tuple[int, ...], attending: list[int], is_windowed: Callable[[int], bool]
) -> Heads:
    counted = [(heads[layer], is_windowed(layer)) for layer in attending if layer < len(heads)]
    windowed = sum(count for count, window in counted if window)
    return Heads(sum(count for count, _ in counted) - windowed, windowed)


def _merges(facts: GgufFacts) -> int:
    merges = facts.metadata.get("tokenizer.ggml.merges")
    return merges.count if isinstance(merges, CountedArray) else 0


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


def _windows(facts: GgufFacts) -> Callable[[int], bool]:
    """Whether a layer's attention has a window."""
    pattern = facts.metadata.get(f"{facts.architecture}.attention.sliding_window_pattern")
    if isinstance(pattern, tuple):
        return lambda layer: layer < len(pattern) and bool(pattern[layer])
    every = pattern if isinstance(pattern, int) else FULL_LAYER_EVERY.get(facts.architecture)
    return lambda layer: bool(every) and (layer + 1) % int(every or 1) != 0


def _attention(facts: GgufFacts) -> Callable[[int], bool]:
    """Whether a layer may be attention: hybrids say it by an interval, the others by their
    heads."""
    interval = facts.integer("full_attention_interval")
    if interval is None:
        interval = ATTENTION_EVERY.get(facts.architecture)
    return lambda layer: not interval or (layer + 1) % interval == 0
