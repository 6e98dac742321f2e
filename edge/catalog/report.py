"""Plans as people read them and as programs do. Pure: plans in, text or plain data out.

Called by cli (`codriver plan`) and the status page.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from edge.catalog.planner import AGENT_PROMPT
from edge.catalog.plans import Plan
from edge.chat import JsonObject

_HEADINGS = (
    "",
    "model",
    "quant",
    "here",
    "context",
    "kv",
    "memory",
    "reads/s",
    "writes/s",
    "behind 20k",
    "threads",
    "gpu layers",
)


def format_plans(plans: Sequence[Plan], refused: Sequence[str] = ()) -> str:
    """A table of the plans, best first, and under it why each stands where it does. "=>" runs,
    "get" would be better and could be fetched, "make" and could be made here, "no" does not fit.
    "behind 20k": the same speeds behind an agent's prompt."""
    if not plans and not refused:
        return "no model files are present; fetch one, for example with --model coder"
    rows = [_HEADINGS, *(_row(one, mark) for one, mark in zip(plans, _marks(plans), strict=True))]
    lines = _aligned(rows) if plans else []
    lines += ["", *(f"{one.model}: {one.reason}" for one in plans)] if plans else []
    lines += [f"left out: {sentence}" for sentence in refused]
    return "\n".join(lines)


def plans_as_json(plans: Sequence[Plan]) -> str:
    """A JSON array with one object for each plan, best first."""
    return json.dumps([_as_object(one) for one in plans], indent=2, ensure_ascii=False)


def _marks(plans: Sequence[Plan]) -> list[str]:
    """What runs: the best that is here, else the best of all that need not be made; and what would
    be better."""
    here = [number for number, one in enumerate(plans) if one.here and one.fits]
    others = [number for number, one in enumerate(plans) if not one.made and one.fits]
    runs = next(iter([*here, *others]), len(plans))
    return [_mark(one, number, runs) for number, one in enumerate(plans)]


def _mark(one: Plan, number: int, runs: int) -> str:
    if not one.fits:
        return "no"
    if number >= runs:
        return "=>" if number == runs else ""
    return "get" if not one.made else "make" if one.has_room else ""


def _row(one: Plan, mark: str) -> tuple[str, ...]:
    layers = "none" if not one.n_gpu_layers else "all" if one.all_on_gpu else str(one.n_gpu_layers)
    memory = f"{one.memory_bytes / 1e9:.2f} GB"
    return (
        mark,
        one.model,
        one.quantization,
        "yes" if one.here else "no",
        f"{one.n_ctx:,}",
        one.kv_type,
        memory,
        _speed(one.prefill_tokens_per_second),
        _speed(one.decode_tokens_per_second),
        _deep(one),
        str(one.n_threads),
        layers,
    )


def _deep(one: Plan) -> str:
    """Reading and writing behind an agent's prompt."""
    if one.n_ctx <= AGENT_PROMPT:
        return ""
    both = (one.deep_prefill_tokens_per_second, one.deep_decode_tokens_per_second)
    return ", ".join(map(_speed, both))


def _speed(found: float | None) -> str:
    return "?" if found is None else f"{found:.0f}" if found >= 10 else f"{found:.1f}"


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _as_object(one: Plan) -> JsonObject:
    return {
        "model": one.model,
        "file": str(one.path),
        "architecture": one.architecture,
        "quantization": one.quantization,
        "parameters": one.parameters,
        "n_ctx": one.n_ctx,
        "kv_type": one.kv_type,
        "n_gpu_layers": one.n_gpu_layers,
        "threads": one.n_threads,
        "n_batch": one.n_batch,
        "n_ubatch": one.n_ubatch,
        "n_sequences": one.n_sequences,
        "memory_bytes": one.memory_bytes,
        "prefill_tokens_per_second": one.prefill_tokens_per_second,
        "decode_tokens_per_second": one.decode_tokens_per_second,
        "deep_prefill_tokens_per_second": one.deep_prefill_tokens_per_second,
        "deep_decode_tokens_per_second": one.deep_decode_tokens_per_second,
        "tools": one.tools,
        "here": one.here,
        "file_bytes": one.file_bytes,
        "load_seconds": one.load_seconds,
        "make": _making(one),
        "fits": one.fits,
        "draft": str(one.draft.path) if one.draft else None,
        "reason": one.reason,
    }


def _making(one: Plan) -> JsonObject | None:
    if one.made is None:
        return None
    return {"from": str(one.made.source), "command": one.made.command, "has_room": one.has_room}
