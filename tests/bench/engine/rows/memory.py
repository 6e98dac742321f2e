"""Row: the daemon's own memory, its worker not counted, after it has had work to do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.bench.engine.asks import OTHER_STORIES
from tests.bench.engine.processes import memory_of, server_on
from tests.bench.engine.result import Bar, Beside, Result
from tests.bench.engine.rig import Rig

WHAT = "daemon memory beside the worker"
BAR = Bar("at most", 80.0, " MB")


def measure(rig: Rig) -> Result:
    with rig.codriver() as served:
        daemon = server_on(served.port)
        idle = memory_of(daemon)
        bodies = [rig.short_body(words) for words in OTHER_STORIES]
        with ThreadPoolExecutor(len(bodies)) as pool:
            list(pool.map(served.ask, bodies))
        served.count(rig.bodies.full)
        busy = memory_of(daemon)
        worker = sum(memory_of(child).resident for child in daemon.children(recursive=True))
    shared = "" if busy.shared_out is None else f", {busy.shared_out:.0f} MB by shares (PSS)"
    return Result(
        what=WHAT,
        unit="MB",
        value=busy.resident,
        beside=(Beside("its worker", worker),),
        judged=busy.resident,
        bar=BAR,
        notes=(f"resident after four clients, {idle.resident:.0f} MB before{shared}",),
    )
