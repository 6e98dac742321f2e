"""The inference loop over a scripted context: whose turn a step is, and when one ends early."""

from __future__ import annotations

from collections.abc import Sequence

from edge.engines.worker.costs import Stretch
from edge.units import Seconds
from tests.engines.worker.scripted_loop import PROMPT, Stage, expected, ticking


def test_while_it_is_the_answers_turn_nothing_is_read():
    """Not even one token: behind a deep prompt that would cost several of the answer's steps."""
    stage = Stage(size=4000, batch=512, unit=64, clock=ticking())
    stage.submit(1, PROMPT, limit=15)
    stage.submit(2, [9, *PROMPT], limit=1)
    stage.loop._pace.slice = lambda _answers, _behind, _left: 0
    stage.run()
    beside = [step for step in stage.context.decodes if (0, 1) in step and len(step) > 1]
    assert beside == []
    assert stage.text(1) == expected(PROMPT, 15)
    assert stage.text(2) == expected([9, *PROMPT], 1)


def _comes_while_it_reads(stage: Stage, steps: Sequence[int]) -> None:
    """In each of these steps somebody with a short prompt comes as soon as it has begun."""

    def come() -> None:
        if len(stage.context.decodes) + 1 in steps:
            number = len(stage.context.decodes) + 11
            stage.submit(number, [number] * 20, limit=1)

    stage.context.before_decode = come


def test_a_step_that_has_just_begun_ends_for_somebody_who_comes():
    stage = Stage(size=4000, batch=64, unit=32, clock=ticking())
    long = [n % 50 + 1 for n in range(500)]
    stage.loop._pace.yields = lambda answers, _read: 0.0 if answers else 9e9
    stage.submit(1, long, limit=5)
    _comes_while_it_reads(stage, [3])
    stage.run()
    assert dict(stage.context.decodes[3]) == {0: 44, 1: 20}, "the next step has both"
    assert stage.text(1) == expected(long, 5)
    assert stage.text(13) == expected([13] * 20, 1)


def test_who_reads_is_not_interrupted_twice_in_a_row():
    stage = Stage(size=4000, batch=64, unit=32, clock=lambda: 0.0)
    stage.loop._pace.learn([], [Stretch(64, 0)], Seconds(1.0))
    stage.submit(1, [n % 50 + 1 for n in range(500)], limit=1)
    _comes_while_it_reads(stage, range(1, 4))
    resync, interrupted = stage.loop._resync, []
    stage.loop._resync = lambda: (interrupted.append(len(stage.context.decodes)), resync())
    stage.run()
    assert interrupted == [1, 3]


def test_a_prompt_whose_end_an_interrupt_kept_still_has_its_answer():
    """Its logits are lost with the step."""
    stage = Stage(size=4000, batch=64, unit=32, clock=ticking())
    stage.loop._pace.yields = lambda answers, _read: 0.0 if answers else 9e9
    stage.submit(1, [7] * 30, limit=3)
    stage.submit(2, [8] * 300, limit=3)
    _comes_while_it_reads(stage, [1])
    stage.run()
    assert stage.text(1) == expected([7] * 30, 3)
    assert stage.text(2) == expected([8] * 300, 3)


def test_drafts_of_several_answers_want_no_more_logits_than_are_reserved():
    """The scripted context refuses them, as llama.cpp would end the process."""
    stage = Stage(size=4000, batch=256, clock=ticking())
    stage.context.outputs = 10
    prompts = {number: [number + 1] * 3 + PROMPT * 3 for number in range(4)}
    for number, prompt in prompts.items():
        stage.submit(number, prompt, limit=60)
    stage.run()
    assert all(stage.text(n) == expected(prompt, 60) for n, prompt in prompts.items())


def test_who_goes_away_ends_a_step_even_while_somebody_waits_for_a_seat():
    stage = Stage(size=4000, batch=64, unit=32, parallel=1, clock=ticking())
    stage.loop._pace.yields = lambda _answers, _read: 9e9
    job = stage.submit(1, [n % 50 + 1 for n in range(500)], limit=5)

    def leave() -> None:
        if len(stage.context.decodes) == 2:
            stage.submit(2, [9] * 20, limit=1)
            job.cancelled.set()

    stage.context.before_decode = leave
    stage.run()
    # Of the third step only the micro-batch that was done; the first one is a micro-batch anyway.
    assert stage.loop._tally.prompt_tokens_read_total == 32 + 64 + 32 + 20
    assert stage.text(2) == expected([9] * 20, 1)
