"""Choosing the next token: llama.cpp's sampler chain over the logits of one sequence.

Knows nothing of grammars: whoever constrains writes minus infinity into the logits
first. One thread only.
"""

from __future__ import annotations

from typing import Any

import llama_cpp

from edge.engines.frames import SamplingValues
from edge.engines.worker.native import Context, Vocabulary

PENALTY_WINDOW_TOKENS = 256
"""How far back repeat penalties look; llama.cpp's 64 misses a repeated code block."""

_SEED_RANDOM = 0xFFFFFFFF  # LLAMA_DEFAULT_SEED: take one from the system


class Sampler:
    """A chain built from values with every default filled in. ``close`` frees it."""

    def __init__(self, values: SamplingValues, vocabulary: Vocabulary) -> None:
        self._chain = llama_cpp.llama_sampler_chain_init(
            llama_cpp.llama_sampler_chain_default_params()
        )
        for stage in _stages(values, vocabulary):
            llama_cpp.llama_sampler_chain_add(self._chain, stage)

    def choose(self, context: Context) -> int:
        """The next token, already accepted into the penalties' window."""
        return int(llama_cpp.llama_sampler_sample(self._chain, context.handle, -1))

    def close(self) -> None:
        llama_cpp.llama_sampler_free(self._chain)


def _stages(values: SamplingValues, vocabulary: Vocabulary) -> list[Any]:
    """Penalties, then cuts, then heat: the order llama.cpp's own programs use."""
    stages = []
    if _penalises(values):
        stages.append(
            llama_cpp.llama_sampler_init_penalties(
                vocabulary.size,
                PENALTY_WINDOW_TOKENS,
                values.repeat_penalty or 1.0,
                values.frequency_penalty or 0.0,
                values.presence_penalty or 0.0,
            )
        )
    temperature = 1.0 if values.temperature is None else values.temperature
    if temperature <= 0:
        return [*stages, llama_cpp.llama_sampler_init_greedy()]
    if values.top_k:
        stages.append(llama_cpp.llama_sampler_init_top_k(values.top_k))
    if values.top_p is not None and values.top_p < 1:
        stages.append(llama_cpp.llama_sampler_init_top_p(values.top_p, 1))
    if values.min_p:
        stages.append(llama_cpp.llama_sampler_init_min_p(values.min_p, 1))
    stages.append(llama_cpp.llama_sampler_init_temp(temperature))
    seed = _SEED_RANDOM if values.seed is None else values.seed % _SEED_RANDOM
    stages.append(llama_cpp.llama_sampler_init_dist(seed))
    return stages


def _penalises(values: SamplingValues) -> bool:
    return bool(
        (values.repeat_penalty or 1.0) != 1.0 or values.frequency_penalty or values.presence_penalty
    )
