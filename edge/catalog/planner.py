"""Chooses which of the models present to run, and how: pure, with a reason for each.

Facts of files and of the board in, plans out, best first; same arguments, same plans.
Knows no files, no clock and no engine. Called by app at start and by `codriver plan`.

The order: it fits in memory; it holds an agent's prompt; its quantization still calls
tools; it is fast enough to wait for (where the board's bandwidth is known); its template
knows tools; and then the most quality, which is parameters times what the quantization
leaves of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edge.catalog.facts import GgufFacts
from edge.catalog.memory import (
    KV_CELLS,
    KvType,
    Layout,
    MemoryNeed,
    need,
    sequences,
    token_bytes,
)
from edge.catalog.threads import ThreadPlan, plan_threads
from edge.errors import ModelUnusable
from edge.state import BoardFacts, Room
from edge.units import Bytes, Tokens, TokensPerSecond

AGENT_CONTEXT = Tokens(32_768)
"""Claude Code's default request is 20-24k tokens; below this it has no room to work."""

LONGEST_CONTEXT = Tokens(200_192)
"""Claude Code counts on 200,000 tokens; more would hold memory that nothing fills."""

SMALLEST_CONTEXT = Tokens(2_048)
"""With less than this (or than the model was trained for) a chat is pointless."""

HEADROOM_SHARE = 0.10
HEADROOM_BYTES = 256 * 2**20
"""Left to the daemon and the system: the larger of the two."""

UBATCHES = (256, 128)
"""Best first. Larger ones hold back a cancel on a slow board and take more scratch memory."""
GPU_UBATCHES = (512, 256, 128)

DEVICE_ROOM = 1.2
"""What a device needs for each byte of weights: context and scratch memory are there too."""

USEFUL_SPEED = TokensPerSecond(3.0)
# Share of tokens on which the quantized model agrees with the full one; from llama.cpp's
# tools/perplexity/README.md (Llama-3-8B) for Q8_0, Q6_K, Q4_K_M and Q2_K, the others placed
# between them by the mean KL divergence of the same table.
AGREEMENT = {
    "F32": 1.0,
    "F16": 1.0,
    "BF16": 1.0,
    "Q8_0": 0.977,
    "Q6_K": 0.96,
    "Q5_K_M": 0.945,
    "Q5_1": 0.94,
    "Q5_K_S": 0.935,
    "Q5_K": 0.935,
    "Q5_0": 0.93,
    "MXFP4": 0.93,
    "Q4_K_M": 0.919,
    "IQ4_XS": 0.91,
    "IQ4_NL": 0.91,
    "NVFP4": 0.91,
    "Q4_K_S": 0.90,
    "Q4_K": 0.90,
    "Q4_1": 0.90,
    "Q4_0": 0.88,
    "Q3_K_L": 0.86,
    "Q3_K_M": 0.85,
    "Q3_K": 0.85,
    "IQ3_M": 0.85,
    "IQ3_S": 0.83,
    "IQ3_XS": 0.82,
    "IQ3_XXS": 0.81,
    "Q3_K_S": 0.80,
    "IQ2_M": 0.75,
    "Q2_K": 0.71,
}
UNKNOWN_AGREEMENT = 0.6
TOOL_AGREEMENT = 0.875
"""Below Q4 the small models lose the habit of well-formed tool calls."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model file that is present."""

    name: str
    path: Path
    facts: GgufFacts


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person asked for; None means: choose."""

    context: Tokens | None = None
    threads: int | None = None
    agent: bool = True
    """Whether coding agents are to be served: long prompts and tools."""
    bandwidth: float | None = None
    """Bytes a second that inference reaches here; from the board's profile."""


@dataclass(frozen=True, slots=True)
class DraftPlan:
    """A smaller model that guesses ahead; chosen by edge.catalog.pairing."""

    model: str
    path: Path
    n_ctx: Tokens
    memory: Bytes


@dataclass(frozen=True, slots=True)
class Plan:
    """How one model would run here. ``reason`` is for the person."""

    model: str
    path: Path
    architecture: str
    quantization: str
    parameters: int
    n_ctx: Tokens
    kv_type: KvType
    n_gpu_layers: int
    threads: ThreadPlan
    n_batch: int
    n_ubatch: int
    n_sequences: int
    memory: MemoryNeed
    budget: Bytes | None
    fits: bool
    tools: bool
    decode_tokens_per_second: TokensPerSecond | None
    reason: str
    draft: DraftPlan | None = None

    @property
    def memory_bytes(self) -> Bytes:
        """With the model that drafts for it, if one does."""
        return Bytes(self.memory.total + (self.draft.memory if self.draft else 0))

    @property
    def n_threads(self) -> int:
        return self.threads.start


