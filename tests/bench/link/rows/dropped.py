"""``drop``: packets vanish just before a request; how much later the box itself begins.

Cold: nothing is known yet, with a connection to the cloud that was used a moment ago, and with
none. Known: the requests that follow.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median
from threading import Event

from tests.bench.engine.result import Bar, Beside, Result
from tests.bench.link.place import Place
from tests.bench.link.rig import Rig, milliseconds, session_body, spread

WHAT = "packets dropped just before a request: local's first token later by"
COLD, KNOWN = Bar("at most", 1500, " ms"), Bar("at most", 50, " ms")
ALONE_PORT = 4144
ROUNDS, QUICK_ROUNDS, FOLLOWING = 7, 2, 6
BETWEEN_S = 4.0
"""Between the requests that follow: six of them last longer than a failure is remembered."""


def measure(rig: Rig) -> list[Result]:
    """A new daemon each time."""
    rounds = QUICK_ROUNDS if rig.quick else ROUNDS
    with rig.road() as place, place.cloud(), place.codriver("", port=ALONE_PORT):
        body = session_body(place.folder)
        alone = median(_content(place, body, ALONE_PORT) for _ in range(10))
        rows = []
        known: list[float] = []
        for used in (True, False):
            late = [_once(place, body, alone, known, used=used) for _ in range(rounds)]
            how = "a connection used a moment ago" if used else "no connection yet"
            value, note = median(late), spread(late)
            beside = (Beside("local alone", milliseconds(alone)),)
            rows.append(Result(f"{WHAT} ({how})", "ms", value, beside, max(late), COLD, (note,)))
    what = f"{WHAT} (once known)"
    note = f"{spread(known)}; over {FOLLOWING * BETWEEN_S:.0f} s"
    return [*rows, Result(what, "ms", median(known), (), max(known), KNOWN, (note,))]


def _once(place: Place, body: Path, alone: float, known: list[float], *, used: bool) -> float:
    """How late the first request is, in milliseconds; those that follow go to ``known``."""
    pace = Event()
    place.link.clear()
    with place.codriver() as box:
        if used:
            assert place.ask(place.to_box(body)).route == "cloud"
        place.link.drop()
        late = milliseconds(_content(place, body) - alone)
        for _ in range(FOLLOWING):
            known.append(milliseconds(_content(place, body) - alone))
            pace.wait(BETWEEN_S)
        assert "Traceback" not in box.said, box.said
    place.link.clear()
    return late


def _content(place: Place, body: Path, port: int = 4141) -> float:
    """Seconds until the box's own first token."""
    answer = place.ask(place.to_box(body, port))
    assert answer.whole and answer.route == "local" and answer.content is not None, answer
    return answer.content - answer.began
