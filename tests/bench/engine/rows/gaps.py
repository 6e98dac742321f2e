"""Row: the gaps of a running stream while another client's long prompt is read.

A gap small because the other client was made to wait does not count: its prompt has to
advance while the stream runs. The stream is a story, sampled and not greedy: what can be guessed
is written in a few great steps, of which most gaps are none and the rest tell the drafts' lengths.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Event
from typing import Any

from tests.bench.engine.asks import STORY
from tests.bench.engine.figures import gaps, median, p95
from tests.bench.engine.result import Bar, Beside, Result, ratio
from tests.bench.engine.rig import Rig, Served
from tests.bench.engine.shape import marked
from tests.bench.engine.stream import Answer, BenchError

WHAT = "gap p95 while another client's prompt is read"
BAR = Bar("at most", 3.0)
TOKENS = 400
"""Of the running stream: long enough for many slices of the other prompt."""

PROGRESS = 0.25
"""Of its speed alone, with which the other has to be read while the stream runs."""

READ = "prompt_tokens_read_total"
"""The measure that tells how far the other is."""


def measure(rig: Rig) -> Result:
    with rig.codriver() as served:
        running = rig.short_body(STORY) | {"max_tokens": TOKENS, "temperature": 1.0}
        long = marked(rig.long_body(served), "two") | {"max_tokens": 1}
        alone = _cold(rig, served)
        served.ask(running)
        idle = served.ask(running)
        stream, other, read = _beside(served, running, long)
    quiet, busy = gaps(idle.times), overlapping_gaps(stream, other)
    if not busy:
        raise BenchError("the running stream ended before the other client was read")
    value, calm = p95(busy), p95(quiet)
    beside, own = read / _together(stream, other), other.prompt / alone
    return Result(
        what=WHAT,
        unit="ms",
        value=1000 * value,
        beside=(Beside("codriver idle", 1000 * calm),),
        judged=ratio(value, calm),
        bar=BAR,
        notes=(
            f"{len(busy)} gaps, median {1000 * median(busy):.0f} ms, longest "
            f"{1000 * max(busy):.0f} ms; the stream {_rate(busy):.1f} tokens/s, "
            f"{_rate(quiet):.1f} alone; the other client {beside:.0f} tokens/s, {own:.0f} alone",
        ),
        spoilt=waited(beside, own),
    )


def _cold(rig: Rig, served: Served) -> float:
    """How long the long prompt takes alone, with a beginning of its own."""
    if "codriver cold" not in rig.known:
        body = marked(rig.long_body(served), "one") | {"max_tokens": 1}
        rig.known["codriver cold"] = served.ask(body).seconds
    return rig.known["codriver cold"]


def _beside(
    served: Served, running: dict[str, Any], long: dict[str, Any]
) -> tuple[Answer, Answer, float]:
    """The stream, the long prompt sent as soon as the stream has begun, and how many tokens of it
    were read when the stream ended."""
    begun = Event()
    with ThreadPoolExecutor(2) as pool:
        streaming = pool.submit(served.ask, running, begun)
        begun.wait()
        before = served.measure(READ)
        reading = pool.submit(served.ask, long)
        stream = streaming.result()
        read = served.measure(READ) - before
        return stream, reading.result(), read


def _together(stream: Answer, other: Answer) -> float:
    """Seconds in which both ran."""
    return min(stream.ended, other.first) - other.started


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
