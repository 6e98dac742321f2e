"""``cut``: packets vanish in mid-answer, at random points, and Claude Code goes on as if not.

The real client works at a task of several commands, each of which appends a line to a file. At
one event of one answer, chosen by chance, the link begins to drop everything. What follows is
the box's: the client has to end its turn with exit code 0, and no line may be there twice.
Runs that are kept in ``cuts.jsonl`` are not made again: with the same --out the row goes on
where it was left.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Empty, Queue
from random import Random
from statistics import median
from threading import Lock
from time import monotonic

from tests.bench.engine.result import Bar, Result
from tests.bench.link.answers import LAST_WORDS, Plan, turn
from tests.bench.link.converse import converse, marks, throwaway, wrongs
from tests.bench.link.place import CLOUD_TABLE, Cloud, Place
from tests.bench.link.rig import Rig

WHAT = "packets dropped in mid-answer: Claude Code ends its turn, no tool run twice"
PLAN = Plan(words=24, steps=3)
FIRST, GAP = 0.2, 0.03
TASK = "Do the three steps, one after the other."


@dataclass(frozen=True, slots=True)
class Cut:
    """One run: where it was cut, and what became of it. ``seconds`` from the cut to the end;
    ``ended`` by "cloud" or "local"; ``wrong`` is empty where all went well."""

    number: int
    client: str
    answer: int
    event: int
    exit_code: int
    seconds: float
    lines: tuple[str, ...]
    ended: str
    wrong: str
    local: str = "scripted"


def points() -> list[tuple[int, int]]:
    """Every event of every answer behind which can be cut."""
    found = []
    for done in range(PLAN.steps + 1):
        asked = b'"tools":[{' + b'"tool_use_id"' * done
        found += [(done + 1, event + 1) for event in range(len(turn(1, asked, PLAN)))]
    return found


def measure(rig: Rig) -> list[Result]:
    """Several at a time, each on a road of its own."""
    kept = rig.out / "cuts.jsonl"
    done = {cut.number for cut in read(kept)}
    random, waiting = Random(rig.seed), Queue[tuple[int, int, int]]()
    for number in range(rig.runs):
        answer, event = random.choice(points())
        if number not in done:
            waiting.put((number, answer, event))
    lock = Lock()

    def work() -> None:
        with rig.road() as place, place.cloud() as cloud:
            while True:
                try:
                    number, answer, event = waiting.get_nowait()
                except Empty:
                    return
                one = once(rig, place, cloud, number, answer, event)
                with lock, kept.open("a") as sink:
                    sink.write(json.dumps(asdict(one)) + "\n")
                said = one.wrong or f"ended by {one.ended}"
                rig.tell(f"  {number}: cut at {answer}.{event}, {one.seconds:.1f} s: {said}")

    with ThreadPoolExecutor(rig.workers) as pool:
        for future in [pool.submit(work) for _ in range(rig.workers)]:
            future.result()
    return [judged(sorted(read(kept), key=lambda cut: cut.number)[: rig.runs])]


def judged(cuts: list[Cut]) -> Result:
    """The row."""
    good = sum(not cut.wrong for cut in cuts)
    local = [cut for cut in cuts if cut.ended == "local"]
    took = [cut.seconds for cut in cuts] or [0.0]
    notes = [
        f"from the cut to the client's exit: median {median(took):.1f} s, most {max(took):.1f} s; "
        f"{len(local)} ended by the box, the others had all of the cloud's words",
        *(f"run {cut.number} ({cut.answer}.{cut.event}): {cut.wrong}" for cut in cuts if cut.wrong),
    ]
    bar = Bar("at least", len(cuts), f" of {len(cuts)}")
    return Result(WHAT, f"of {len(cuts)}", good, (), good, bar, tuple(notes))


def read(kept: Path) -> list[Cut]:
    """What was kept of earlier runs."""
    if not kept.exists():
        return []
    found = [json.loads(line) for line in kept.read_text().splitlines()]
    return [Cut(**{**one, "lines": tuple(one["lines"])}) for one in found]


def once(rig: Rig, place: Place, cloud: Cloud, number: int, answer: int, event: int) -> Cut:
    """One run of the client, on a road that is good until the cut."""
    place.link.clear()
    cloud.set(forget=True, first=FIRST, gap=GAP, words=PLAN.words, steps=PLAN.steps)
    version = rig.clients[number % len(rig.clients)]
    options = () if rig.model is None else ("--model", str(rig.model))
    with place.codriver(CLOUD_TABLE, *options) as box, throwaway(place) as home:
        cloud.set(cut=[answer, event])
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(converse, place, version, home, TASK, PLAN.steps + 3)
            assert "cut" in cloud.heard()
            place.link.drop()
            began = monotonic()
            ended = running.result()
        took = monotonic() - began
        lines = marks(home)
        wrong = wrongs(ended, lines)
        if "Traceback" in box.said:
            wrong += " the daemon shows a traceback;"
        if wrong:
            (rig.out / f"cut-{number}.log").write_text(f"{ended}\n\n{box.said}")
    by = "cloud" if LAST_WORDS in ended.stdout else "local"
    model = "scripted" if rig.model is None else rig.model.name
    return Cut(number, version, answer, event, ended.exit_code, took, lines, by, wrong, model)
