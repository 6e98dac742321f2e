"""The engine bench: codriver over HTTP, beside raw llama.cpp and other servers, one table.

One row after another, each with servers of its own. From the root of the checkout:

    python -m tests.bench.engine.suite [--rows decode,prefill,...] [--quick]

Machine, settings, table and notes go to the terminal and to --out. What a row means stands
in docs/engine.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from time import monotonic

import psutil

from tests.bench.agent.client import PINNED
from tests.bench.agent.servers import ServerNotReady
from tests.bench.engine import machine, peers
from tests.bench.engine.launch import Setting
from tests.bench.engine.processes import NoSuchServer
from tests.bench.engine.record import NothingRecorded, bodies
from tests.bench.engine.result import Failed, Result, table
from tests.bench.engine.rig import Rig
from tests.bench.engine.rows import (
    after_kill,
    decode,
    edit,
    four_clients,
    gaps,
    memory,
    prefill,
    python_share,
    second_turn,
    two_laptops,
)
from tests.bench.engine.stream import BenchError
from tests.bench.names import names_of

ROWS: Mapping[str, tuple[str, Callable[[Rig], Result]]] = {
    "decode": (decode.WHAT, decode.measure),
    "prefill": (prefill.WHAT, prefill.measure),
    "four": (four_clients.WHAT, four_clients.measure),
    "turn": (second_turn.WHAT, second_turn.measure),
    "kill": (after_kill.WHAT, after_kill.measure),
    "laptops": (two_laptops.WHAT, two_laptops.measure),
    "gaps": (gaps.WHAT, gaps.measure),
    "edit": (edit.WHAT, edit.measure),
    "share": (python_share.WHAT, python_share.measure),
    "memory": (memory.WHAT, memory.measure),
}
MODEL = Path(".models/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf")
CLIENTS = Path(".clients")
TROUBLE = (BenchError, ServerNotReady, NoSuchServer, HTTPException, OSError, psutil.Error)
"""What may end a row and leaves the others to be measured."""


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="The engine bench.")
    add = parser.add_argument
    add("--model", type=Path, default=MODEL, help="the GGUF file that every engine serves")
    add("--rows", type=names_of(ROWS), default=list(ROWS), help=f"of {','.join(ROWS)}")
    add("--peers", type=names_of(peers.MAKERS), default=list(peers.MAKERS), help="in this order")
    add("--quick", action="store_true", help="a prompt of 4,000 tokens and short answers")
    add("--context", type=int, default=None, help="default: 32768, with --quick 16384")
    add("--threads", type=int, default=os.cpu_count() or 1, help="of every engine")
    add("--rounds", type=int, default=None, help="how often what is quick is measured")
    add("--client", default=PINNED, help="version of the client that the bodies come from")
    add("--out", type=Path, default=None, help="default: .bench/engine/<time>")
    return parser.parse_args(argv)


def rig(options: argparse.Namespace, out: Path) -> Rig:
    """Peers made, bodies recorded, everything at its size."""
    quick = options.quick
    return Rig(
        setting=Setting(
            options.model.resolve(),
            options.context or (16384 if quick else 32768),
            options.threads,
        ),
        bodies=bodies(options.client, CLIENTS.resolve()),
        peers={name: peers.MAKERS[name]() for name in options.peers},
        out=out,
        prompt_tokens=4_000 if quick else 20_000,
        new_tokens=48 if quick else 128,
        rounds=options.rounds or (2 if quick else 3),
        filler=filler(Path("edge")),
        tell=lambda words: print(words, flush=True),
    )


def filler(sources: Path) -> tuple[str, ...]:
    """Lines of code to bring a prompt to its size."""
    files = sorted(sources.rglob("*.py"))
    return tuple(line for file in files for line in file.read_text("utf-8").splitlines())


def measured(bench: Rig, names: Sequence[str]) -> list[Result | Failed]:
    """Each row in turn; one that cannot be measured says why and does not end the others."""
    results: list[Result | Failed] = []
    for name in names:
        what, measure = ROWS[name]
        began = monotonic()
        bench.tell(f"{name}: {what}")
        try:
            results.append(measure(bench))
        except TROUBLE as trouble:
            results.append(Failed(what, f"{type(trouble).__name__}: {trouble}"))
        bench.tell(table(results[-1:]) + f"\n  {monotonic() - began:.0f} s\n")
    return results


def circumstances(bench: Rig) -> list[str]:
    """Machine, versions and settings, for people."""
    setting = bench.setting
    with bench.raw() as raw:
        about = raw.about()
    lines = machine.describe(Path("/"), os.cpu_count() or 1)
    lines += [
        f"llama.cpp: llama-cpp-python {about['version']}",
        f"  {about['system'].strip()}",
        *(f"peer: {name}, {_version(path)}" for name, path in bench.peers.items()),
        f"model: {setting.model.name}",
        f"context {setting.context}, {setting.threads} threads, f16 keys and values, greedy",
        f"bodies: {bench.bodies.source}",
    ]
    return lines


def _version(program: Path) -> str:
    """The first line of what a peer says of its version."""
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    words = (done.stdout + done.stderr).strip().splitlines()
    return next((line for line in words if "version" in line.lower()), words[0] if words else "?")


def main(argv: Sequence[str]) -> int:
    """Measure, print, keep. A bar that is not met is told, not an error."""
    options = arguments(argv)
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    out = options.out or Path(".bench", "engine", stamp)
    out.mkdir(parents=True, exist_ok=True)
    try:
        bench = rig(options, out)
    except (NothingRecorded, subprocess.CalledProcessError) as trouble:
        print(f"the bench cannot start: {trouble}", file=sys.stderr)
        return 1
    about = "\n".join(circumstances(bench))
    print(about + "\n", flush=True)
    results = measured(bench, options.rows)
    report = f"{about}\n\n{table(results)}\n"
    (out / "report.txt").write_text(report, encoding="utf-8")
    kept = [{"kind": type(result).__name__, **asdict(result)} for result in results]
    (out / "report.json").write_text(json.dumps(kept, indent=1, default=str), encoding="utf-8")
    print(f"{table(results)}\n\nlogs and report: {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
