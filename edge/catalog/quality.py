"""How much a model at a quantization level is worth to an agent, in points; pure.

A model's ability (families.py), less what its level loses, less what waiting for a slow one
costs. Called by the planner and by `codriver quantize`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from edge.catalog.levels import MIXTURES
from edge.units import TokensPerSecond

DIVERGENCE: Mapping[str, float] = {
    "F32": 0.0,
    "F16": 0.0,
    "BF16": 0.0,
    "MXFP4": 0.0,
    "Q8_0": 0.0014,
    "Q6_K": 0.0055,
    "Q5_K_M": 0.0108,
    "Q5_1": 0.012,
    "Q5_K_S": 0.0166,
    "Q5_K": 0.0166,
    "Q5_0": 0.018,
    "Q4_K_M": 0.0313,
    "IQ4_XS": 0.0363,
    "IQ4_NL": 0.0363,
    "NVFP4": 0.04,
    "Q4_K_S": 0.0431,
    "Q4_K": 0.0431,
    "Q4_1": 0.06,
    "Q4_0": 0.0719,
    "Q3_K_L": 0.0872,
    "Q3_K_M": 0.102,
    "Q3_K": 0.102,
    "IQ3_M": 0.103,
    "IQ3_S": 0.12,
    "IQ3_XS": 0.14,
    "IQ3_XXS": 0.19,
    "Q3_K_S": 0.228,
    "IQ2_M": 0.326,
    "Q2_K": 0.445,
    "Q2_K_S": 0.5,
    "IQ2_S": 0.5,
    "IQ2_XS": 0.6,
    "IQ2_XXS": 0.81,
}
"""Nats: mean KL divergence from the full model, Llama-3-8B, llama.cpp's
tools/perplexity/README.md (IQ levels with an importance matrix, the others without); Q5_1, Q5_0,
Q4_1, NVFP4 and the IQ3 and IQ2 levels it lacks are placed between their neighbours. MXFP4 is what
its models were trained in."""

UNKNOWN_DIVERGENCE = 1.0
"""Levels of less than two bits, and what nobody knows."""

POINTS_A_NAT = 60.0
"""Ability that a nat of divergence costs: Q4_K_M 1.9 points, Q2_K 27, about as much as a model of
a fourth of the size has less."""

COARSE, COARSE_LARGE, LARGE = 0.08, 0.125, 20e9
"""Above this divergence tool calls lose their form; models of so many parameters bear more."""

COMFORT = TokensPerSecond(20.0)
POINTS_A_HALVING = 3.0
"""An answer slower than a person reads costs this for each halving of its speed."""

_UNKNOWN_AT_1B, _UNKNOWN_A_DOUBLING, _UNKNOWN_MOST = 30.0, 7.0, 70.0
"""A model of no known family: as llama-3.2-1b, qwen2.5-coder-7b and their like by size."""


def divergence(level: str) -> float:
    """Nats by which a file at that level strays from the full model."""
    return DIVERGENCE.get(MIXTURES.get(level, level), UNKNOWN_DIVERGENCE)


def is_coarse(level: str, parameters: int) -> bool:
    """Whether a model of that size loses the habit of well-formed tool calls."""
    return divergence(level) > (COARSE_LARGE if parameters >= LARGE else COARSE)


def ability_by_size(parameters: int) -> float:
    """Of a model about which nothing else is known."""
    doublings = math.log2(max(parameters, 1_000_000) / 1e9)
    return min(_UNKNOWN_MOST, max(0.0, _UNKNOWN_AT_1B + _UNKNOWN_A_DOUBLING * doublings))


def points(
    ability: float, level: str, decode: TokensPerSecond | None, before: str = "F16"
) -> float:
    """What a model is worth at that level and, where it is known, that speed. ``before``: the level
    that it was made of, whose loss stays."""
    slow = math.log2(COMFORT / decode) if decode else 0.0
    lost = divergence(level) + divergence(before)
    return ability - POINTS_A_NAT * lost - POINTS_A_HALVING * max(0.0, slow)
