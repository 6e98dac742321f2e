"""Which of the models present drafts for a plan's model, and why: pure.

A draft model guesses tokens that the big one checks together in one step. Writing a token
takes as long as reading the weights it needs, so the guesses of a model with a tenth of
them are nearly free; checking them is not, where arithmetic is what a board lacks. Called
by app once the plans are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge.catalog.facts import GgufFacts
from edge.catalog.figures import figures_of
from edge.catalog.memory import (
    FEW_SEQUENCES,
    WORKER_BYTES,
    Layout,
    is_divisible,
    need,
    token_bytes,
)
from edge.catalog.plans import Candidate, DraftPlan, Plan
from edge.units import Bytes, Tokens

DRAFT_CONTEXT = Tokens(4_096)
"""Tokens that a draft model can see: the ends of a few sessions' texts. Its guesses need no
more, and reading a whole prompt would cost more than they bring."""

LARGEST_SHARE = 0.36
"""Of the big model's parameters. About a third: Qwen2.5-Coder's 0.5B has 0.354 of the 1.5B."""

EXPECTED_CHANCE = 0.8
"""That a guessed token is right if those before were. Of 300 tokens of Python that the 1.5B
of Qwen2.5-Coder wrote, its 0.5B guessed 87 % of the last 1,024 tokens alone, and 89 % of the
whole prompt; prose is guessed less well."""

LENGTHS = (1, 2, 3, 5, 7)
"""Guesses before a check that are weighed."""

WORTH = 1.2
"""Expected gain below which the memory and the power are better kept."""

ROW_ON_CPU = 0.5
"""What each further token in a step costs, as a share of the step. On x86 cores 4 took 226 ms
where one took 79 (Qwen2.5-Coder 1.5B, one thread: 0.62), 16 took 238 ms where one took 38
(0.5B, two threads, 4,096 tokens of context: 0.35)."""

ROW_ON_ACCELERATOR = 0.05
"""The same where arithmetic is plenty: prompts are read 20 to 40 times as fast as answers
are written by dense models on Jetson Orin and Thor."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the configuration says: ``named`` is the model a person asked for, if any."""

    allowed: bool = True
    named: Candidate | None = None


def pair(plan: Plan, candidates: Sequence[Candidate], wish: Wish = Wish()) -> Plan:
    """The plan with a draft model, or with the reason in words why it has none.

    ``candidates`` are the models present, the plan's own among them.
    """
    target = next((one.facts for one in candidates if one.path == plan.path), None)
    if target is None or not plan.fits:
        return plan
    draft, why = _choose(plan, target, candidates, wish)
    return replace(plan, draft=draft, reason=f"{plan.reason}; {why}" if why else plan.reason)


def _choose(
    plan: Plan, target: GgufFacts, candidates: Sequence[Candidate], wish: Wish
) -> tuple[DraftPlan | None, str]:
    if not wish.allowed:
        return None, "no draft model, as configured"
    if wish.named is not None:
        why = _obstacle(plan, target, wish.named, asked=True)
        return _taken(plan, wish.named, f"{wish.named.name} drafts, as configured", why)
    others = [one for one in candidates if one.path != plan.path]
    related = [one for one in others if _same_vocabulary(target, one.facts)]
    if not related:
        return None, ""  # the usual case, and nothing that a person could want to know
    usable = [one for one in related if _obstacle(plan, target, one, asked=False) is None]
    if not usable:
        one = min(related, key=lambda one: one.facts.parameters)
        return _taken(plan, one, "", _obstacle(plan, target, one, asked=False))
    one = max(usable, key=lambda one: (expected_gain(plan, target, one.facts), one.name))
    words = f"expected to be {expected_gain(plan, target, one.facts):.1f} times as fast"
    return _taken(plan, one, f"{one.name} drafts, {words} where it guesses well", None)


def _taken(
    plan: Plan, one: Candidate, words: str, why_not: str | None
) -> tuple[DraftPlan | None, str]:
    if why_not is not None:
        return None, f"{one.name} does not draft: {why_not}"
    memory = draft_memory(one.facts, plan.n_ubatch)
    draft = DraftPlan(one.name, one.path, _context(one.facts), memory)
    return draft, f"{words} ({memory / 1e9:.2f} GB more)"


def _obstacle(plan: Plan, target: GgufFacts, one: Candidate, *, asked: bool) -> str | None:
    """What speaks against a model as the plan's draft; ``asked``: a person named it, so only
    what makes it impossible counts."""
    if not _same_vocabulary(target, one.facts):
        return f"its vocabulary is not that of {plan.model}"
    if not all(is_divisible(figures_of(facts)) for facts in (target, one.facts)):
        return "wrong guesses could not be taken back: state of one of the two cannot be cut"
    if plan.budget is not None:
        left = plan.budget - plan.memory_bytes
        memory = draft_memory(one.facts, plan.n_ubatch)
        if memory > left:
            return f"it needs {memory / 1e9:.2f} GB and {max(0, left) / 1e9:.2f} GB are left"
    if asked:
        return None
    if one.facts.parameters > LARGEST_SHARE * plan.parameters:
        return (
            f"with {one.facts.parameters / plan.parameters:.0%} of the parameters it is too large"
        )
    if (gain := expected_gain(plan, target, one.facts)) < WORTH:
        return _too_little(plan, gain)
    return None


def _too_little(plan: Plan, gain: float) -> str:
    where = "accelerator" if plan.n_gpu_layers else "CPU"
    row = ROW_ON_ACCELERATOR if plan.n_gpu_layers else ROW_ON_CPU
    return (
        f"expected to be {gain:.2f} times as fast, less than {WORTH:g}, as each token checked on a"
        f" {where} costs {row:.0%} of a step"
    )


def expected_gain(plan: Plan, target: GgufFacts, draft: GgufFacts) -> float:
    """How many times as fast answers get at the best length, if EXPECTED_CHANCE holds."""
    share = token_bytes(draft) / max(1, token_bytes(target))
    row = max(ROW_ON_ACCELERATOR if plan.n_gpu_layers else ROW_ON_CPU, _expert_share(target))
    return max(
        sum(EXPECTED_CHANCE**n for n in range(length + 1)) / (1 + length * (row + share))
        for length in LENGTHS
    )


def _expert_share(facts: GgufFacts) -> float:
    """The part of a token's weights that the next token does not share: other experts'."""
    used, experts = facts.integer("expert_used_count"), facts.integer("expert_count")
    if not used or not experts:
        return 0.0
    whole = sum(tensor.nbytes for tensor in facts.tensors if "_exps" in tensor.name)
    return whole * used / experts / max(1, token_bytes(facts))


def _same_vocabulary(one: GgufFacts, other: GgufFacts) -> bool:
    kinds = ("tokenizer.ggml.model", "tokenizer.ggml.pre")
    return one.vocabulary is not None and (
        one.vocabulary == other.vocabulary
        and all(one.metadata.get(key) == other.metadata.get(key) for key in kinds)
    )


def draft_memory(facts: GgufFacts, n_ubatch: int) -> Bytes:
    """What a draft model takes inside a worker that is there anyway."""
    layout = Layout(_context(facts), n_ubatch, n_sequences=FEW_SEQUENCES)
    return Bytes(need(figures_of(facts), layout).total - WORKER_BYTES)


def _context(facts: GgufFacts) -> Tokens:
    return min(DRAFT_CONTEXT, facts.context_length or DRAFT_CONTEXT)
