"""``slow``: 64 kbit/s, two seconds there and back, every tenth packet lost: who is faster wins."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from tests.bench.engine.result import Bar, Beside, Result
from tests.bench.link.laptop import Answer
from tests.bench.link.place import CLOUD_TABLE, Place
from tests.bench.link.rig import Rig, small_body
from tests.system.cloudy import RURAL

WHAT = "slow link"
TIMEOUT_S = 300.0
LATER = 1.5
"""Seconds that the box may begin later than by itself: until the link is known to be slow."""
ROUNDS, QUICK_ROUNDS, TIMES = 8, 2, 5
FIRST, GAP, WORDS = 0.3, 0.02, 30
LONG = "Here are some notes. " + "The bridge opens at seven and the ferry leaves at nine. " * 120
"""A prompt that a small model on a slow board reads for longer than the link needs for it."""


def measure(rig: Rig) -> list[Result]:
    rows = [_scripted(rig)]
    if rig.model is not None:
        rows.append(_with_model(rig, rig.model))
    return rows


def _scripted(rig: Rig) -> Result:
    """The box is ready at once: it is the faster one."""
    answers = []
    with rig.road() as place, place.cloud() as cloud, place.codriver() as box:
        cloud.set(first=FIRST, gap=GAP, words=WORDS)
        place.link.set(**RURAL)
        body = small_body(place.folder)
        for _ in range(QUICK_ROUNDS if rig.quick else ROUNDS):
            answers.append(place.ask(place.to_box(body), TIMEOUT_S))
        (rig.out / "slow.log").write_text(box.said)
    whole = sum(answer.whole for answer in answers)
    took = [_content(answer) for answer in answers]
    by = ", ".join(f"{answer.route} {_content(answer):.1f}" for answer in answers)
    spoilt = None if whole == len(answers) else f"{len(answers) - whole} answers were not whole"
    what = f"{WHAT}, box ready at once: first token after, at most"
    bar = Bar("at most", LATER, " s")
    return Result(what, "s", max(took), (), max(took), bar, (f"seconds: {by}",), spoilt=spoilt)


def _with_model(rig: Rig, model: Path) -> Result:
    """The box has to read a long prompt: the cloud is the faster one, if it gets through. Which
    packets are lost is chance, so this is done some times, each time with another beginning."""
    alone, direct, answers = [], [], []
    with rig.road() as place, place.cloud() as cloud:
        cloud.set(first=FIRST, gap=GAP, words=WORDS)
        for number in range(1 if rig.quick else TIMES):
            body = small_body(place.folder, f"Note {number}. {LONG}")
            place.link.clear()
            with place.codriver("", "--model", str(model)):
                alone.append(_content(place.ask(place.to_box(body), TIMEOUT_S)))
            with place.codriver(CLOUD_TABLE, "--model", str(model)) as box:
                place.link.set(**RURAL)
                answers.append(place.ask(place.to_box(body), TIMEOUT_S))
                (rig.out / f"slow-model-{number}.log").write_text(box.said)
            direct += _direct(place, body)
    took = median(map(_content, answers))
    beside = [Beside("local alone", median(alone))]
    if direct:
        beside.append(
            Beside(f"cloud, connected before, {len(direct)} of {len(answers)}", median(direct))
        )
    notes = (f"seconds: {', '.join(f'{one.route} {_content(one):.1f}' for one in answers)}",)
    bar = Bar("at most", median(alone) + LATER, " s")
    broken = [one.error for one in answers if not one.whole]
    spoilt = f"not whole: {'; '.join(broken)}" if broken else None
    what = f"{WHAT}, box reads for long: first token after, median"
    return Result(what, "s", took, tuple(beside), took, bar, notes, spoilt=spoilt)


def _direct(place: Place, body: Path) -> list[float]:
    """The same without codriver, from the box's own network namespace; nothing if it breaks."""
    answer = place.ask_from_box(place.to_cloud(body), TIMEOUT_S)
    return [_content(answer)] if answer.whole else []


def _content(answer: Answer) -> float:
    return (answer.content or answer.ended or answer.began) - answer.began
