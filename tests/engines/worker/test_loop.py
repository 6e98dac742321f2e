"""The inference loop over a scripted context: what it decodes when, and for whom."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.engines.frames import (
    Done,
    FromWorker,
    Note,
    Reading,
    Refused,
    Stats,
)
from edge.engines.worker.blocks import blocks_of
from edge.engines.worker.job import Job
from edge.engines.worker.loop import READ_ONCE_TOKENS
from edge.engines.worker.trial import READ_TOKENS, Trial
from tests.engines.worker.scripted_context import (
    continuation,
)
from tests.engines.worker.scripted_loop import PROMPT, Stage, continued, expected, ticking


def test_one_answer():
    stage = Stage()
    stage.submit(1, PROMPT)
    stage.run()
    assert stage.text(1) == expected(PROMPT)
    assert stage.end(1).output_tokens == len(continuation(PROMPT, 40))
    readings = [f for f in stage.sent if isinstance(f, Reading)]
    assert readings[-1].done == readings[-1].total == len(PROMPT)


def test_answers_run_side_by_side():
    stage = Stage(clock=ticking())
    asked = ([*PROMPT, n % 60 + 1, n // 60 + 1] for n in range(3000))
    long = (prompt for prompt in asked if len(continuation(prompt, 100)) == 100)
    prompts = {number: next(long) for number in range(4)}
    for number, prompt in prompts.items():
        stage.submit(number, prompt, limit=100)
    stage.run()
    assert all(stage.text(n) == expected(prompt, 100) for n, prompt in prompts.items())
    assert max(len(step) for step in stage.context.decodes) == 4


def test_a_deep_step_is_padded_to_a_tile():
    stage = Stage(size=4000, batch=512, unit=64, clock=ticking())
    long = [n % 50 + 1 for n in range(1000)]
    stage.submit(1, long, limit=3)
    stage.run()
    before = len(stage.context.padded)
    stage = continued(stage)
    stage.submit(2, [*long, *PROMPT[:40]], limit=3)
    stage.run()
    assert stage.text(2) == expected([*long, *PROMPT[:40]], 3)
    assert [more for more in stage.context.padded[before:] if more] == [64 - 40]


def test_nothing_is_padded_where_there_is_no_room():
    stage = Stage(size=1045, batch=512, unit=64, clock=ticking())
    long = [n % 50 + 1 for n in range(1000)]
    stage.submit(1, [*long, *PROMPT[:40]], limit=3)
    stage.run()
    assert stage.text(1) == expected([*long, *PROMPT[:40]], 3)
    assert not any(stage.context.padded)


def test_no_more_than_so_many_at_once():
    stage = Stage(parallel=2)
    for number in range(1, 6):
        stage.submit(number, [number, *PROMPT])
    stage.run()
    assert max(len(step) for step in stage.context.decodes) == 2
    assert all(stage.text(n) == expected([n, *PROMPT]) for n in range(1, 6))


def test_the_next_turn_reads_only_what_is_new():
    stage = Stage()
    stage.submit(1, PROMPT)
    stage.run()
    turn = [*PROMPT, *continuation(PROMPT, 40), 5, 6, 7]
    stage = continued(stage)
    stage.submit(2, turn)
    stage.run()
    assert stage.kept(2) >= len(turn) - 4
    assert stage.text(2) == expected(turn)


def test_a_beginning_that_several_have_is_read_once():
    stage = Stage(size=4000, batch=32)
    beginning = [n % 50 + 1 for n in range(0, 2100, 7)]
    prompts = {number: [*beginning, number + 50, *PROMPT] for number in (1, 2, 3)}
    for number, prompt in prompts.items():
        stage.submit(number, prompt)
    stage.run()
    for number, prompt in prompts.items():
        assert stage.text(number) == expected(prompt)
    kept = [stage.kept(number) for number in prompts]
    assert kept[0] == 0
    assert min(kept[1:]) >= len(beginning) - READ_ONCE_TOKENS


def test_who_waits_for_a_reader_that_leaves_reads_the_rest():
    stage = Stage(size=4000, batch=32)
    beginning = [n % 50 + 1 for n in range(0, 2100, 7)]
    first = stage.submit(1, [*beginning, 51])
    stage.submit(2, [*beginning, 52])

    def leave() -> None:
        if len(stage.context.decodes) == 4:
            first.cancelled.set()

    stage.context.before_decode = leave
    stage.run()
    assert stage.text(2) == expected([*beginning, 52])


def test_two_at_once_share_what_one_has_read():
    stage = Stage(batch=16)
    stage.submit(1, PROMPT, limit=200)
    late: list[Job] = []

    def join() -> None:
        if len(stage.context.decodes) == 5 and not late:
            late.append(stage.submit(2, [*PROMPT, 9]))

    stage.context.before_decode = join
    stage.run()
    assert stage.kept(2) == len(PROMPT)
    assert stage.text(1) == expected(PROMPT, 200)
    assert stage.text(2) == expected([*PROMPT, 9])


def test_a_title_does_not_wait_for_a_session():
    stage = Stage(size=4000, batch=64)
    stage.submit(1, [3] * 3000)
    stage.submit(2, [4] * 40)
    stage.run()
    ends = [f.id for f in stage.sent if isinstance(f, Done)]
    assert ends[0] == 2


def test_a_prompt_is_read_in_slices_beside_a_running_answer():
    stage = Stage(size=4000, batch=64)
    job = stage.submit(1, [1, 2, 3], limit=1000)
    stage.submit(2, [5] * 500, limit=1)
    stage.run()
    mixed = [dict(step) for step in stage.context.decodes if len(step) == 2]
    assert job.cancelled.is_set() is False
    assert mixed
    assert stage.text(1) == expected([1, 2, 3], 1000)


def test_who_goes_away_while_it_waits_is_forgotten():
    stage = Stage(parallel=1)
    stage.submit(1, PROMPT)
    stage.submit(2, PROMPT).cancelled.set()
    stage.run()
    assert not [f for f in stage.sent if not isinstance(f, Refused | Stats) and f.id == 2]


def test_who_goes_away_while_it_reads_leaves_a_prefix():
    stage = Stage(size=4000, batch=64)
    long = [n % 50 + 1 for n in range(1000)]
    job = stage.submit(1, long)

    def leave() -> None:
        if len(stage.context.decodes) == 5:
            job.cancelled.set()

    stage.context.before_decode = leave
    stage.run()
    assert not [f for f in stage.sent if isinstance(f, Done)]
    stage = continued(stage)
    stage.submit(2, long)
    stage.run()
    assert stage.kept(2) >= 64
    assert stage.text(2) == expected(long)


def test_an_answer_that_fills_the_context_ends():
    stage = Stage(size=len(PROMPT) + 3)
    prompt = next([n, *PROMPT[1:]] for n in range(60) if len(continuation([n, *PROMPT[1:]], 9)) > 6)
    stage.submit(1, prompt, limit=500)
    stage.run()
    assert stage.end(1).reason == "context"


def test_an_answer_without_room_waits_for_the_others():
    stage = Stage(size=150)
    first, second = [1, 2, 3], [4, 5, 6]
    stage.submit(1, first, limit=2000)
    stage.submit(2, second, limit=2000)
    stage.run()
    for number, prompt in ((1, first), (2, second)):
        assert expected(prompt, 2000).startswith(stage.text(number))
    assert "end_turn" in {stage.end(1).reason, stage.end(2).reason} or stage.context.used >= 149


def test_an_error_of_the_engine_ends_what_ran_and_nothing_else():
    stage = Stage()
    stage.context.breaks_at = 3
    stage.submit(1, PROMPT)
    stage.run()
    (refused,) = [f for f in stage.sent if isinstance(f, Refused)]
    assert "llama_decode gave -3" in refused.message
    stage = continued(stage)
    stage.submit(2, PROMPT)
    stage.run()
    assert stage.text(2) == expected(PROMPT)
    assert stage.kept(2) == 0


def test_drafts_that_are_wrong_change_nothing():
    period = [11, 12, 13, 14, 15]
    prompt = period * 12 + [11, 12, 13]
    stage = Stage(size=4000)
    stage.submit(1, prompt, limit=60)
    stage.run()
    assert stage.text(1) == expected(prompt, 60)


def test_drafts_of_several_answers_fit_into_one_step():
    prompts = {number: [*range(number, number + 9)] * 8 for number in (1, 2, 3, 4)}
    stage = Stage(size=8000, batch=32)
    for number, prompt in prompts.items():
        stage.submit(number, prompt, limit=60)
    stage.run()
    for number, prompt in prompts.items():
        assert stage.text(number) == expected(prompt, 60)


@pytest.mark.parametrize("divisible", [True, False])
def test_models_whose_state_cannot_be_cut(divisible: bool):
    stage = Stage(divisible=divisible)
    stage.submit(1, PROMPT)
    stage.run()
    stage = continued(stage)
    stage.submit(2, [*PROMPT[:-5], 9, 9])
    stage.run()
    assert (stage.kept(2) > 0) is divisible
    assert stage.text(2) == expected([*PROMPT[:-5], 9, 9])


def test_a_prefix_survives_the_process(tmp_path: Path):
    before = Stage(folder=tmp_path)
    before.submit(1, PROMPT, stable=32)
    before.run()
    assert len(list(tmp_path.glob("*.kv"))) == 2
    after = Stage(folder=tmp_path)
    after.submit(1, PROMPT)
    after.run()
    assert after.kept(1) == 32
    assert after.text(1) == expected(PROMPT)
    assert sum(count for step in after.context.decodes for _, count in step[:1]) < 80


def test_what_comes_a_second_time_is_kept_too(tmp_path: Path):
    stage = Stage(folder=tmp_path)
    stage.submit(1, PROMPT[:48])
    stage.submit(2, [*PROMPT[:48], 5])
    stage.run()
    assert len(list(tmp_path.glob("*.kv"))) == 3


def test_an_idle_loop_hands_over_every_block(tmp_path: Path):
    stage = Stage(folder=tmp_path, size=4000)
    long = [n % 50 + 1 for n in range(992)]
    stage.submit(1, long, stable=992, limit=1)
    thread = threading.Thread(target=stage.loop.run)
    thread.start()
    assert stage.prefixes is not None
    store, names = stage.prefixes.store, {block.name for block in blocks_of(b"root", long, 16)}
    deadline = time.monotonic() + 30
    while set(store.names) != names and time.monotonic() < deadline:
        store.fetch("0" * 40).result(5)
    assert set(store.names) == names
    stage.loop.stop()
    thread.join()
    store.close()


def test_a_broken_block_is_read_as_if_it_were_new(tmp_path: Path):
    before = Stage(folder=tmp_path)
    before.submit(1, PROMPT, stable=1000)
    before.run()
    files = sorted(tmp_path.glob("*.kv"))
    for file in files:
        file.write_bytes(file.read_bytes()[:-3])
    after = Stage(folder=tmp_path)
    after.submit(1, PROMPT, stable=1000)
    after.run()
    assert after.kept(1) == 0
    assert after.text(1) == expected(PROMPT)
    assert list((tmp_path / "set-aside").iterdir())


def test_blocks_come_beside_a_running_answer(tmp_path: Path):
    before = Stage(folder=tmp_path)
    before.submit(1, PROMPT, stable=1000)
    before.run()
    after = Stage(folder=tmp_path)
    after.submit(1, [7, 7, 7], limit=60)
    after.context.before_decode = lambda: (
        after.submit(2, PROMPT) if len(after.context.decodes) == 2 else None
    )
    after.run()
    assert after.kept(2) >= 32
    assert after.text(1) == expected([7, 7, 7], 60)
    assert after.text(2) == expected(PROMPT)


def test_a_state_that_cannot_be_cut_is_kept_where_prompts_part():
    stage = Stage(divisible=False)
    stage.submit(1, PROMPT, stable=40)
    stage.run()
    stage = continued(stage)
    turn = [*PROMPT, *continuation(PROMPT, 40)[:2], 9, 9, 9]
    other = [*PROMPT[:40], 4, 4, 4, 4]
    again = [*PROMPT[:40], 5, 5, 5, 5]
    for number, prompt in ((2, turn), (3, other), (4, again)):
        stage.submit(number, prompt, stable=40)
        stage.run()
        stage = continued(stage)
        assert stage.text(number) == expected(prompt)
    assert (stage.kept(2), stage.kept(3), stage.kept(4)) == (len(PROMPT), 40, 40)


def test_a_state_that_cannot_be_cut_survives_the_process(tmp_path: Path):
    before = Stage(folder=tmp_path, divisible=False)
    before.submit(1, PROMPT, stable=40)
    before.run()
    assert len(list(tmp_path.glob("*.kv"))) == 1
    after = Stage(folder=tmp_path, divisible=False)
    after.submit(1, [*PROMPT[:40], 4, 4, 4], stable=40)
    after.run()
    after = continued(after, tmp_path)
    after.submit(2, [*PROMPT[:40], 5, 5, 5], stable=40)
    after.run()
    assert (after.kept(1), after.kept(2)) == (40, 40)
    assert after.text(1) == expected([*PROMPT[:40], 4, 4, 4])
    assert after.text(2) == expected([*PROMPT[:40], 5, 5, 5])
    told = [frame for frame in after.sent if isinstance(frame, Stats)][-1].measures
    assert told["prompt_tokens_restored_total"] == 40
    assert told["prompt_tokens_reused_total"] == 40
    assert told["prompt_tokens_read_total"] == 6


def test_a_session_goes_on_after_a_restart_where_its_last_prompt_ended(tmp_path: Path):
    before = Stage(folder=tmp_path, divisible=False)
    turns = [PROMPT, [*PROMPT, *range(1, 30)], [*PROMPT, *range(1, 50)]]
    for number, turn in enumerate(turns[:2]):
        before.submit(number, turn, stable=20)
        before.run()
        before = continued(before, tmp_path)
    after = Stage(folder=tmp_path, divisible=False)
    after.submit(2, turns[2], stable=20)
    after.run()
    assert after.kept(2) == len(turns[1])
    assert after.text(2) == expected(turns[2])


def test_a_longer_state_on_disk_takes_the_place_of_a_shorter_one_in_memory(tmp_path: Path):
    before = Stage(folder=tmp_path, divisible=False)
    before.submit(1, PROMPT)
    before.submit(2, PROMPT)
    before.run()
    after = Stage(folder=tmp_path, divisible=False)
    after.submit(1, PROMPT[:40], stable=40, limit=1)
    after.run()
    after = continued(after, tmp_path)
    after.submit(2, [*PROMPT, 8, 8], stable=40)
    after.run()
    assert after.kept(2) == len(PROMPT)
    assert after.text(2) == expected([*PROMPT, 8, 8])
    told = [frame for frame in after.sent if isinstance(frame, Stats)][-1].measures
    done = [told[f"prompt_tokens_{how}_total"] for how in ("read", "reused", "restored")]
    assert done == [40 + 2, 0, len(PROMPT)]


def test_a_broken_whole_state_costs_no_more_than_its_reading(tmp_path: Path):
    before = Stage(folder=tmp_path, divisible=False)
    before.submit(1, PROMPT, stable=40)
    before.run()
    (file,) = tmp_path.glob("*.kv")
    file.write_bytes(file.read_bytes()[:-3])
    after = Stage(folder=tmp_path, divisible=False)
    after.submit(1, PROMPT, stable=40)
    after.run()
    assert after.kept(1) == 0
    assert after.text(1) == expected(PROMPT)
    assert [f.name for f in tmp_path.glob("*.kv")] == [file.name]


def test_what_was_done_is_counted():
    stage = Stage()
    stage.submit(1, PROMPT)
    stage.run()
    stage = continued(stage)
    stage.submit(2, [*PROMPT, 9])
    stage.run()
    told = [frame for frame in stage.sent if isinstance(frame, Stats)][-1].measures
    assert told["answers_total"] == 2
    assert told["prompt_tokens_read_total"] == len(PROMPT) + 1
    assert told["prompt_tokens_reused_total"] == len(PROMPT)
    assert told["answers_running"] == 0


def test_an_idle_loop_tries_thread_counts_and_says_what_came_out():
    stage = Stage(trial=Trial((2, 1), (2, 1)))
    settled = threading.Event()
    send = stage.loop._send

    def watch(frames: Sequence[FromWorker]) -> None:
        send(frames)
        if any(isinstance(frame, Note) for frame in frames):
            settled.set()

    stage.loop._send = watch
    thread = threading.Thread(target=stage.loop.run)
    thread.start()
    assert settled.wait(30)
    stage.submit(1, PROMPT)
    stage.loop.stop()
    thread.join()
    assert stage.text(1) == expected(PROMPT)
    # The scripted steps take no time, so that longer ones may be tried, too.
    assert {1, READ_TOKENS} <= set(stage.context.tried)


@pytest.mark.parametrize("divisible", [True, False])
def test_a_request_ends_a_trial_at_once(divisible: bool):
    stage = Stage(trial=Trial((2, 1), (2, 1)), divisible=divisible)

    def come() -> None:
        if len(stage.context.tried) == 3:
            stage.submit(1, PROMPT)
            stage.loop.stop()

    stage.context.before_try = come
    stage.loop.run()
    assert stage.text(1) == expected(PROMPT)
    assert len(stage.context.tried) == 4, "the step under way was the last"


def test_nothing_is_tried_while_a_request_is_being_prepared():
    stage = Stage(trial=Trial((2, 1), (2, 1)))
    stage.loop.expecting = True
    assert stage.loop._nap(idle=True) is None
    stage.submit(1, PROMPT)
    stage.run()
    assert stage.context.tried == []
    assert stage.text(1) == expected(PROMPT)


SESSIONS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(1, 90),
        st.integers(1, 30),
        st.one_of(st.none(), st.integers(0, 12)),
    ),
    min_size=1,
    max_size=12,
)


@settings(deadline=None)
@given(
    st.lists(SESSIONS, min_size=1, max_size=2),
    st.integers(150, 900),
    st.integers(1, 4),
    st.booleans(),
)
def test_whatever_comes_every_answer_is_right(
    lives: list[list[tuple[int, int, int, int | None]]], size: int, parallel: int, divisible: bool
):
    """Jobs of few families of prompts, some cancelled in the middle, in any memory; what one
    process kept on disk is there for the next."""
    with TemporaryDirectory() as folder:
        for plans in lives:
            stage = Stage(size, parallel=parallel, divisible=divisible, folder=Path(folder))
            serve(stage, plans, size)


def serve(stage: Stage, plans: list[tuple[int, int, int, int | None]], size: int) -> None:
    prompts: dict[int, tuple[list[int], int]] = {}
    jobs: list[tuple[Job, int | None]] = []
    for number, (family, length, limit, leaves) in enumerate(plans):
        prompt = [(family * 17 + n * n) % 60 + 1 for n in range(length)]
        prompts[number] = (prompt, limit)
        stable = length // 2 if family else 0
        jobs.append((stage.submit(number, prompt, limit, stable), leaves))

    def leave() -> None:
        for job, leaves in jobs:
            if leaves is not None and len(stage.context.decodes) >= leaves:
                job.cancelled.set()

    stage.context.before_decode = leave
    stage.run()
    for number, (prompt, limit) in prompts.items():
        if jobs[number][1] is not None:
            assert expected(prompt, limit).startswith(stage.text(number))
            continue
        full = stage.end(number).reason == "context"
        assert expected(prompt, limit).startswith(stage.text(number))
        assert full or stage.text(number) == expected(prompt, limit)
    assert stage.context.used <= size
