"""``streams``: whole answers a second passed through, sixty laptops asking at once."""

from __future__ import annotations

from dataclasses import asdict
from statistics import median

from tests.bench.engine.result import Bar, Beside, Failed, Result, ratio
from tests.bench.link.laptop import Target
from tests.bench.link.peers import MAKERS, TROUBLE, PeerMissing, running
from tests.bench.link.place import Place
from tests.bench.link.rig import Rig, session_body, session_headers

WHAT = "pass-through streams a second, 60 at once"
AT_ONCE = 60
WORDS = 40
SECONDS, QUICK_SECONDS, WARM = 10.0, 4.0, 2.0
ROUNDS = 3
BARS = {"litellm": Bar("at least", 10, " x"), "ccr": Bar("at least", 4, " x")}


def measure(rig: Rig) -> list[Result | Failed]:
    """One server at a time, so that none takes the cores from another."""
    rounds = 1 if rig.quick else ROUNDS
    with rig.cable() as place, place.cloud() as cloud:
        cloud.set(words=WORDS)
        body, said = session_body(place.folder), session_headers()
        direct = _rate(rig, place, place.to_cloud(body, said), rounds)
        with place.codriver():
            ours = _rate(rig, place, place.to_box(body, headers=said), rounds)
        notes = (f"{WORDS} events each, one write each, over TLS; no router {direct:.0f}/s",)
        rows: list[Result | Failed] = []
        for name in filter(BARS.__contains__, rig.peers):
            what = f"{WHAT}, beside {name}"
            try:
                peer = MAKERS[name](place)
                with running(place, peer):
                    to = place.to_box(body, peer.port, said)
                    its = _rate(rig, place, to, rounds)
            except TROUBLE as trouble:
                rows.append(Failed(what, str(trouble)))
                continue
            beside = (Beside(str(peer), its),)
            rows.append(Result(what, "/s", ours, beside, ratio(ours, its), BARS[name], notes))
        return rows


def _rate(rig: Rig, place: Place, to: Target, rounds: int) -> float:
    """Median of some rounds. Raises PeerMissing where an answer breaks."""
    seconds = QUICK_SECONDS if rig.quick else SECONDS
    wish = {"to": asdict(to), "at_once": AT_ONCE, "seconds": seconds, "warm": WARM}
    rates = []
    for _ in range(rounds):
        said = place.laptop_does(do="streams", **wish)
        if said["errors"]:
            raise PeerMissing(f"an answer broke: {said['errors'][0][:300]}")
        rates.append(float(said["rate"]))
    return median(rates)
