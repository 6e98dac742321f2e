"""The boards codriver knows, and which of them this is.

Reads hw/boards/*.toml (inside the wheel: edge/data/boards), which hold data with sources
and no behaviour. Called by probe and by `codriver plan --board`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from edge.state import Accelerator, BoardFacts
from edge.units import Bytes

REACHED_SHARE = 0.6
"""What inference reaches of a memory interface (60-75 % on Raspberry Pi 5 and Jetson Orin)."""

FREE_SHARE = 0.85
"""What a freshly started headless board has free of its memory; for planning from afar."""

# A board's visible memory is somewhat less than what is fitted (firmware, GPU carve-outs).
_LEAST_VISIBLE, _MOST_VISIBLE = 0.75, 1.02


@dataclass(frozen=True, slots=True)
class Profile:
    """One board; None means unknown or that it varies."""

    name: str
    title: str
    architecture: str
    cpu: str | None
    cores: int | None
    memory: Bytes | None
    bandwidth: float | None
    """Bytes a second of the memory's interface."""
    measured_bandwidth: float | None
    arithmetic: float | None
    """Floating point operations a second that reading prompts reaches."""
    accelerator: Literal["none", "cuda"]
    accelerator_name: str | None
    unified: bool
    power_idle: float | None
    power_load: float | None
    compatible: tuple[str, ...]

    @property
    def usable_bandwidth(self) -> float | None:
        """Bytes a second that inference can count on."""
        if self.measured_bandwidth is not None:
            return self.measured_bandwidth
        return None if self.bandwidth is None else self.bandwidth * REACHED_SHARE

    def as_facts(self) -> BoardFacts:
        """The board as a probe would find it just started, for a plan made elsewhere."""
        devices: tuple[Accelerator, ...] = ()
        if self.accelerator == "cuda":
            name = self.accelerator_name or self.title
            devices = (Accelerator("cuda", name, self.memory, unified=self.unified),)
        return BoardFacts(
            model=self.title,
            board=self.name,
            architecture=self.architecture,
            cpu=self.cpu,
            cores=self.cores,
            memory_total=self.memory,
            memory_available=None if self.memory is None else Bytes(int(self.memory * FREE_SHARE)),
            accelerators=devices,
        )


def directory() -> Path:
    """Where the profiles lie: beside the package's data, or in the checkout."""
    package = Path(__file__).resolve().parent.parent
    packaged = package / "data" / "boards"
    return packaged if packaged.is_dir() else package.parent / "hw" / "boards"


@cache
def load_profiles() -> tuple[Profile, ...]:
    """Every shipped profile, by name."""
    return tuple(parse(path.read_text("utf-8")) for path in sorted(directory().glob("*.toml")))


def parse(text: str) -> Profile:
    """A profile from its TOML; 0 and "" stand for unknown there."""
    table = tomllib.loads(text)
    match: dict[str, Any] = table.pop("match")
    return Profile(
        name=table.pop("name"),
        title=table.pop("title"),
        architecture=table.pop("architecture"),
        cpu=table.pop("cpu") or None,
        cores=table.pop("cores") or None,
        memory=table.pop("memory_bytes") or None,
        bandwidth=table.pop("memory_bandwidth") or None,
        measured_bandwidth=table.pop("memory_bandwidth_measured", 0) or None,
        arithmetic=table.pop("prompt_arithmetic", 0) or None,
        accelerator=table.pop("accelerator"),
        accelerator_name=table.pop("accelerator_name") or None,
        unified=table.pop("unified_memory"),
        power_idle=table.pop("power_idle") or None,
        power_load=table.pop("power_load") or None,
        compatible=tuple(match["compatible"]),
        **table,
    )


def named(name: str, profiles: Sequence[Profile] | None = None) -> Profile | None:
    """The profile of that name."""
    every = load_profiles() if profiles is None else profiles
    return next((profile for profile in every if profile.name == name), None)


def match(
    compatible: Sequence[str],
    architecture: str | None,
    memory: Bytes | None,
    profiles: Sequence[Profile] | None = None,
) -> Profile | None:
    """The profile of the board with these device tree names and this much memory.

    A board without a device tree gets its architecture's generic profile.
    """
    every = load_profiles() if profiles is None else profiles
    if not compatible:
        generic = (p for p in every if not p.compatible and p.memory is None)
        return next((p for p in generic if p.architecture == architecture), None)
    alike = [p for p in every if set(p.compatible) & set(compatible) and _holds(p, memory)]
    return min(alike, key=lambda p: abs((p.memory or 0) - (memory or 0)), default=None)


def with_profile(facts: BoardFacts) -> BoardFacts:
    """The facts, with what the probe could not see filled in from the board's profile."""
    profile = None if facts.board is None else named(facts.board)
    if profile is None:
        return facts
    known = profile.as_facts()
    return replace(
        facts,
        model=facts.model or known.model,
        cpu=facts.cpu or known.cpu,
        cores=facts.cores or known.cores,
        memory_total=facts.memory_total or known.memory_total,
    )


def bandwidth(facts: BoardFacts) -> float | None:
    """Bytes a second that inference can count on here; None on an unknown board."""
    profile = None if facts.board is None else named(facts.board)
    return None if profile is None else profile.usable_bandwidth


def arithmetic(facts: BoardFacts) -> float | None:
    """Operations a second that reading prompts reaches here; None on an unknown board."""
    profile = None if facts.board is None else named(facts.board)
    return None if profile is None else profile.arithmetic


def _holds(profile: Profile, memory: Bytes | None) -> bool:
    if profile.memory is None or memory is None:
        return profile.memory is None
    return _LEAST_VISIBLE <= memory / profile.memory <= _MOST_VISIBLE
