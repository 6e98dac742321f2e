"""Which model drafts for which, and the words for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edge.catalog.facts import GgufFacts, Tensor
from edge.catalog.pairing import (
    DRAFT_CONTEXT,
    EXPECTED_CHANCE,
    WORTH,
    Wish,
    draft_memory,
    expected_gain,
    pair,
)
from edge.catalog.planner import plan
from edge.catalog.plans import Candidate, Plan
from edge.state import Accelerator, BoardFacts
from edge.units import Bytes
from tests.catalog.made_facts import facts, qwen_coder, smollm2

GB = 10**9
CUDA = (Accelerator("cuda", "Orin", Bytes(60 * GB), unified=True),)


def candidate(name: str, shape: GgufFacts, vocabulary: str | None = "qwen") -> Candidate:
    return Candidate(name, Path(f"/models/{name}.gguf"), replace(shape, vocabulary=vocabulary))


HALF = candidate("coder-0.5b", qwen_coder("0.5b"))
ONE = candidate("coder-1.5b", qwen_coder("1.5b"))
SEVEN = candidate(
    "coder-7b",
    facts(
        architecture="qwen2",
        layers=28,
        heads=28,
        kv_heads=4,
        width=3584,
        weights=4_680_000_000,
        parameters=7_620_000_000,
    ),
)
SMALL = candidate("smollm2", smollm2(), "llama")


def planned(
    target: Candidate, *others: Candidate, gpu: bool = False, free: int = 48 * GB, **wish
) -> Plan:
    board = BoardFacts(memory_available=Bytes(free), cores=4, accelerators=CUDA if gpu else ())
    (best,) = plan([target], board)
    return pair(best, [target, *others], Wish(**wish))


@pytest.mark.parametrize(
    ("target", "gpu", "draft", "words"),
    [
        (SEVEN, True, "coder-0.5b", "coder-0.5b drafts, expected to be 2."),
        (SEVEN, False, None, "expected to be 1.12 times as fast, less than 1.2"),
        (ONE, True, "coder-0.5b", "coder-0.5b drafts, expected to be 1.2 times as fast"),
        (ONE, False, None, "each token checked on a CPU costs 50% of a step"),
    ],
)
def test_it_depends_on_the_ratio_and_the_board(
    target: Candidate, gpu: bool, draft: str | None, words: str
):
    found = planned(target, HALF, SMALL, gpu=gpu)
    assert (found.draft and found.draft.model) == draft
    assert words in found.reason


def test_the_one_that_promises_most_is_taken():
    found = planned(SEVEN, ONE, HALF, gpu=True)
    assert found.draft is not None
    assert found.draft.model == "coder-0.5b"
    assert found.draft.path == HALF.path
    assert found.draft.n_ctx == DRAFT_CONTEXT
    assert found.draft.memory == draft_memory(HALF.facts, found.n_ubatch)


def test_nothing_is_said_where_no_vocabulary_is_the_same():
    alone = planned(SMALL)
    assert planned(SMALL, HALF, ONE).reason == alone.reason
    unknown = candidate("x", qwen_coder("0.5b"), None)
    assert planned(candidate("y", qwen_coder("1.5b"), None), unknown).draft is None


def test_another_tokenizer_over_the_same_list_is_another_vocabulary():
    other = replace(HALF.facts, metadata={**HALF.facts.metadata, "tokenizer.ggml.pre": "x"})
    assert planned(SEVEN, replace(HALF, facts=other), gpu=True).draft is None


def test_too_large():
    found = planned(ONE, replace(ONE, name="twin", path=Path("/models/twin.gguf")), gpu=True)
    assert found.draft is None
    assert "twin does not draft: with 100% of the parameters it is too large" in found.reason


def test_both_have_to_fit():
    alone = planned(SEVEN, gpu=True)
    free = int((alone.memory_bytes + draft_memory(HALF.facts, alone.n_ubatch)) / 0.9)
    assert planned(SEVEN, HALF, gpu=True, free=free + 10**6).draft is not None
    tight = planned(SEVEN, HALF, gpu=True, free=free - 10**7)
    assert tight.draft is None
    assert "coder-0.5b does not draft: it needs 0." in tight.reason
    assert tight.n_ctx == alone.n_ctx, "no context is given up for a draft"


def test_a_configuration_decides():
    off = planned(SEVEN, HALF, gpu=True, allowed=False)
    assert (off.draft, off.reason.endswith("no draft model, as configured")) == (None, True)
    asked = planned(ONE, named=HALF)
    assert asked.draft is not None
    assert "coder-0.5b drafts, as configured" in asked.reason
    wrong = planned(ONE, named=SMALL)
    assert wrong.draft is None
    assert "smollm2 does not draft: its vocabulary is not that of coder-1.5b" in wrong.reason


def test_a_state_that_cannot_be_cut_speaks_against_it():
    recurrent = {"full_attention_interval": 4, "ssm__inner_size": 64, "ssm__state_size": 16}
    hybrid = candidate("hybrid", facts(architecture="qwen35", parameters=8 * GB, **recurrent))
    assert planned(hybrid, HALF, gpu=True).draft is None
    assert "could not be taken back" in planned(hybrid, HALF, gpu=True).reason


def test_other_experts_make_checking_dear():
    dense = planned(SEVEN, gpu=True)
    experts = replace(
        facts(architecture="qwen3moe", expert_count=64, expert_used_count=8),
        tensors=(Tensor("blk.0.ffn_up_exps.weight", (30 * GB,), "Q4_K", Bytes(17 * GB), 0),),
    )
    assert expected_gain(dense, SEVEN.facts, HALF.facts) > WORTH
    assert expected_gain(dense, experts, HALF.facts) < WORTH


def test_no_gain_is_more_than_chance_allows():
    assert expected_gain(planned(SEVEN, gpu=True), SEVEN.facts, HALF.facts) < 1 / (
        1 - EXPECTED_CHANCE
    )


def test_a_plan_that_does_not_fit_stays_as_it_is():
    board = BoardFacts(memory_available=Bytes(GB), cores=4)
    (best,) = plan([SEVEN], board)
    assert pair(best, [SEVEN, HALF]) is best
