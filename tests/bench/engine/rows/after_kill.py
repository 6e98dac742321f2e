"""Row: the next turn after kill -9 of daemon and worker and a new start, against cold.

The kill comes when the state directory has been quiet for a while: what a kill in the
middle of a write does is a test's matter, not a figure's. Loading the model is not counted:
the request is sent when the server says that it is ready.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

from tests.bench.engine.figures import median, p95
from tests.bench.engine.processes import kill_all, server_on
from tests.bench.engine.result import Bar, Beside, Result, ratio
from tests.bench.engine.rig import LLAMA_SERVER, Rig
from tests.bench.engine.rows.second_turn import turns

WHAT = "the same after kill -9 and a restart"
BAR = Bar("at most", 0.01)
QUIET_S, PATIENCE_S, LOOK_S = 5.0, 180.0, 0.5


def measure(rig: Rig) -> Result:
    with rig.state() as name:
        state = Path(name)
        with rig.codriver(state) as served:
            body = rig.long_body(served)
            first = served.ask(body)
            later = list(turns(body, rig.rounds + 1))
            served.ask(later[0])
            kept = settled_bytes(state)
            kill_all(server_on(served.port))
        answers = []
        for turn in later[1:]:
            with rig.codriver(state) as served:
                answers.append(served.ask(turn))
                settled_bytes(state)
                kill_all(server_on(served.port))
    waits = [answer.ttft for answer in answers]
    value, cold = median(waits), first.ttft
    cached = ", ".join(f"{answer.cached} of {answer.prompt}" for answer in answers)
    return Result(
        what=WHAT,
        unit="s",
        value=value,
        p95=p95(waits),
        beside=(Beside("codriver cold", cold), *_llama_server(rig, later[1])),
        judged=ratio(value, cold),
        bar=BAR,
        notes=(f"{kept / 1e6:.0f} MB in the state directory; from the cache: {cached}",),
    )


def _llama_server(rig: Rig, turn: Mapping[str, Any]) -> tuple[Beside, ...]:
    """What a restarted llama-server takes: it starts cold."""
    if not rig.has(LLAMA_SERVER):
        return ()
    if f"{LLAMA_SERVER} cold" not in rig.known:
        with rig.llama_server() as peer:
            rig.known[f"{LLAMA_SERVER} cold"] = peer.ask(turn).ttft
    return (Beside("llama-server restarted", rig.known[f"{LLAMA_SERVER} cold"]),)


def settled_bytes(directory: Path) -> int:
    """How much lies in ``directory`` once nothing there has changed for QUIET_S."""
    nobody, began = Event(), monotonic()
    seen, since = _files(directory), began
    while monotonic() - since < QUIET_S and monotonic() - began < PATIENCE_S:
        nobody.wait(LOOK_S)
        now = _files(directory)
        if now != seen:
            seen, since = now, monotonic()
    return sum(seen.values())


def _files(directory: Path) -> dict[str, int]:
    """Every file there and its size; files that go while one looks are not there."""
    found = {}
    for path in directory.rglob("*"):
        try:
            if path.is_file():
                found[str(path)] = path.stat().st_size
        except OSError:
            continue
    return found