def plan(
    candidates: Sequence[Candidate], facts: BoardFacts, wishes: Wishes = Wishes()
) -> tuple[Plan, ...]:
    """A plan for every candidate, best first; those that do not fit come last."""
    budget = memory_budget(facts)
    plans = [_plan_one(candidate, facts, wishes, budget) for candidate in candidates]
    plans.sort(key=lambda one: (_rank(one, wishes), one.model, str(one.path)))
    return tuple(replace(one, reason=_reason(one, plans[0], wishes, facts)) for one in plans)


def choose(plans: Sequence[Plan]) -> Plan:
    """The best plan. Raises ModelUnusable, with the numbers, if none fits."""
    if not plans:
        raise ModelUnusable("there is no model to serve; name one, for example --model coder")
    best = plans[0]
    if not best.fits:
        raise ModelUnusable(f"{best.model}: {best.reason}; take a smaller model or quantization")
    return best


def memory_budget(facts: BoardFacts) -> Bytes | None:
    """What a model may take now, head-room left out; None where memory is unknown."""
    known = [size for size in (facts.memory_available, facts.memory_limit) if size is not None]
    if facts.memory_available is None and facts.memory_total is not None:
        known.append(Bytes(facts.memory_total * 3 // 4))
    if not known:
        return None
    free = min(known)
    return Bytes(max(0, free - max(int(free * HEADROOM_SHARE), HEADROOM_BYTES)))


def together(plans: Sequence[Plan], facts: BoardFacts) -> Room:
    """Whether all these plans can be in memory at once. Where memory is unknown, only one."""
    if len(plans) < 2:
        return Room(all(one.fits for one in plans), "alone")
    budget = memory_budget(facts)
    if budget is None:
        return Room(False, "free memory is unknown, so that one model is loaded at a time")
    total = sum(one.memory_bytes for one in plans)
    words = f"{total / 1e9:.2f} GB together and {budget / 1e9:.2f} GB may be used"
    offloaded = [one for one in plans if one.n_gpu_layers]
    if len(offloaded) > 1 and not _device_holds(facts, offloaded):
        return Room(False, "the accelerator's memory does not hold both")
    return Room(total <= budget, words)


def _device_holds(facts: BoardFacts, plans: Sequence[Plan]) -> bool:
    weights = sum(one.memory.weights for one in plans)
    return any(
        device.kind == "cuda" and (device.unified or (device.memory or 0) > weights * DEVICE_ROOM)
        for device in facts.accelerators
    )


# --- one candidate ------------------------------------------------------------------


def _plan_one(
    candidate: Candidate, board: BoardFacts, wishes: Wishes, budget: Bytes | None
) -> Plan:
    facts = candidate.facts
    gpu_layers = _gpu_layers(facts, board)
    ubatches = GPU_UBATCHES if gpu_layers else UBATCHES
    n_ctx = _context(facts, wishes, budget, ubatches[-1])
    n_ubatch = next((size for size in ubatches if _fits(facts, n_ctx, size, budget)), ubatches[-1])
    layout = Layout(n_ctx, n_ubatch, n_sequences=sequences(facts))
    memory = need(facts, layout)
    speed = TokensPerSecond((wishes.bandwidth or 0.0) / max(1, token_bytes(facts)))
    return Plan(
        model=candidate.name,
        path=candidate.path,
        architecture=facts.architecture,
        quantization=facts.quantization,
        parameters=facts.parameters,
        n_ctx=n_ctx,
        kv_type=layout.kv_type,
        n_gpu_layers=gpu_layers,
        threads=plan_threads(board, wishes.threads, on_gpu=bool(gpu_layers)),
        n_batch=n_ubatch,
        n_ubatch=n_ubatch,
        n_sequences=layout.n_sequences,
        memory=memory,
        budget=budget,
        fits=budget is None or memory.total <= budget,
        tools=facts.has_tool_template,
        decode_tokens_per_second=None if wishes.bandwidth is None else speed,
        reason="",
    )


def _context(facts: GgufFacts, wishes: Wishes, budget: Bytes | None, n_ubatch: int) -> Tokens:
    """The longest context that is wanted, trained for and affordable, in whole cells."""
    trained = facts.context_length or AGENT_CONTEXT
    wanted = min(trained, wishes.context or LONGEST_CONTEXT)
    most = max(1, wanted // KV_CELLS)
    least = min(most, SMALLEST_CONTEXT // KV_CELLS)
    while least < most:
        middle = (least + most + 1) // 2
        if _fits(facts, Tokens(middle * KV_CELLS), n_ubatch, budget):
            least = middle
        else:
            most = middle - 1
    return Tokens(least * KV_CELLS)


def _fits(facts: GgufFacts, n_ctx: Tokens, n_ubatch: int, budget: Bytes | None) -> bool:
    layout = Layout(n_ctx, n_ubatch, n_sequences=sequences(facts))
    return budget is None or need(facts, layout).total <= budget


def _gpu_layers(facts: GgufFacts, board: BoardFacts) -> int:
    """All layers on a CUDA device that holds them; a Vulkan one is not trusted unasked."""
    for device in board.accelerators:
        whole = device.unified or (device.memory or 0) > facts.tensor_bytes * DEVICE_ROOM
        if device.kind == "cuda" and whole and board.can_use(device):
            return facts.layers + 1
    return 0


# --- which is better ----------------------------------------------------------------


def quality(one: Plan) -> float:
    """Parameters, times what the quantization leaves of them."""
    return one.parameters * AGREEMENT.get(one.quantization, UNKNOWN_AGREEMENT)


def _rank(one: Plan, wishes: Wishes) -> tuple[bool | float, ...]:
    """Smaller is better."""
    if not one.fits:
        return (True, float(one.memory_bytes))
    misses = [bool(miss) for miss in _misses(one, wishes)]
    return (False, *misses, -quality(one), -float(one.n_ctx), -float(one.n_ubatch))


def _misses(one: Plan, wishes: Wishes) -> tuple[str, ...]:
    """What speaks against a plan that fits, in the order of weight; "" for nothing."""
    speed = one.decode_tokens_per_second
    slow = speed is not None and speed < USEFUL_SPEED
    coarse = AGREEMENT.get(one.quantization, UNKNOWN_AGREEMENT) < TOOL_AGREEMENT
    short = wishes.agent and one.n_ctx < min(AGENT_CONTEXT, wishes.context or AGENT_CONTEXT)
    return (
        f"{one.n_ctx:,} tokens of context are too few for a coding agent" if short else "",
        f"{one.quantization} is too coarse for tool calls" if wishes.agent and coarse else "",
        f"about {speed:.1f} tokens/s is too slow" if slow else "",
        "its chat template knows no tools" if wishes.agent and not one.tools else "",
    )


def _unused(one: Plan, board: BoardFacts) -> list[str]:
    """A GPU that the engine cannot use, where that is why it is not used."""
    idle = [device for device in board.accelerators if device.kind == "cuda"]
    if one.n_gpu_layers or not idle or any(board.can_use(device) for device in idle):
        return []
    return [f"{idle[0].name} is not used, as this llama.cpp is built without CUDA"]


def _reason(one: Plan, best: Plan, wishes: Wishes, board: BoardFacts) -> str:
    if not one.fits:
        return f"needs {_memory_words(one)} and {_gigabytes(one.budget)} may be used"
    misses = [miss for miss in _misses(one, wishes) if miss]
    if one is not best:
        size = f"{_billions(one)} at {one.quantization}"
        return "; ".join(misses or [f"{size} promise no more than {best.model}"])
    room = "free memory unknown" if one.budget is None else f"of {_gigabytes(one.budget)} usable"
    first = f"{_billions(one)} at {one.quantization}, {_memory_words(one)} {room}"
    said = [*_shortened(one, wishes), *misses, *_unused(one, board), one.threads.reason]
    return "; ".join([first, *said])


def _shortened(one: Plan, wishes: Wishes) -> list[str]:
    if wishes.context is None or wishes.context - one.n_ctx < KV_CELLS:
        return []
    return [f"{wishes.context:,} tokens of context were asked for"]


def _memory_words(one: Plan) -> str:
    parts = one.memory
    return (
        f"{_gigabytes(parts.total)} (weights {_gigabytes(parts.weights)},"
        f" {one.n_ctx:,} tokens of context {_gigabytes(parts.context)},"
        f" working memory {_gigabytes(Bytes(parts.compute + parts.worker))})"
    )


def _gigabytes(size: Bytes | None) -> str:
    return "an unknown amount" if size is None else f"{size / 1e9:.2f} GB"


def _billions(one: Plan) -> str:
    return f"{one.parameters / 1e9:.2f} billion parameters"
