"""The link bench: the hybrid router over real sockets in network namespaces, beside peers.

    python -m tests.bench.link.suite [--rows latency,streams,...] [--quick] [--json FILE]

One row after another, each in namespaces of its own. What a row means stands in docs/link.md.
Linux, as root, with iproute2, openssl and TUN devices.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from tests.bench.agent.client import PINNED
from tests.bench.engine import machine
from tests.bench.engine.result import Failed, Result, table
from tests.bench.link.peers import MAKERS, TROUBLE
from tests.bench.link.rig import Rig
from tests.bench.link.rows import (
    carrier,
    cut,
    dropped,
    flapping,
    latency,
    offline,
    portal,
    slow,
    streams,
)
from tests.bench.names import names_of

Row = Callable[[Rig], Sequence[Result | Failed]]
ROWS: Mapping[str, Row] = {
    "latency": latency.measure,
    "streams": streams.measure,
    "offline": offline.measure,
    "carrier": carrier.measure,
    "drop": dropped.measure,
    "cut": cut.measure,
    "flap": flapping.measure,
    "portal": portal.measure,
    "slow": slow.measure,
}
RUNS, QUICK_RUNS = 100, 6


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="The link bench.")
    add = parser.add_argument
    add("--rows", type=names_of(ROWS), default=list(ROWS), help=f"of {','.join(ROWS)}")
    add(
        "--peers",
        type=names_of(MAKERS),
        default=list(MAKERS),
        help="of litellm,ccr,bare; empty: none",
    )
    add("--quick", action="store_true", help="fewer rounds, a shorter flapping link, six cuts")
    add("--runs", type=int, default=None, help=f"of the real client (default {RUNS})")
    add("--workers", type=int, default=2, help="of these at a time")
    add("--clients", default=f"latest,{PINNED}", help="versions of Claude Code that take turns")
    add("--seed", type=int, default=7, help="of the points at which answers are cut")
    add("--model", type=Path, default=None, help="a GGUF file for the rows cut and slow")
    add("--out", type=Path, default=None, help="default: .bench/link/<time>; the same goes on")
    add("--json", type=Path, default=None, help="write the figures there, too")
    return parser.parse_args(argv)


def rig(options: argparse.Namespace, out: Path) -> Rig:
    return Rig(
        out=out,
        quick=options.quick,
        peers=tuple(options.peers),
        clients=tuple(options.clients.split(",")),
        runs=options.runs or (QUICK_RUNS if options.quick else RUNS),
        workers=options.workers,
        seed=options.seed,
        model=None if options.model is None else options.model.resolve(),
        tell=lambda words: print(words, flush=True),
    )


def measured(bench: Rig, names: Sequence[str]) -> list[Result | Failed]:
    """Each row in turn; one that cannot be measured says why and does not end the others."""
    results: list[Result | Failed] = []
    for name in names:
        bench.tell(f"{name} ...")
        began = monotonic()
        try:
            rows = list(ROWS[name](bench))
        except (*TROUBLE, AssertionError) as trouble:
            rows = [Failed(name, f"{type(trouble).__name__}: {trouble}")]
        results += rows
        bench.tell(table(rows) + f"\n  {monotonic() - began:.0f} s\n")
    return results


def summary(results: Sequence[Result | Failed]) -> str:
    """How many bars are met, and which are not."""
    missed = [one.what for one in results if isinstance(one, Failed) or not one.met]
    said = f"{len(results) - len(missed)} of {len(results)} bars met"
    return f"{said}; not: {'; '.join(missed)}" if missed else said


def main(argv: Sequence[str]) -> int:
    """Measure, print, keep. A bar that is not met is told, not an error."""
    options = arguments(argv)
    if sys.platform != "linux" or os.geteuid() != 0:
        print("the link bench makes network namespaces: run it as root on Linux", file=sys.stderr)
        return 1
    out = options.out or Path(".bench", "link", datetime.now(UTC).strftime("%Y%m%d-%H%M%S"))
    out.mkdir(parents=True, exist_ok=True)
    bench = rig(options, out.resolve())
    about = "\n".join(machine.describe(Path("/"), os.cpu_count() or 1))
    print(about + "\n", flush=True)
    results = measured(bench, options.rows)
    report = f"{about}\n\n{table(results)}\n\n{summary(results)}\n"
    (out / "report.txt").write_text(report, encoding="utf-8")
    kept = [{"kind": type(one).__name__, **asdict(one), "met": _met(one)} for one in results]
    for path in filter(None, (out / "report.json", options.json)):
        path.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    print(f"{table(results)}\n\n{summary(results)}\nlogs and report: {out}")
    return 0


def _met(one: Result | Failed) -> bool:
    return isinstance(one, Result) and one.met


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
