"""Chooses which model to run, at which level and how: pure, with a reason for each.

Facts of files and of the board in, plans out, best first; same arguments, same plans.
Knows no files, no clock and no engine. Called by app at start and by `codriver plan`.

The order: it fits in memory; it holds an agent's prompt; its quantization still calls
tools; it is fast enough to wait for, writing and reading (where the board's reach is known);
its template knows tools; and then the most points (quality.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from edge.catalog.facts import GgufFacts
from edge.catalog.figures import Figures, figures_of
from edge.catalog.memory import (
    KV_CELLS,
    KvType,
    Layout,
    kv_bytes,
    need,
    sequences,
    without,
)
from edge.catalog.plans import NO_WISHES, Candidate, Disk, Plan, Step, Wishes
from edge.catalog.quality import ability_by_size, points
from edge.catalog.reasons import AGENT_CONTEXT, faults_of, reason_for
from edge.catalog.speed import Behind, decode, prefill
from edge.catalog.threads import plan_threads
from edge.errors import ModelUnusable
from edge.state import BoardFacts, Room
from edge.units import Bytes, Seconds, Tokens

AGENT_PROMPT = Tokens(20_000)
"""What stands before most tokens that an agent has read and written."""

AT_WORK = Tokens(10_000)
"""What stands before a token that an agent has read or written, in the middle of its work; where
attention is dear, a small model with little of it is worth more."""

LONGEST_CONTEXT = Tokens(200_192)
"""Claude Code counts on 200,000 tokens; more would hold memory that nothing fills."""

SMALLEST_CONTEXT = Tokens(2_048)
"""With less than this (or than the model was trained for) a chat is pointless."""

HEADROOM_SHARE = 0.10
HEADROOM_BYTES = 256 * 2**20
"""Left to the daemon and the system: the larger of the two."""

STEPS = (0.75, 0.5, 0.35, 0.25, 0.125)
"""Parts of the context that a model goes on with where memory has become less."""

HEADROOM_AT_LOAD = 0.05
"""Left when a model is loaded: the plan has left more, and programs come and go."""

UBATCHES = (256, 128)
"""Best first. Larger ones hold back a cancel on a slow board and take more scratch memory."""
GPU_UBATCHES = (512, 256, 128)

DEVICE_ROOM = 1.2
"""What a device needs for each byte of weights and context: scratch memory is there, too."""

LEAST_LAYERS = 4
"""Fewer on a device cost more in copies than they save."""

WORTH_MAKING = 2.0
"""Points by which a file has to be better to be made."""


def plan(
    candidates: Sequence[Candidate], facts: BoardFacts, wishes: Wishes = NO_WISHES
) -> tuple[Plan, ...]:
    """A plan for every candidate, best first; those that do not fit come last."""
    budget = memory_budget(facts)
    plans = [_plan_one(candidate, facts, wishes, budget) for candidate in candidates]
    plans.sort(key=lambda one: (_rank(one), one.model, str(one.path)))
    best = next(iter(shortened(plans)), None)
    return tuple(replace(one, reason=reason_for(one, best, wishes, facts)) for one in plans)


def choose(plans: Sequence[Plan], better: Sequence[Plan] = ()) -> Plan:
    """The best plan for what is here. Raises ModelUnusable, with the numbers and the command that
    makes the best of ``better``, if none fits."""
    try:
        return runnable([one for one in plans if one.here])
    except ModelUnusable as error:
        commands = [one.made.command for one in better if one.made]
        if not commands:
            raise
        raise ModelUnusable(f"{error}, or make one that fits: {commands[0]}") from None


def runnable(plans: Sequence[Plan]) -> Plan:
    """The best plan, here or not. Raises as ``choose`` does."""
    if not plans:
        raise ModelUnusable("there is no model to serve; name one, for example --model coder")
    best = plans[0]
    if not best.fits or not best.has_room:
        raise ModelUnusable(f"{best.model}: {best.reason}; take a smaller model or quantization")
    return best


def shortened(plans: Sequence[Plan], *, all_levels: bool = False) -> tuple[Plan, ...]:
    """Everything that is here, of what could be fetched the best file of each model (or all), and
    of what could be made the best of each file, where that is clearly better than the file."""
    files = {one.path: one for one in plans if one.here}
    seen: set[str | Path] = set()
    kept = []
    for one in plans:
        group = one.made.source if one.made else one.model
        better = one.made is None or is_worth_making(one, files.get(one.made.source))
        fetched = all_levels and one.made is None
        if one.here or fetched or (better and group not in seen):
            kept.append(one)
        if not one.here:
            seen.add(group)
    return tuple(kept)


def makeable(plans: Sequence[Plan]) -> tuple[Plan, ...]:
    """What could be made here now and would serve clearly better than all that is here."""
    here = next((one for one in plans if one.here), None)
    return tuple(
        one
        for one in shortened(plans)
        if one.made and one.fits and one.has_room and is_worth_making(one, here)
    )


def is_worth_making(made: Plan, instead: Plan | None) -> bool:
    """Whether it would serve so much better than what runs without it that it is worth minutes
    and gigabytes."""
    if instead is None or not made.fits or not instead.fits:
        return made.fits
    if _faulty(made) == _faulty(instead):
        return made.points >= instead.points + WORTH_MAKING
    return _faulty(made) < _faulty(instead)


def memory_budget(facts: BoardFacts) -> Bytes | None:
    """What a model may take now, head-room left out; None where memory is unknown."""
    known = [size for size in (facts.memory_available, facts.memory_limit) if size is not None]
    if facts.memory_available is None and facts.memory_total is not None:
        known.append(Bytes(facts.memory_total * 3 // 4))
    if not known:
        return None
    free = min(known)
    return Bytes(max(0, free - max(int(free * HEADROOM_SHARE), HEADROOM_BYTES)))


def usable_at_load(free: Bytes) -> Bytes:
    """What a model may take of memory that is free just before it is loaded."""
    return Bytes(int(free * (1 - HEADROOM_AT_LOAD)))


def together(plans: Sequence[Plan], facts: BoardFacts) -> Room:
    """Whether all these plans can be in memory at once. Where memory is unknown, only one."""
    if len(plans) < 2:
        return Room(all(one.fits for one in plans), "alone")
    budget = memory_budget(facts)
    if budget is None:
        return Room(False, "free memory is unknown, so that one model is loaded at a time")
    total = sum(one.memory_bytes for one in plans)
    words = f"{total / 1e9:.2f} GB together and {budget / 1e9:.2f} GB may be used"
    offloaded = [one for one in plans if one.n_gpu_layers]
    if len(offloaded) > 1 and not _device_holds(facts, offloaded):
        return Room(False, "the accelerator's memory does not hold both")
    return Room(total <= budget, words)


def _device_holds(facts: BoardFacts, plans: Sequence[Plan]) -> bool:
    wanted = sum(one.on_device for one in plans) * DEVICE_ROOM
    return any(
        device.kind == "cuda" and (device.unified or (device.memory or 0) >= wanted)
        for device in facts.accelerators
    )


# --- one candidate ------------------------------------------------------------------


def _plan_one(
    candidate: Candidate, board: BoardFacts, wishes: Wishes, budget: Bytes | None
) -> Plan:
    facts, figures = candidate.facts, figures_of(candidate.facts)
    gpu_layers, kept = _gpu_layers(facts, board)
    ubatches = GPU_UBATCHES if gpu_layers else UBATCHES
    trained, room = facts.context_length, _with_device(figures, budget, kept)
    layout = _layout(figures, trained, wishes, room, ubatches)
    whole = need(figures, layout)
    memory = without(whole, kept)
    level = candidate.level or facts.quantization
    ability = candidate.ability
    if ability is None:
        ability = ability_by_size(facts.parameters)
    reach = wishes.measured.get(candidate.path.name, wishes.reach)
    reach = replace(reach, on_device=gpu_layers > 0)
    speed, deep = decode(facts, reach), _deep(layout)
    at_work = decode(facts, reach, Behind(AT_WORK, layout.kv_type))
    before = candidate.made.before if candidate.made else "F16"
    found = Plan(
        model=candidate.name,
        path=candidate.path,
        architecture=facts.architecture,
        quantization=level,
        parameters=facts.parameters,
        n_ctx=layout.n_ctx,
        kv_type=layout.kv_type,
        layers=facts.layers,
        n_gpu_layers=gpu_layers,
        threads=plan_threads(board, wishes.threads, on_gpu=bool(gpu_layers)),
        n_batch=layout.n_ubatch,
        n_ubatch=layout.n_ubatch,
        n_sequences=layout.n_sequences,
        memory=memory,
        on_device=Bytes(whole.total - memory.total),
        budget=budget,
        fits=budget is None or memory.total <= budget,
        tools=facts.has_tool_template,
        decode_tokens_per_second=speed,
        prefill_tokens_per_second=prefill(facts, reach),
        deep_decode_tokens_per_second=decode(facts, reach, deep) if deep else None,
        deep_prefill_tokens_per_second=prefill(facts, reach, deep) if deep else None,
        points=points(ability, level, at_work if wishes.agent else speed, before),
        here=candidate.here,
        reason="",
        file_bytes=facts.file_bytes,
        made=candidate.made,
        load_seconds=_load_seconds(candidate, wishes.disk),
        has_room=not candidate.made or _has_room(facts.file_bytes, wishes.disk),
        steps=tuple(_steps(figures, layout, kept)) if candidate.here else (),
    )
    return replace(found, faults=faults_of(found, wishes))


def _deep(layout: Layout) -> Behind | None:
    """Behind an agent's prompt, if the context holds one."""
    return Behind(AGENT_PROMPT, layout.kv_type) if layout.n_ctx > AGENT_PROMPT else None


