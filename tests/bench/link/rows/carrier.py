"""``carrier``: how soon the box knows that its interface is down while nobody asks."""

from __future__ import annotations

from statistics import median
from time import monotonic

from tests.bench.engine.result import Bar, Result
from tests.bench.link.rig import Rig, milliseconds, spread

WHAT = "carrier lost while idle: state offline after"
BAR = Bar("at most", 200, " ms")
ROUNDS, QUICK_ROUNDS = 7, 3


def measure(rig: Rig) -> list[Result]:
    """A new daemon each time, as links that flap are believed later; told by its log's line."""
    samples = []
    with rig.road() as place, place.cloud():
        for _ in range(QUICK_ROUNDS if rig.quick else ROUNDS):
            with place.codriver() as box:
                assert box.heard("the uplink is online"), box.said
                began = monotonic()
                place.down()
                assert box.heard("the uplink is offline"), box.said
                samples.append(milliseconds(monotonic() - began))
            place.up()
    value = median(samples)
    note = f"{spread(samples)}; the program that takes the interface down is in it"
    return [Result(WHAT, "ms", value, (), max(samples), BAR, (note,))]
