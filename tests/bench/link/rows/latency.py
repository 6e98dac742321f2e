"""``latency``: what codriver, and its peers, add to a cloud's first byte while the link is up."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from statistics import median

from tests.bench.engine.result import Bar, Beside, Failed, Result
from tests.bench.link.rig import Rig, milliseconds, session_body, session_headers

WHAT = "cloud route: added latency at first byte, median"
BAR = Bar("at most", 1.5, " ms")
ROUNDS, QUICK_ROUNDS, WARM = 300, 60, 20
FIRST = 0.02
"""Seconds that the stand-in takes to its first byte; what peers do meanwhile costs nobody."""


def measure(rig: Rig) -> list[Result | Failed]:
    """Everybody in turn, request after request, over one connection each."""
    with rig.cable() as place, ExitStack() as stack:
        cloud = stack.enter_context(place.cloud())
        cloud.set(first=FIRST, words=20)
        stack.enter_context(place.codriver())
        peers, missing = rig.running_peers(place, stack)
        body = session_body(place.folder)
        size = body.stat().st_size
        said = session_headers()
        targets = [place.to_cloud(body, said), place.to_box(body, headers=said)]
        targets += [place.to_box(body, peer.port, said) for peer in peers]
        rounds = QUICK_ROUNDS if rig.quick else ROUNDS
        wish = {"to": list(map(asdict, targets)), "rounds": rounds, "warm": WARM}
        direct, *others = place.laptop_does(do="latency", **wish)["taken"]
    ours, *theirs = [milliseconds(median(one) - median(direct)) for one in others]
    beside = tuple(Beside(str(peer), added) for peer, added in zip(peers, theirs, strict=True))
    notes = (
        f"over TLS to the stand-in, a request of {size} bytes, {rounds} rounds; "
        f"directly {milliseconds(median(direct)):.2f} ms",
    )
    result = Result(WHAT, "ms", ours, beside, ours, BAR, notes)
    return [result, *(Failed(f"{WHAT}: {name}", why) for name, why in missing.items())]
