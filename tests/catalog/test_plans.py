"""What a plan says of itself."""

from dataclasses import replace
from pathlib import Path

from edge.catalog.planner import plan
from edge.catalog.plans import NO_WISHES, Candidate, DraftPlan
from edge.state import BoardFacts
from edge.units import Bytes, Tokens
from tests.catalog.made_facts import qwen_coder

ONE = plan([Candidate("coder", Path("/models/coder.gguf"), qwen_coder("0.5b"))], BoardFacts())[0]


def test_a_model_that_drafts_counts_in_memory():
    draft = DraftPlan("small", Path("/models/small.gguf"), Tokens(4096), Bytes(10**9))
    assert replace(ONE, draft=draft).memory_bytes == ONE.memory_bytes + 10**9
    assert ONE.memory_bytes == ONE.memory.total


def test_all_layers_are_on_a_gpu_with_the_output_s():
    assert not replace(ONE, n_gpu_layers=ONE.layers).all_on_gpu
    assert replace(ONE, n_gpu_layers=ONE.layers + 1).all_on_gpu


def test_nobody_has_asked_for_anything():
    assert NO_WISHES.context is None
    assert NO_WISHES.agent
