"""``offline``: how much later the box begins by itself when its link is known to be down."""

from __future__ import annotations

from dataclasses import asdict
from statistics import median

from tests.bench.engine.result import Bar, Beside, Result
from tests.bench.link.rig import Rig, milliseconds, session_body

WHAT = "known offline: extra time before local starts"
BAR = Bar("at most", 20, " ms")
ALONE_PORT = 4144
ROUNDS, QUICK_ROUNDS, WARM = 200, 40, 10


def measure(rig: Rig) -> list[Result]:
    """Beside the same daemon without any upstream, request after request in turn."""
    with rig.road() as place, place.cloud(), place.codriver("", port=ALONE_PORT):
        body = session_body(place.folder)
        with place.codriver() as box:
            place.down()
            assert box.heard("the uplink is offline"), box.said
            targets = [place.to_box(body, ALONE_PORT), place.to_box(body)]
            rounds = QUICK_ROUNDS if rig.quick else ROUNDS
            wish = {"to": list(map(asdict, targets)), "rounds": rounds, "warm": WARM}
            alone, known = place.laptop_does(do="latency", **wish)["taken"]
    value = milliseconds(median(known) - median(alone))
    beside = (Beside("local alone", milliseconds(median(alone))),)
    return [Result(WHAT, "ms", value, beside, value, BAR, (f"{rounds} rounds, scripted engine",))]
