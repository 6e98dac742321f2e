"""What the plan predicts against what a worker takes: ``make bench-plan``.

Judged is the prediction without its spare part: nothing of the prompt can be guessed, so that no
drafts are checked, and nothing is written.

How fast it reads and writes behind that prompt is predicted from what a worker with the same file
measured while idle, just before and after.

For every model, context and type of keys and values a real worker is loaded, given a prompt that
fills its context (all but the end of it from disk) and looked at.

    python -m tests.bench.plan.suite [--model NAME ...] [--context N ...] [--kv TYPE ...]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean

from edge.app.choose import Keeping, load_frame
from edge.board.probe import probe
from edge.catalog.fetch import ensure
from edge.catalog.figures import figures_of
from edge.catalog.memory import KV_ELEMENT_BYTES, KvType, is_divisible
from edge.catalog.models import resolve
from edge.catalog.planner import plan
from edge.catalog.plans import Candidate, Plan, Wishes
from edge.catalog.speed import Behind, Reach, decode, prefill, reach_of
from edge.catalog.store import candidate
from edge.engines.measured import read_all
from edge.units import Bytes, Tokens
from tests.bench.plan.prompts import order
from tests.bench.plan.trial import Trial, TrialFailed, calibrated, crafted, run

MODELS = ("smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b", "gemma-3-270m")
"""What can be had without a hub."""

CONTEXTS = (2048, 8192, 32_768)
LEFT_FREE = 96
"""Tokens of the context for the answer."""

MOST_READ = 1536
"""Of a prompt whose beginning cannot come from disk, so that it does not take all day."""

OVER, UNDER = 0.05, 0.02
"""How far a prediction of memory may be off."""

SPEED_OFF = 0.2
"""And one of speed, either way."""

BOARD = "this machine"


@dataclass(frozen=True, slots=True)
class Row:
    """One layout: bytes and speeds, predicted and seen."""

    model: str
    context: int
    kv_type: str
    predicted: Bytes
    reads: float
    writes: float
    trial: Trial

    @property
    def off(self) -> float:
        """Of what was seen; positive where more was predicted."""
        return self.predicted / self.trial.peak - 1

    @property
    def is_met(self) -> bool:
        return -UNDER <= self.off <= OVER

    @property
    def speeds_off(self) -> tuple[float, float]:
        """Of what was seen, reading and writing; positive where more was predicted."""
        return self.reads / self.trial.prefill - 1, self.writes / self.trial.decode - 1

    @property
    def is_as_fast(self) -> bool:
        return all(abs(off) <= SPEED_OFF for off in self.speeds_off)


def _present(name: str, folder: Path) -> Candidate:
    """The model, fetched first if it is not there."""
    ref = resolve(name, folder)
    ensure(ref, folder)
    return candidate(ref)


def layouts(
    candidates: Sequence[Candidate], contexts: Sequence[int], types: Sequence[KvType]
) -> Iterator[tuple[Candidate, Plan]]:
    """Every plan that is to be tried; a context that a model was not trained for is left out."""
    board = probe()
    for one in candidates:
        for context in contexts:
            if context > (one.facts.context_length or 0):
                continue
            for kv_type in types:
                wishes = Wishes(context=Tokens(context), kv_type=kv_type)
                yield one, plan([one], board, wishes)[0]


def measured(one: Candidate, planned: Plan) -> tuple[Reach, ...]:
    """What a worker measures of itself. Raises TrialFailed."""
    with tempfile.TemporaryDirectory() as folder:
        load = load_frame(planned, Keeping(threads=Path(folder), board=BOARD))
        asyncio.run(calibrated(load, order(2)))
        found = read_all(Path(folder))
    return tuple(reach_of(one.facts, each.writes, each.reads) for each in found)


def between(reaches: Sequence[Reach]) -> Reach:
    """The middle of them: machines are not equally fast from one minute to the next."""
    return Reach(
        mean(one.bandwidth for one in reaches if one.bandwidth),
        mean(one.arithmetic for one in reaches if one.arithmetic),
    )


def tried(one: Candidate, planned: Plan) -> Row:
    """Load it and see, its speed measured before and after. Raises TrialFailed."""
    before = measured(one, planned)
    with tempfile.TemporaryDirectory() as folder:
        load = load_frame(planned, Keeping(Path(folder), prefix_bytes=2**36))
        tokens = planned.n_ctx - LEFT_FREE
        if not is_divisible(figures_of(one.facts)):
            tokens = min(tokens, MOST_READ)
        trial = asyncio.run(run(load, crafted(load, tokens)))
    reach = between([*before, *measured(one, planned)])
    halfway = Behind(Tokens(trial.deep + trial.read // 2), planned.kv_type)
    behind = Behind(Tokens(trial.deep + trial.read), planned.kv_type)
    return Row(
        one.name,
        planned.n_ctx,
        planned.kv_type,
        Bytes(planned.memory.total - planned.memory.spare),
        prefill(one.facts, reach, halfway) or 0.0,
        decode(one.facts, reach, behind) or 0.0,
        trial,
    )


def line(row: Row) -> str:
    """For a person."""
    trial, mib = row.trial, 2**20
    reads, writes = (f"{100 * off:>+4.0f} %" for off in row.speeds_off)
    return (
        f"{row.model:<22} {row.context:>7,} {row.kv_type:<5}"
        f" {row.predicted / mib:>7.0f} {trial.peak / mib:>7.0f} {trial.private / mib:>7.0f}"
        f" {100 * row.off:>+6.1f} % {'yes' if row.is_met else 'NO':<4}"
        f" {trial.deep:>7,} {row.reads:>7.1f} {trial.prefill:>7.1f} {reads}"
        f" {row.writes:>7.1f} {trial.decode:>7.1f} {writes} {'yes' if row.is_as_fast else 'NO'}"
    )


HEADER = (
    "model                  context kv    predict    peak private    off     met"
    "     deep predict reads/s    off predict writes/s    off met"
)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", action="append", help="a file, or a name; else MODELS")
    parser.add_argument("--models-dir", type=Path, default=Path(".models"))
    parser.add_argument("--context", type=int, action="append")
    parser.add_argument("--kv", choices=tuple(KV_ELEMENT_BYTES), action="append")
    parser.add_argument("--json", type=Path, help="write the rows there, too")
    options = parser.parse_args(arguments)
    candidates = [_present(name, options.models_dir) for name in options.model or MODELS]
    rows = []
    print(HEADER, flush=True)
    wanted = layouts(candidates, options.context or CONTEXTS, options.kv or list(KV_ELEMENT_BYTES))
    for one, planned in wanted:
        try:
            rows.append(tried(one, planned))
            print(line(rows[-1]), flush=True)
        except TrialFailed as error:
            print(f"{one.name} {planned.n_ctx:,} {planned.kv_type}: {error}", flush=True)
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    met = sum(row.is_met for row in rows)
    print(f"memory: {met} of {len(rows)} within {UNDER:.0%} under and {OVER:.0%} over")
    fast = sum(row.is_as_fast for row in rows)
    print(f"speed: {fast} of {len(rows)} within {SPEED_OFF:.0%}, reading and writing")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
