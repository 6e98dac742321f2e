"""The worker's last word on fused attention: only what llama.cpp demands; pure.

Whether fusing is worth it was decided with the plan, which counted the memory
(edge.catalog.attention).
"""

from __future__ import annotations

from edge.engines.frames import Load


def last_word(load: Load) -> tuple[bool, list[str]]:
    """Whether to fuse, and the reason where that is not what was planned."""
    if load.fused:
        return True, []
    if load.n_gpu_layers:
        return True, ["attention: fused all the same, the accelerator has a kernel for it"]
    if load.kv_type != "f16":
        return True, [f"attention: fused all the same, as {load.kv_type} values need"]
    return False, []
