"""What speaks for and against a plan, in words for the person. Pure; for planner."""

from __future__ import annotations

from edge.catalog.memory import KV_CELLS
from edge.catalog.plans import Plan, Wishes
from edge.catalog.quality import is_coarse
from edge.state import BoardFacts
from edge.units import Bytes, Tokens, TokensPerSecond

AGENT_CONTEXT = Tokens(32_768)
"""Claude Code's default request is 20-24k tokens; below this it has no room to work."""

USEFUL_SPEED = TokensPerSecond(3.0)
USEFUL_READING = TokensPerSecond(10.0)
"""An agent's first prompt takes half an hour then; later ones begin with what was read."""


def faults_of(one: Plan, wishes: Wishes) -> tuple[str, ...]:
    """What speaks against a plan that fits, in the order of weight; "" for nothing."""
    speed = one.decode_tokens_per_second
    slow = speed is not None and speed < USEFUL_SPEED
    reading = one.prefill_tokens_per_second
    late = wishes.agent and reading is not None and reading < USEFUL_READING
    coarse = is_coarse(one.quantization, one.parameters)
    short = wishes.agent and one.n_ctx < min(AGENT_CONTEXT, wishes.context or AGENT_CONTEXT)
    room = wishes.disk.room if wishes.disk else None
    return (
        f"there is room for {_gigabytes(room)} on the disk" if not one.has_room else "",
        f"{one.n_ctx:,} tokens of context are too few for a coding agent" if short else "",
        f"{one.quantization} is too coarse for tool calls" if wishes.agent and coarse else "",
        f"about {speed:.1f} tokens/s is too slow" if slow else "",
        f"an agent's prompt is read at about {reading:.1f} tokens/s" if late else "",
        "its chat template knows no tools" if wishes.agent and not one.tools else "",
    )


def _unused(one: Plan, board: BoardFacts) -> list[str]:
    """A GPU that the engine cannot use, where that is why it is not used."""
    idle = [device for device in board.accelerators if device.kind == "cuda"]
    if one.n_gpu_layers or not idle or any(board.can_use(device) for device in idle):
        return []
    return [f"{idle[0].name} is not used, as this llama.cpp is built without CUDA"]


def reason_for(one: Plan, best: Plan | None, wishes: Wishes, board: BoardFacts) -> str:
    """Why a plan stands where it does; ``best`` is the first of them."""
    if not one.fits:
        return f"needs {_memory_words(one)} and {_gigabytes(one.budget)} may be used"
    faults, how = [fault for fault in one.faults if fault], _making(one)
    if best is not None and one is not best:
        size = f"{_billions(one)} at {one.quantization}"
        return "; ".join([*how, *(faults or [f"{size} promise no more than {best.model}"])])
    room = "free memory unknown" if one.budget is None else f"of {_gigabytes(one.budget)} usable"
    first = f"{_billions(one)} at {one.quantization}, {_memory_words(one)} {room}"
    said = [*_shortened(one, wishes), *faults, *_unused(one, board), one.threads.reason]
    return "; ".join([*how, first, *said, *_loading(one)])


def _loading(one: Plan) -> list[str]:
    seconds = one.load_seconds
    if seconds is None:
        return []
    return [f"the disk reads it in about {seconds:.0f} s" if seconds >= 1 else "read in a moment"]


def _making(one: Plan) -> list[str]:
    """For what would be made, how."""
    if one.made is None:
        return []
    file = f"{_gigabytes(one.file_bytes)} of file"
    return [f"made here of {one.made.source.name} by: {one.made.command} ({file})"]


def _shortened(one: Plan, wishes: Wishes) -> list[str]:
    if wishes.context is None or wishes.context - one.n_ctx < KV_CELLS:
        return []
    return [f"{wishes.context:,} tokens of context were asked for"]


def _memory_words(one: Plan) -> str:
    parts = one.memory
    return (
        f"{_gigabytes(parts.total)} (weights {_gigabytes(parts.weights)},"
        f" {one.n_ctx:,} tokens of context {_gigabytes(parts.context)},"
        f" working memory {_gigabytes(Bytes(parts.compute + parts.spare + parts.worker))})"
    )


def _gigabytes(size: Bytes | None) -> str:
    return "an unknown amount" if size is None else f"{size / 1e9:.2f} GB"


def _billions(one: Plan) -> str:
    return f"{one.parameters / 1e9:.2f} billion parameters"
