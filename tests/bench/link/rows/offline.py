"""``offline``: how much later the box begins by itself when its link is known to be down.

The real client asks, too: it has to end its turn as if there had never been a cloud.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import median

from tests.bench.engine.result import Bar, Beside, Result
from tests.bench.link.converse import converse, marks, throwaway, wrongs
from tests.bench.link.place import BOX_PORT, Place
from tests.bench.link.rig import Rig, milliseconds, session_body

WHAT = "known offline: extra time before local starts"
BAR = Bar("at most", 20, " ms")
ALONE_PORT = 4144
ROUNDS, QUICK_ROUNDS, WARM = 200, 40, 10
CLIENT = "known offline: Claude Code ends its turn"
TURNS = 2
"""Of each client, at either box."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One of the client's, from its start to its exit. ``known``: of the box that knows it is
    offline."""

    known: bool
    seconds: float
    wrong: str


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
            ended = [one for version in rig.clients for one in _turns(place, version)]
    value = milliseconds(median(known) - median(alone))
    beside = (Beside("local alone", milliseconds(median(alone))),)
    notes = (f"{rounds} rounds, scripted engine",)
    return [Result(WHAT, "ms", value, beside, value, BAR, notes), _judged(ended)]


def _turns(place: Place, version: str) -> Iterator[Turn]:
    """Of the box that knows it is offline, and of the one that knows no cloud."""
    for port in (BOX_PORT, ALONE_PORT) * TURNS:
        with throwaway(place) as home:
            ended = converse(place, version, home, "Say hello.", 2, port)
            yield Turn(port == BOX_PORT, ended.seconds, wrongs(ended, marks(home)))


def _judged(turns: Sequence[Turn]) -> Result:
    known = [turn for turn in turns if turn.known]
    good = sum(not turn.wrong for turn in known)
    took = median(turn.seconds for turn in known)
    alone = median(turn.seconds for turn in turns if not turn.known)
    notes = (
        f"{took:.2f} s from the client's start to its exit, of the box alone {alone:.2f} s",
        *(turn.wrong for turn in known if turn.wrong),
    )
    bar = Bar("at least", len(known), f" of {len(known)}")
    return Result(CLIENT, f"of {len(known)}", good, (), good, bar, notes)
