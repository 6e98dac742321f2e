"""Whether llama.cpp should fuse attention; pure.

On CPUs the fused kernel ("flash attention") saves memory and costs speed: with 4,096 tokens
of context a token of a 0.5B model took 59 ms with it and 38 ms without, sixteen drafted
ones 481 and 238 ms (two x86 cores, llama.cpp 0c1e57098); reading prompts is about even.
Without it the scores of a whole micro-batch against the whole context have to fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edge.units import Bytes

SHARE_OF_MEMORY = 4
"""The scores may take one part in so many of the memory that is available."""

_SCORE_BYTES = 4


@dataclass(frozen=True, slots=True)
class Setting:
    """What a context will be."""

    n_ctx: int
    n_ubatch: int
    kv_type: str
    n_gpu_layers: int


def fuse(
    metadata: Mapping[str, str], setting: Setting, available: Bytes | None
) -> tuple[bool, str]:
    """Whether to fuse, and why. ``available``: bytes of memory that are free, None unknown."""
    if setting.n_gpu_layers:
        return True, "attention: fused, the accelerator's own kernel"
    if setting.kv_type != "f16":
        return True, f"attention: fused, as {setting.kv_type} values need"
    heads = _heads(metadata)
    if heads is None or available is None:
        return True, "attention: fused, it is not known what the scores would take"
    scores = heads * setting.n_ctx * setting.n_ubatch * _SCORE_BYTES
    needs = f"{scores / 1e9:.1f} GB of scores"
    if scores > available // SHARE_OF_MEMORY:
        return True, f"attention: fused, {needs} would be too much"
    return False, f"attention: not fused, {needs} make it faster on this CPU"


def _heads(metadata: Mapping[str, str]) -> int | None:
    text = metadata.get(f"{metadata.get('general.architecture', '')}.attention.head_count", "")
    return int(text) if text.isdigit() else None


def available_memory(meminfo: str) -> Bytes | None:
    """MemAvailable out of /proc/meminfo's text."""
    for line in meminfo.splitlines():
        if line.startswith("MemAvailable:"):
            return Bytes(int(line.split()[1]) * 1024)
    return None
