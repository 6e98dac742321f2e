"""The page of plans: what codriver would run on each board it knows, and what others measured.

python -m tests.hw.plans > docs/boards.md
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from edge.board.profile import arithmetic, bandwidth, load_profiles, named
from edge.catalog.families import find_family
from edge.catalog.planner import memory_budget, plan, shortened
from edge.catalog.plans import Plan, Wishes
from edge.catalog.speed import Reach, decode, prefill
from edge.catalog.store import offers
from edge.state import BoardFacts

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "boards.md"
PUBLISHED = Path(__file__).parent / "published.toml"

NEXT = 3
"""Plans shown of each board."""

OPENING = f"""\
# What would run where

Made by `python -m tests.hw.plans` from `hw/boards`, `edge/data/families.toml` and the planner: the
best {NEXT} plans of each board for a coding agent, if everything could be fetched. `codriver plan
--board NAME` shows all of them with their reasons. No board was at hand: speeds are predictions,
which the second table sets beside what others measured.
"""

WHY = """\
The first of each holds an agent's prompt, calls tools, is fast enough to wait for, and has the most
points of those that do (`edge/catalog/quality.py`). A model in brackets does not fit. Speeds are
those at a conversation's beginning; the last column has both behind an agent's prompt of 20,000
tokens. What attention costs there was measured on an x86 CPU and is assumed of the others.
"""

CLOSING = """\
Tokens written a second, and tokens read a second where that was published. A board's reach comes
from some of these figures (`hw/boards`); one reach has to do for all its models."""


def page() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


@cache
def plans() -> Mapping[str | None, tuple[Plan, ...]]:
    """By board, everything that could be fetched, as it would run there, best first."""
    files = offers(Path())
    return {
        board.board: shortened(plan(files, board, Wishes(reach=_reach(board))))
        for board in boards()
    }


def _reach(board: BoardFacts) -> Reach:
    return Reach(bandwidth(board), arithmetic(board))


def boards() -> Iterator[BoardFacts]:
    """The boards whose memory is known, just started; the smallest first."""
    for profile in sorted(load_profiles(), key=lambda one: (one.memory or 0, one.name)):
        if profile.memory is not None:
            yield profile.as_facts()


def _lines() -> Iterator[str]:
    yield OPENING
    yield (
        "| board | model | level | context | memory, of usable | reads/s | writes/s | behind 20k |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    for board in boards():
        for rank, one in enumerate(plans()[board.board][:NEXT]):
            yield _plan_row(board, one, first=rank == 0)
    yield ""
    yield WHY
    yield "| board | model | predicted | measured | by | source |"
    yield "|---|---|---|---|---|---|"
    for row in published():
        yield _published_row(row)
    yield ""
    yield CLOSING


def published() -> Sequence[dict[str, Any]]:
    """What others measured."""
    rows: list[dict[str, Any]] = tomllib.loads(PUBLISHED.read_text("utf-8"))["measured"]
    return rows


def predicted(row: dict[str, Any]) -> tuple[float, float]:
    """Tokens written and read a second for a row of ``published``."""
    profile, family = named(row["board"]), find_family(row["model"])
    assert profile is not None and family is not None, row
    release = family.release(row["level"])
    assert release is not None, row
    facts, reach = family.facts(release), _reach(profile.as_facts())
    reach = replace(reach, on_device=profile.accelerator == "cuda")
    return decode(facts, reach) or 0.0, prefill(facts, reach) or 0.0


def _plan_row(board: BoardFacts, one: Plan, *, first: bool) -> str:
    budget = memory_budget(board)
    cells = (
        f"**{board.model}**" if first else "",
        one.model if one.fits else f"({one.model})",
        one.quantization,
        f"{one.n_ctx:,} {one.kv_type}",
        f"{one.memory_bytes / 1e9:.1f} of {(budget or 0) / 1e9:.1f} GB",
        _number(one.prefill_tokens_per_second),
        _number(one.decode_tokens_per_second),
        f"{_number(one.deep_prefill_tokens_per_second)},"
        f" {_number(one.deep_decode_tokens_per_second)}",
    )
    return f"| {' | '.join(cells)} |"


def _published_row(row: dict[str, Any]) -> str:
    writes, reads = predicted(row)
    both = "reads" in row
    cells = (
        row["board"],
        f"{row['model']} {row['level']}",
        f"{_number(writes)}, {_number(reads)}" if both else _number(writes),
        f"{_number(row['writes'])}, {_number(row['reads'])}" if both else _number(row["writes"]),
        row["engine"],
        row["source"],
    )
    return f"| {' | '.join(cells)} |"


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:.0f}" if value >= 20 else f"{value:.1f}"


if __name__ == "__main__":
    sys.stdout.write(page())
