"""Row: the gaps of running streams while another client's long prompt is read.

A gap small because the other client was made to wait does not count: its prompt has to
advance while streams run. They are stories, sampled and short: a small model soon repeats itself,
and what can be guessed is written in a few great steps, of which most gaps are none. One after
another they begin as the other comes to another part of its prompt, so that every depth counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.bench.engine.asks import OTHER_STORIES
from tests.bench.engine.figures import gaps, median, p95
from tests.bench.engine.result import Bar, Beside, Result, ratio
from tests.bench.engine.rig import Rig, Served
from tests.bench.engine.shape import marked
from tests.bench.engine.stream import Answer, BenchError

WHAT = "gap p95 while another client's prompt is read"
BAR = Bar("at most", 3.0)
STREAMS = 8
TOKENS = 100
"""Of each stream."""

PROGRESS = 0.25
"""Of its speed alone, with which the other has to be read while streams run."""

READ = "prompt_tokens_read_total"
"""The measure that tells how far the other is."""

LOOK_SECONDS = 1.0
"""How often codriver tells it."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A running answer, and how many tokens of the other prompt were read meanwhile."""

    answer: Answer
    read: float


def measure(rig: Rig) -> Result:
    with rig.codriver() as served:
        stories = [_story(rig, number) for number in range(STREAMS)]
        long = marked(rig.long_body(served), "two") | {"max_tokens": 1}
        alone = _cold(rig, served)
        served.ask(stories[0])
        quiet = [gap for story in stories for gap in gaps(served.ask(story).times)]
        streams, other = _beside(served, stories, long)
    busy = [gap for stream in streams for gap in overlapping_gaps(stream.answer, other)]
    if not busy:
        raise BenchError("the running stream ended before the other client was read")
    value, calm = p95(busy), p95(quiet)
    read = sum(stream.read for stream in streams)
    beside = read / sum(_together(stream.answer, other) for stream in streams)
    own = other.prompt / alone
    return Result(
        what=WHAT,
        unit="ms",
        value=1000 * value,
        beside=(Beside("codriver idle", 1000 * calm),),
        judged=ratio(value, calm),
        bar=BAR,
        notes=(
            f"{len(busy)} gaps of {len(streams)} streams, median {1000 * median(busy):.0f} ms "
            f"({1000 * median(quiet):.0f} alone), longest {1000 * max(busy):.0f} ms; the streams "
            f"{_rate(busy):.1f} tokens/s, {_rate(quiet):.1f} alone; the other client "
            f"{beside:.0f} tokens/s, {own:.0f} alone",
            "p95 of each stream, ms: "
            + ", ".join(f"{1000 * gap:.0f}" for gap in each(streams))
            + "; seconds to their first tokens: "
            + ", ".join(f"{stream.answer.ttft:.1f}" for stream in streams),
        ),
        spoilt=waited(beside, own),
    )


def each(streams: Iterable[Stream]) -> list[float]:
    """The p95 of each stream's gaps, of those that have any."""
    found = (gaps(stream.answer.times) for stream in streams)
    return [p95(times) for times in found if times]


def _story(rig: Rig, number: int) -> dict[str, Any]:
    words = f"{OTHER_STORIES[number % len(OTHER_STORIES)]} Begin with the number {number}."
    return rig.short_body(words) | {"max_tokens": TOKENS, "temperature": 1.0}


def _cold(rig: Rig, served: Served) -> float:
    """How long the long prompt takes alone, with a beginning of its own."""
    if "codriver cold" not in rig.known:
        body = marked(rig.long_body(served), "one") | {"max_tokens": 1}
        rig.known["codriver cold"] = served.ask(body).seconds
    return rig.known["codriver cold"]


def _beside(
    served: Served, stories: list[dict[str, Any]], long: dict[str, Any]
) -> tuple[list[Stream], Answer]:
    """The long prompt, and the streams beside it, each as soon as its part of it is read."""
    before = served.measure(READ)
    tokens = served.count(long)
    streams: list[Stream] = []
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(served.ask, long)
        for number, story in enumerate(stories):
            if not _reaches(served, reading, before + tokens * number / len(stories)):
                break
            there = served.measure(READ)
            answer = served.ask(story)
            streams.append(Stream(answer, served.measure(READ) - there))
        return streams, reading.result()


def _reaches(served: Served, reading: Future[Answer], place: float) -> bool:
    """Once so many tokens are read; False when the reading has ended before."""
    while served.measure(READ) < place:
        if wait([reading], timeout=LOOK_SECONDS).done:
            return False
    return True


def _together(stream: Answer, other: Answer) -> float:
    """Seconds in which both ran, from the request to its end."""
    return max(0.0, min(stream.ended, other.first) - max(stream.started, other.started))


def _rate(found: list[float]) -> float:
    return len(found) / sum(found)


def overlapping_gaps(stream: Answer, other: Answer) -> list[float]:
    """The stream's gaps that fall, at least in part, into the other's reading."""
    return [
        later - earlier
        for earlier, later in pairwise(stream.times)
        if later > other.started and earlier < other.first
    ]


def waited(beside: float, alone: float) -> str | None:
    """Why the row does not count, if the other prompt stood still while the stream ran;
    tokens a second."""
    if beside >= PROGRESS * alone:
        return None
    return f"the other client waited for the stream: {beside:.0f} tokens/s, {alone:.0f} alone"