def _load_seconds(candidate: Candidate, disk: Disk | None) -> Seconds | None:
    if disk is None or not disk.reads or candidate.path.parent != disk.folder:
        return None
    return Seconds(candidate.facts.file_bytes / disk.reads)


def _has_room(size: Bytes, disk: Disk | None) -> bool:
    return disk is None or disk.room is None or size <= disk.room


def _steps(figures: Figures, layout: Layout, kept: float) -> Iterator[Step]:
    for share in STEPS:
        n_ctx = Tokens(int(layout.n_ctx * share) // KV_CELLS * KV_CELLS)
        if n_ctx >= SMALLEST_CONTEXT:
            smaller = without(need(figures, replace(layout, n_ctx=n_ctx)), kept)
            yield Step(n_ctx, smaller.total)


def _layout(
    figures: Figures,
    trained: Tokens | None,
    wishes: Wishes,
    budget: Bytes | None,
    ubatches: Sequence[int],
) -> Layout:
    """The context: keys and values in f16 where they leave room for an agent, as they are the
    fastest to read; else in q8_0 where that makes it longer."""

    def longest(kv_type: KvType) -> Layout:
        return _longest(figures, most, budget, ubatches, kv_type)

    trained = trained or AGENT_CONTEXT
    most = min(trained, wishes.context or LONGEST_CONTEXT)
    if wishes.kv_type is not None:
        return longest(wishes.kv_type)
    full = longest("f16")
    enough = min(wishes.context or AGENT_CONTEXT, trained) // KV_CELLS * KV_CELLS
    if full.n_ctx >= enough or budget is None:
        return full
    return max(full, longest("q8_0"), key=lambda one: one.n_ctx)


def _longest(
    figures: Figures,
    wanted: int,
    budget: Bytes | None,
    ubatches: Sequence[int],
    kv_type: KvType,
) -> Layout:
    """The longest context of that type that is wanted and affordable, in whole cells."""
    count = sequences(figures)
    most = max(1, wanted // KV_CELLS)
    least = min(most, SMALLEST_CONTEXT // KV_CELLS)

    def layout(cells: int, n_ubatch: int) -> Layout:
        return Layout(Tokens(cells * KV_CELLS), n_ubatch, kv_type, count)

    while least < most:
        middle = (least + most + 1) // 2
        if _fits(figures, layout(middle, ubatches[-1]), budget):
            least = middle
        else:
            most = middle - 1
    found = (layout(least, size) for size in ubatches)
    return next((one for one in found if _fits(figures, one, budget)), layout(least, ubatches[-1]))


def _fits(figures: Figures, layout: Layout, budget: Bytes | None) -> bool:
    return budget is None or need(figures, layout).total <= budget


def _with_device(figures: Figures, budget: Bytes | None, kept: float) -> Bytes | None:
    """The budget as if all weights had to be in it."""
    return None if budget is None else Bytes(budget + int(figures.weights * kept))


def _gpu_layers(facts: GgufFacts, board: BoardFacts) -> tuple[int, float]:
    """Layers for a CUDA device, all where it holds them, and the share of the weights that the
    board's own memory is spared; a Vulkan one is not trusted unasked."""
    every = facts.layers + 1
    for device in board.accelerators:
        if device.kind != "cuda" or not board.can_use(device):
            continue
        if device.unified:
            return every, 0.0
        context = Layout(min(AGENT_CONTEXT, facts.context_length or AGENT_CONTEXT), 256)
        each = (facts.tensor_bytes + kv_bytes(figures_of(facts), context)) / every
        held = min(every, int((device.memory or 0) / DEVICE_ROOM / max(1.0, each)))
        if held >= LEAST_LAYERS:
            return held, held / every
    return 0, 0.0


# --- which is better ----------------------------------------------------------------


def _rank(one: Plan) -> tuple[bool | float, ...]:
    """Smaller is better. Of equals what is here stands before what would be made, and that before
    what would be fetched."""
    if not one.fits:
        return (True, float(one.memory_bytes))
    effort = 0.0 if one.here else 1.0 if one.made else 2.0
    return (False, *_faulty(one), -one.points, effort, -float(one.n_ctx), -float(one.n_ubatch))


def _faulty(one: Plan) -> tuple[bool, ...]:
    return tuple(bool(fault) for fault in one.faults)
