"""The page of boards: what hw/boards knows, and what the probe makes of hw/recordings.

python -m tests.hw.supported > hw/SUPPORTED.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from edge.board.probe import probe
from edge.board.profile import Profile, load_profiles
from edge.state import BoardFacts

HW = Path(__file__).resolve().parent.parent.parent / "hw"
RECORDINGS = HW / "recordings"
PAGE = HW / "SUPPORTED.md"


def page() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def recorded() -> dict[str, BoardFacts]:
    """What the probe finds in each recording, by folder."""
    folders = sorted(path for path in RECORDINGS.iterdir() if path.is_dir())
    return {folder.name: probe(folder) for folder in folders}


def _lines() -> Iterator[str]:
    yield "# Boards"
    yield ""
    yield "Made from `boards/` and `recordings/` by `python -m tests.hw.supported`. No board was at"
    yield "hand: what is known of them was published by others, and each file names its source."
    yield ""
    yield "| name | board | CPU | memory | usable bandwidth | runs models on | recorded |"
    yield "|---|---|---|---|---|---|---|"
    known = {facts.board for facts in recorded().values()}
    for profile in load_profiles():
        yield _row(profile, is_recorded=profile.name in known)
    yield ""
    yield "What the probe makes of the recordings:"
    yield ""
    yield "| recording | model | board | CPU | cores | L4T |"
    yield "|---|---|---|---|---|---|"
    for name, facts in recorded().items():
        words = (facts.model, facts.board, facts.cpu, facts.cores, facts.l4t)
        yield f"| {name} | {' | '.join(_or_unknown(word) for word in words)} |"


def _row(profile: Profile, *, is_recorded: bool) -> str:
    memory = None if profile.memory is None else f"{profile.memory / 2**30:.0f} GiB"
    bandwidth = profile.usable_bandwidth
    speed = None if bandwidth is None else f"{bandwidth / 1e9:.1f} GB/s"
    cores = "" if profile.cores is None else f"{profile.cores} x "
    device = "CPU" if profile.accelerator == "none" else f"CUDA ({profile.accelerator_name})"
    cells = (
        profile.name,
        profile.title,
        f"{cores}{_or_unknown(profile.cpu)}",
        _or_unknown(memory),
        _or_unknown(speed),
        device,
        "yes" if is_recorded else "",
    )
    return f"| {' | '.join(cells)} |"


def _or_unknown(value: str | int | None) -> str:
    return "unknown" if value is None else str(value)


if __name__ == "__main__":
    sys.stdout.write(page())
