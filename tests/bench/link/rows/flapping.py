"""``flap``: a link that is up for two seconds and down for two, for minutes, under three laptops.

One laptop's client asks again when its connection is dropped, as Claude Code does; the second
one's never does; on the third the real Claude Code works at one task after the other. A request is
lost when its client has no whole answer in the end, a task when the client does not exit with 0 or
ran a command twice. Down is silence for the first half of the time, and a lost carrier for the
second.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic

from tests.bench.engine.result import Bar, Result
from tests.bench.link.converse import converse, marks, throwaway, wrongs
from tests.bench.link.laptop import Answer
from tests.bench.link.place import Place
from tests.bench.link.rig import Rig, small_body

WHAT = "flapping link"
LOST, CHANGES = Bar("at most", 0, " lost"), Bar("at most", 10, " changes")
UP_S, DOWN_S = 2.0, 2.0
MINUTES_S, QUICK_S = 300.0, 40.0
FIRST, GAP, WORDS, STEPS = 0.3, 0.05, 30, 3
TASK = "Do the three steps, one after the other."
TRIES = 10
"""Claude Code's, with growing pauses."""
CHANGED = re.compile(r"the uplink is (\w+) \(was (\w+)\)")


@dataclass
class Tally:
    """What became of one laptop's requests."""

    asked: int = 0
    lost: list[str] = field(default_factory=list)
    again: int = 0
    local: int = 0
    longest: float = 0.0


def measure(rig: Rig) -> list[Result]:
    with rig.road() as place, place.cloud() as cloud, place.codriver() as box:
        cloud.set(first=FIRST, gap=GAP, words=WORDS, steps=STEPS)
        body = small_body(place.folder, tools=("Bash",))
        over = Event()
        with ThreadPoolExecutor(3) as pool:
            working = pool.submit(_work_on, rig, place, over)
            asking = [
                pool.submit(_ask_on, place, body, over, agent)
                for agent in ("claude-cli/2.1.332 (bench)", "an-sdk/1.0")
            ]
            half = (QUICK_S if rig.quick else MINUTES_S) / 2
            _flap(half, place.link.drop, place.link.clear)
            _flap(half, place.down, place.up)
            over.set()
            again, once = (one.result() for one in asking)
            worked = working.result()
        changes = CHANGED.findall(box.said)
        (rig.out / "flap.log").write_text(box.said)
        trouble = "Traceback" in box.said
    tallies = {"a client that asks again": again, "a client that does not": once}
    notes = tuple(
        f"{who}: {tally.asked} requests, {tally.local} begun by the box, asked again "
        f"{tally.again} times, the longest took {tally.longest:.1f} s" + _lost(tally)
        for who, tally in tallies.items()
    )
    lost = len(again.lost) + len(once.lost)
    asked = again.asked + once.asked
    tasks = f"the longest took {worked.longest:.1f} s; {worked.again} commands ran{_lost(worked)}"
    spoilt = "the daemon shows a traceback" if trouble else None
    count = len(changes)
    return [
        Result(f"{WHAT}: requests lost", f"of {asked}", lost, (), lost, LOST, notes, spoilt=spoilt),
        Result(
            f"{WHAT}: Claude Code's tasks lost",
            f"of {worked.asked}",
            len(worked.lost),
            (),
            len(worked.lost),
            LOST,
            (tasks,),
        ),
        Result(f"{WHAT}: changes of state", "", count, (), count, CHANGES),
    ]


def _lost(tally: Tally) -> str:
    return f"; lost: {'; '.join(tally.lost[:3])}" if tally.lost else ""


def _flap(seconds: float, down: Callable[[], None], up: Callable[[], None]) -> None:
    pace, until = Event(), monotonic() + seconds
    while monotonic() < until:
        pace.wait(UP_S)
        down()
        pace.wait(DOWN_S)
        up()


def _work_on(rig: Rig, place: Place, over: Event) -> Tally:
    """One task of the real client after the other; ``again`` counts the commands."""
    tally = Tally()
    while not over.is_set():
        version = rig.clients[tally.asked % len(rig.clients)]
        tally.asked += 1
        with throwaway(place) as home:
            ended = converse(place, version, home, TASK, STEPS + 3)
            lines = marks(home)
        tally.again += len(lines)
        tally.longest = max(tally.longest, ended.seconds)
        if wrong := wrongs(ended, lines):
            tally.lost.append(f"{version}: {wrong} {ended.stdout[-200:]}")
    return tally


def _ask_on(place: Place, body: Path, over: Event, agent: str) -> Tally:
    """One request after the other until it is over."""
    tally = Tally()
    while not over.is_set():
        began = monotonic()
        tally.asked += 1
        answer = _with_patience(place, body, agent, tally)
        if answer.route == "local":
            tally.local += 1
        if not answer.whole:
            tally.lost.append(f"{answer.status} {answer.error or answer.text[:60]}")
        tally.longest = max(tally.longest, monotonic() - began)
    return tally


def _with_patience(place: Place, body: Path, agent: str, tally: Tally) -> Answer:
    """As its client asks: again, or not."""
    to = place.to_box(body, headers={"user-agent": agent})
    answer = place.ask(to)
    for number in range(TRIES if agent.startswith("claude-cli") else 0):
        if answer.whole:
            break
        Event().wait(min(8.0, 0.5 * 2**number))
        tally.again += 1
        answer = place.ask(to)
    return answer
