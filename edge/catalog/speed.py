"""How fast a model reads and writes on a board, before it was tried there; pure.

Writing a token takes as long as reading the weights it touches and its context's keys and values
from memory; reading a prompt takes as long as its arithmetic. Knows what a board reaches of both;
called by the planner.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.catalog.facts import GgufFacts
from edge.catalog.memory import Layout, kv_bytes, state_bytes, token_bytes
from edge.units import TokensPerSecond


@dataclass(frozen=True, slots=True)
class Reach:
    """What inference reaches on a board: bytes a second of its memory, floating point operations
    a second when many rows are computed at once. None: unknown."""

    bandwidth: float | None = None
    arithmetic: float | None = None


UNKNOWN = Reach()

EXPERTS_WRITTEN, EXPERTS_READ = 0.6, 0.25
"""What models with experts reach of that, writing and reading: other experts for every token.
gpt-oss-20b writes 33.8 tokens/s on an AGX Orin (0.7), Qwen3.5-35B-A3B 22.5 (0.5); gemma-4-26B-A4B
reads 6.4 on a Raspberry Pi 5 (0.26)."""

RECURRENT_READ = 0.6
"""What models reach that read most layers token by token: Qwen3.5-4B reads 11 tokens/s on a
Raspberry Pi 5 (0.5), Qwen3.5-35B-A3B 523 on an AGX Orin (0.8, its experts counted)."""


def decode(facts: GgufFacts, reach: Reach, layout: Layout | None = None) -> TokensPerSecond | None:
    """Tokens written a second; behind a context of ``layout`` that is full, else behind none."""
    if reach.bandwidth is None:
        return None
    touched = token_bytes(facts) + (kv_bytes(facts, layout) if layout is not None else 0)
    reached = reach.bandwidth * (EXPERTS_WRITTEN if facts.integer("expert_count") else 1.0)
    return TokensPerSecond(reached / max(1, touched))


def prefill(facts: GgufFacts, reach: Reach) -> TokensPerSecond | None:
    """Tokens of a prompt read a second, at its beginning."""
    if reach.arithmetic is None:
        return None
    reached = reach.arithmetic * (EXPERTS_READ if facts.integer("expert_count") else 1.0)
    reached *= RECURRENT_READ if state_bytes(facts, 1) else 1.0
    return TokensPerSecond(reached / max(1, 2 * active_parameters(facts)))


def reach_of(facts: GgufFacts, writes: float, reads: float) -> Reach:
    """What a board reaches that writes and reads so many tokens a second with a model; the
    other way round."""
    unit = Reach(1.0, 1.0)
    return Reach(writes / (decode(facts, unit) or 1.0), reads / (prefill(facts, unit) or 1.0))


def active_parameters(facts: GgufFacts) -> int:
    """Weights that a token is multiplied with; of experts only its own."""
    used, experts = facts.integer("expert_used_count"), facts.integer("expert_count")
    share = used / experts if used and experts else 1.0
    return int(
        sum(
            tensor.elements * (share if "_exps" in tensor.name else 1.0)
            for tensor in facts.tensors
            # Reading a prompt looks rows of the embeddings up, and computes one row of the output.
            if tensor.name not in ("token_embd.weight", "output.weight")
        )
    )
