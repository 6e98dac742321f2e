"""``slow``: 64 kbit/s, two seconds there and back, every tenth packet lost: who is faster wins."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.bench.engine.result import Bar, Beside, Result
from tests.bench.link.laptop import Answer
from tests.bench.link.place import CLOUD_TABLE, Place
from tests.bench.link.rig import Rig, small_body
from tests.system.cloudy import RURAL

WHAT = "slow link"
TIMEOUT_S = 300.0
LATER = 1.5
"""Seconds that the box may begin later than by itself: until the link is known to be slow."""
ROUNDS, QUICK_ROUNDS = 8, 2
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
    """The box has to read a long prompt: the cloud is the faster one, if it gets through."""
    with rig.road() as place, place.cloud() as cloud:
        cloud.set(first=FIRST, gap=GAP, words=WORDS)
        body = small_body(place.folder, LONG)
        with place.codriver("", "--model", str(model)) as box:
            alone = _content(place.ask(place.to_box(body), TIMEOUT_S))
        with place.codriver(CLOUD_TABLE, "--model", str(model)) as box:
            place.link.set(**RURAL)
            answer = place.ask(place.to_box(body), TIMEOUT_S)
            (rig.out / "slow-model.log").write_text(box.said)
        direct = _direct(place, body)
    took = _content(answer)
    beside = (Beside("local alone", alone), *(() if direct is None else (direct,)))
    notes = (f"by {answer.route}: {answer.reason}",)
    bar = Bar("at most", alone + LATER, " s")
    spoilt = None if answer.whole else f"it was not whole: {answer.error}"
    what = f"{WHAT}, box reads for long: first token after"
    return Result(what, "s", took, beside, took, bar, notes, spoilt=spoilt)


def _direct(place: Place, body: Path) -> Beside | None:
    """The same without codriver, from the box's own network namespace."""
    to = replace(place.to_cloud(body))
    answer = place.ask_from_box(to, TIMEOUT_S)
    return Beside("cloud directly", _content(answer)) if answer.whole else None


def _content(answer: Answer) -> float:
    return (answer.content or answer.ended or answer.began) - answer.began
