"""How fast a model reads and writes on a board, before it was tried there; pure.

Writing a token takes as long as reading the weights it touches from memory; reading a prompt takes
as long as its arithmetic; both look at all that stands before, which costs a CPU more than either
in a long context. Knows what a board reaches; called by the planner.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edge.catalog.facts import GgufFacts
from edge.catalog.figures import Figures, figures_of
from edge.catalog.memory import KvType, Layout, attended, kv_bytes, token_bytes
from edge.units import Tokens, TokensPerSecond


@dataclass(frozen=True, slots=True)
class Reach:
    """What inference reaches on a board: bytes a second of its memory, floating point operations
    a second when many rows are computed at once, both with Q4_K weights. None: unknown."""

    bandwidth: float | None = None
    arithmetic: float | None = None
    on_device: bool = False
    """Whether an accelerator computes."""


UNKNOWN = Reach()


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands before a token: so many others, kept so."""

    tokens: Tokens
    kv_type: KvType = "f16"


NOTHING = Behind(Tokens(0))

EXPERTS_WRITTEN, EXPERTS_READ = 0.6, 0.25
"""What models with experts reach of that, writing and reading: other experts for every token.
gpt-oss-20b writes 33.8 tokens/s on an AGX Orin (0.7), Qwen3.5-35B-A3B 22.5 (0.5); gemma-4-26B-A4B
reads 6.4 on a Raspberry Pi 5 (0.26)."""

RECURRENT_READ = 0.6
"""What models reach that read most layers token by token: Qwen3.5-4B reads 11 tokens/s on a
Raspberry Pi 5 (0.5), Qwen3.5-35B-A3B 523 on an AGX Orin (0.8, its experts counted)."""

SLOW_TO_READ: Mapping[str, float] = {"Q4_1": 2.2, "Q5_0": 1.8, "Q5_1": 1.8}
"""Times of the arithmetic that weights cost which llama.cpp cannot repack for a CPU; all others
take about the same. Qwen2.5-Coder-1.5B at eight levels, 64 rows a step, two x86 cores with AVX2."""


@dataclass(frozen=True, slots=True)
class AttentionCost:
    """Arithmetic of a row's attention to one cell with one head, times ``dearness`` of what it
    costs with weights; ``more``: numbers of a head that everything else is worth."""

    dearness: float
    more: int

    def operations(self, head: float) -> float:
        """As if they were done with weights; four for each number of a head."""
        return 4 * (head + self.more) * self.dearness


ROW_BY_ROW: Mapping[KvType, AttentionCost] = {
    "f16": AttentionCost(4.5, 94),
    "q8_0": AttentionCost(6.0, 60),
    "q4_0": AttentionCost(9.8, 69),
}
IN_TILES = AttentionCost(1.3, 75)
"""llama.cpp's fused attention on a CPU, of steps of a few rows and of whole micro-batches; only
f16 is computed in tiles. Two x86 cores with AVX2, heads of 64, 128 and 256, behind 1,536 to 32,256
(docs/plan.md)."""


CHOSEN_BYTES = 120
"""For each token of the vocabulary: choosing one takes about as long as reading so much. 4 ms of
gemma-3-270m's 23 (262,144 tokens); steps that are only tried out choose nothing."""


def decode(facts: GgufFacts, reach: Reach, behind: Behind = NOTHING) -> TokensPerSecond | None:
    """Tokens written a second."""
    if reach.bandwidth is None:
        return None
    figures = figures_of(facts)
    cells = kv_bytes(figures, Layout(behind.tokens, 1, behind.kv_type)) if behind.tokens else 0
    looking = cells / reach.bandwidth
    if not reach.on_device and reach.arithmetic is not None:
        cost = ROW_BY_ROW[behind.kv_type]
        looking = max(looking, _looking(figures, behind, cost) / reach.arithmetic)
    choosing = 0 if reach.on_device else figures.vocabulary * CHOSEN_BYTES / reach.bandwidth
    return TokensPerSecond(1 / (_stepping(facts, reach.bandwidth) + looking + choosing))


def _stepping(facts: GgufFacts, bandwidth: float) -> float:
    """Seconds that reading the weights takes which a token touches."""
    reached = bandwidth * (EXPERTS_WRITTEN if facts.integer("expert_count") else 1.0)
    return max(1, token_bytes(facts)) / reached


def prefill(facts: GgufFacts, reach: Reach, behind: Behind = NOTHING) -> TokensPerSecond | None:
    """Tokens of a prompt read a second."""
    if reach.arithmetic is None:
        return None
    reached = reach.arithmetic * (EXPERTS_READ if facts.integer("expert_count") else 1.0)
    figures = figures_of(facts)
    reached *= RECURRENT_READ if figures.state else 1.0
    seconds = max(1.0, _work(facts, on_device=reach.on_device)) / reached
    tiles = reach.on_device or behind.kv_type == "f16"
    cost = IN_TILES if tiles else ROW_BY_ROW[behind.kv_type]
    return TokensPerSecond(1 / (seconds + _looking(figures, behind, cost) / reach.arithmetic))


def _work(facts: GgufFacts, *, on_device: bool) -> float:
    """Operations with weights that reading a token takes."""
    return 2 * sum(
        count * (1.0 if on_device else SLOW_TO_READ.get(kind, 1.0))
        for kind, count in active_parameters(facts).items()
    )


def active_parameters(facts: GgufFacts) -> dict[str, float]:
    """Weights that a token of a prompt is multiplied with, by their type; of experts only its
    own. It looks rows of the embeddings up, and only the last one needs the output."""
    used, experts = facts.integer("expert_used_count"), facts.integer("expert_count")
    share = used / experts if used and experts else 1.0
    found: dict[str, float] = {}
    for tensor in facts.tensors:
        if tensor.name not in ("token_embd.weight", "output.weight"):
            active = tensor.elements * (share if "_exps" in tensor.name else 1.0)
            found[tensor.type] = found.get(tensor.type, 0.0) + active
    return found


def _looking(figures: Figures, behind: Behind, cost: AttentionCost) -> float:
    """Operations of one row's attention, in those with weights."""
    return attended(figures, behind.tokens) * cost.operations(figures.head / 2)


def reach_of(facts: GgufFacts, writes: float, reads: float) -> Reach:
    """What a board reaches that writes and reads so many tokens a second with a model; the
    other way round. Of steps that choose nothing."""
    unit = Reach(1.0, 1.0)
    return Reach(writes * _stepping(facts, 1.0), reads / (prefill(facts, unit) or 1.0))
