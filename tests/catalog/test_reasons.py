"""What is said for and against a plan."""

from dataclasses import replace
from pathlib import Path

import pytest

from edge.catalog.planner import plan
from edge.catalog.plans import NO_WISHES, Candidate, Disk, Wishes
from edge.catalog.reasons import AGENT_CONTEXT, USEFUL_SPEED, faults_of, reason_for
from edge.state import Accelerator, BoardFacts, EngineDevice
from edge.units import Bytes, Seconds, Tokens, TokensPerSecond
from tests.catalog.made_facts import qwen_coder

BOARD = BoardFacts(memory_available=Bytes(8 * 10**9), cores=4)
ONE = plan([Candidate("coder", Path("/models/coder.gguf"), qwen_coder("0.5b"))], BOARD)[0]


def faults(one, wishes=NO_WISHES):
    return [fault for fault in faults_of(one, wishes) if fault]


def test_a_good_plan_has_no_faults():
    assert faults(ONE) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"n_ctx": Tokens(4096)}, "4,096 tokens of context are too few for a coding agent"),
        ({"quantization": "Q2_K"}, "Q2_K is too coarse for tool calls"),
        ({"decode_tokens_per_second": TokensPerSecond(1.0)}, "about 1.0 tokens/s is too slow"),
        ({"tools": False}, "its chat template knows no tools"),
    ],
)
def test_what_speaks_against_it_is_said(change, said):
    assert faults(replace(ONE, **change)) == [said]
    assert USEFUL_SPEED > 1


def test_what_an_agent_needs_is_no_fault_for_others():
    small = replace(ONE, n_ctx=Tokens(4096), tools=False)
    assert faults(small, Wishes(agent=False)) == []
    assert AGENT_CONTEXT > 4096


def test_a_disk_without_room():
    disk = Disk(Path("/models"), room=Bytes(10**8))
    assert faults(replace(ONE, has_room=False), Wishes(disk=disk)) == [
        "there is room for 0.10 GB on the disk"
    ]


def test_the_best_tells_what_it_takes_and_others_why_they_are_not():
    best = reason_for(ONE, ONE, NO_WISHES, BOARD)
    assert best.startswith("0.63 billion parameters at ")
    assert "of 7.20 GB usable" in best
    other = reason_for(replace(ONE, model="other"), ONE, NO_WISHES, BOARD)
    assert other.endswith("promise no more than coder")
    assert reason_for(replace(ONE, fits=False), ONE, NO_WISHES, BOARD).startswith("needs ")
    assert "reads it in about 9 s" in reason_for(
        replace(ONE, load_seconds=Seconds(9.0)), None, NO_WISHES, BOARD
    )


def test_a_gpu_that_cannot_be_used_is_mentioned():
    idle = replace(
        BOARD,
        accelerators=(Accelerator("cuda", "Orin"),),
        engine_devices=(EngineDevice("CPU", "", Bytes(1)),),
    )
    assert "Orin is not used" in reason_for(ONE, ONE, NO_WISHES, idle)
