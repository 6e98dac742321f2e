"""A real worker with a tiny model: its prompt comes from crafted state, and it is looked at."""

import asyncio
from dataclasses import replace
from pathlib import Path

from edge.app.choose import Keeping, load_frame
from edge.catalog.models import ModelRef
from edge.catalog.planner import plan
from edge.catalog.plans import Wishes
from edge.catalog.store import candidate
from edge.state import BoardFacts
from edge.units import Bytes, Seconds, Tokens
from tests.bench.plan.suite import LEFT_FREE, Row
from tests.bench.plan.trial import Trial, crafted, run
from tests.catalog.tiny_gguf import CHATML_TOOLS, make_tiny_gguf


def test_all_but_the_end_of_a_prompt_comes_from_disk(tmp_path: Path) -> None:
    path = make_tiny_gguf(tmp_path / "tiny.gguf", chat_template=CHATML_TOOLS)
    one = candidate(ModelRef("tiny", path))
    board = BoardFacts(memory_available=Bytes(8 * 10**9), cores=2)
    planned = plan([one], board, Wishes(context=Tokens(2048), threads=1))[0]
    load = load_frame(planned, Keeping(tmp_path / "state", 2**30))
    trial = asyncio.run(run(load, crafted(load, planned.n_ctx - LEFT_FREE)))
    assert trial.deep == 3 * 512
    assert 320 <= trial.read < 320 + 512
    assert trial.peak > trial.private > 30 * 2**20
    assert trial.prefill > 0


def test_a_prediction_may_be_a_little_over_and_less_under() -> None:
    trial = Trial(Bytes(1000), Bytes(900), 0, 1, Seconds(1.0), 2, Seconds(1.0))
    met = {
        size: Row("m", 1, "f16", Bytes(size), 1.0, 1.0, trial).is_met
        for size in (970, 985, 1045, 1060)
    }
    assert met == {970: False, 985: True, 1045: True, 1060: False}


def test_a_speed_may_be_a_fifth_off() -> None:
    # 10 tokens a second read, 4 written.
    trial = Trial(Bytes(1000), Bytes(900), 0, 20, Seconds(2.0), 5, Seconds(0.25))
    row = Row("m", 1, "f16", Bytes(1000), 11.9, 3.3, trial)
    assert row.is_as_fast
    assert not replace(row, writes=3.1).is_as_fast
    assert not replace(row, reads=12.1).is_as_fast
