"""A warm-up: made ready by a real desk, read by the loop over a scripted context."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from edge.engines.frames import Done, Piece, Prompt, Stats, Warm, Warmed
from edge.engines.worker.desk import Desk
from edge.engines.worker.job import Job
from edge.engines.worker.ledger import common
from edge.engines.worker.trial import Trial
from edge.engines.worker.warming import WarmUp, warm_job
from tests.engines.worker.conftest import MakeModel
from tests.engines.worker.scripted_loop import PROMPT, Stage, continued, expected
from tests.engines.worker.test_desk import N_CTX, TOOLS

LEAD = PROMPT[:40]


def warm(stage: Stage, tokens: list[int] = LEAD, number: int = 90) -> Job:
    job = warm_job(number, tokens, threading.Event())
    stage.loop.submit(job)
    return job


def outcome(stage: Stage) -> Warmed:
    (warmed,) = [frame for frame in stage.sent if isinstance(frame, Warmed)]
    return warmed


def measures(stage: Stage) -> dict[str, float]:
    return [frame for frame in stage.sent if isinstance(frame, Stats)][-1].measures


# --- the loop ---------------------------------------------------------------------------------


@pytest.mark.parametrize("divisible", [True, False])
def test_the_first_request_finds_it_read(divisible: bool):
    stage = Stage(divisible=divisible)
    warm(stage)
    stage.run()
    assert outcome(stage) == Warmed(90, len(LEAD), len(LEAD), 0, "done")
    assert not [frame for frame in stage.sent if isinstance(frame, Piece | Done)]
    told = measures(stage)
    assert (told["warm_ups_total"], told["warm_tokens_read_total"]) == (1, len(LEAD))
    assert told["answers_total"] == 0
    for number, tail in ((1, [7, 7]), (2, [8, 8])):
        stage = continued(stage)
        stage.submit(number, [*LEAD, *tail], stable=len(LEAD))
        stage.run()
        assert stage.kept(number) == len(LEAD)
        assert stage.text(number) == expected([*LEAD, *tail])


def test_it_comes_from_disk_and_writes_nothing(tmp_path: Path):
    before = Stage(folder=tmp_path)
    before.submit(1, PROMPT, stable=32)
    before.run()
    files = {path: path.stat().st_ino for path in tmp_path.glob("*.kv")}
    assert len(files) == 2
    after = Stage(folder=tmp_path)
    warm(after, PROMPT)
    after.run()
    assert outcome(after) == Warmed(90, len(PROMPT), len(PROMPT), 32, "done")
    assert {path: path.stat().st_ino for path in tmp_path.glob("*.kv")} == files
    told = measures(after)
    assert told["warm_tokens_restored_total"] == 32
    assert told["warm_tokens_read_total"] == len(PROMPT) - 32
    assert told["prefix_bytes_written_total"] == 0


def test_a_state_that_cannot_be_cut_comes_whole(tmp_path: Path):
    before = Stage(folder=tmp_path, divisible=False)
    before.submit(1, [*LEAD, 7, 7], stable=len(LEAD))
    before.run()
    after = Stage(folder=tmp_path, divisible=False)
    warm(after)
    after.run()
    assert outcome(after) == Warmed(90, len(LEAD), len(LEAD), len(LEAD), "done")
    assert after.context.decodes == []
    for number, tail in ((1, [8, 8]), (2, [9, 9])):
        after = continued(after, tmp_path)
        after.submit(number, [*LEAD, *tail], stable=len(LEAD))
        after.run()
        assert after.kept(number) == len(LEAD)
        assert after.text(number) == expected([*LEAD, *tail])


@pytest.mark.parametrize("divisible", [True, False])
def test_one_that_goes_wrong_says_so(divisible: bool):
    stage = Stage(divisible=divisible)
    stage.context.breaks_at = 1
    warm(stage)
    stage.submit(1, PROMPT)
    stage.run()
    assert outcome(stage).reason == "it failed"


@pytest.mark.parametrize("divisible", [True, False])
def test_thread_counts_are_tried_after_it(divisible: bool):
    stage = Stage(trial=Trial((2, 1), (2, 1)), divisible=divisible)
    stage.context.before_try = stage.loop.stop
    warm(stage)
    stage.loop.run()
    assert outcome(stage).reason == "done"
    assert stage.context.decodes
    assert len(stage.context.tried) == 1


def test_a_request_writes_what_a_warm_up_read(tmp_path: Path):
    stage = Stage(folder=tmp_path)
    warm(stage, PROMPT)
    stage.submit(1, [*PROMPT, 9], stable=32)
    stage.run()
    assert len(list(tmp_path.glob("*.kv"))) == 2


def test_it_leaves_at_once_and_what_it_read_stays():
    stage = Stage(size=4000, batch=64)
    long = [n % 50 + 1 for n in range(1000)]
    job = warm(stage, long)

    def ask() -> None:
        if len(stage.context.decodes) == 5 and not job.cancelled.is_set():
            job.cancelled.set()
            stage.submit(1, [*long, 9])

    stage.context.before_decode = ask
    stage.run()
    warmed = outcome(stage)
    assert warmed.reason == "left for a request"
    assert 64 <= warmed.held < len(long)
    assert stage.kept(1) == warmed.held
    assert stage.text(1) == expected([*long, 9])


def test_it_takes_nobodys_place():
    stage = Stage(size=len(PROMPT) + 60)
    stage.submit(1, PROMPT)
    stage.run()
    stage = continued(stage)
    warm(stage, [50 - n for n in range(50)])
    stage.run()
    assert outcome(stage) == Warmed(90, 50, 0, 0, "the memory is in use")
    stage = continued(stage)
    stage.submit(2, [*PROMPT, 9])
    stage.run()
    assert stage.kept(2) == len(PROMPT)


def test_it_does_not_cut_what_is_there():
    stage = Stage()
    stage.submit(1, PROMPT)
    stage.run()
    stage = continued(stage)
    warm(stage, [*PROMPT[:-2], 9, 9])
    stage.run()
    assert outcome(stage).reason == "the memory is in use"


# --- the desk ---------------------------------------------------------------------------------


def prompt(content: str = "Be brief.") -> Prompt:
    tools = [
        {
            "type": "function",
            "function": {"name": t.name, "description": t.description, "parameters": t.schema},
        }
        for t in TOOLS
    ]
    return Prompt([{"role": "system", "content": content}], tools, False, 0.0)


def test_what_is_warmed_is_where_every_conversation_begins(make_model: MakeModel):
    desk = Desk(make_model(), N_CTX)
    job = WarmUp(desk).begin(Warm(5, prompt())).job
    assert job is not None
    assert job.warm
    assert job.id == 5
    turns = [{"role": "user", "content": "What now?"}]
    asked = Prompt([*prompt().messages, *turns], prompt().tools, False, 0.0)
    whole = desk._voice.tokenize(desk._voice.prompt(asked))
    assert common(job.tokens, whole) == len(job.tokens)
    assert desk._stable(asked, whole) == len(job.tokens)


def test_what_does_not_fit_is_refused_with_the_reason(make_model: MakeModel):
    found = WarmUp(Desk(make_model(), N_CTX)).begin(Warm(5, prompt("word " * N_CTX)))
    (refused,) = found.frames
    assert found.job is None
    assert isinstance(refused, Warmed)
    assert "prompt is too long" in refused.reason


def test_a_request_ends_it(make_model: MakeModel):
    warm_up = WarmUp(Desk(make_model(), N_CTX))
    warm_up.give_way()
    job = warm_up.begin(Warm(5, prompt())).job
    assert job is not None
    assert not job.cancelled.is_set()
    warm_up.give_way()
    assert job.cancelled.is_set()
