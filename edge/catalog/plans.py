"""Plans and what they are made of: candidates, wishes, and how one model would run. Pure data.

Made by planner; everyone above may read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edge.catalog.facts import GgufFacts
from edge.catalog.memory import KvType, MemoryNeed
from edge.catalog.speed import UNKNOWN, Reach
from edge.catalog.threads import ThreadPlan
from edge.units import Bytes, Seconds, Tokens, TokensPerSecond


@dataclass(frozen=True, slots=True)
class Making:
    """How a file that is not here would be made of one that is, here."""

    source: Path
    before: str
    """The source's level."""
    command: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model file that is here, or could be: ``path`` is where it would lie then.

    ``ability``: what is known of the model (families.py); None goes by its size."""

    name: str
    path: Path
    facts: GgufFacts
    ability: float | None = None
    here: bool = True
    level: str = ""
    """Its level's name where that is not the header's."""
    made: Making | None = None
    """For a file that could be made here of one that is (making.py)."""


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk of the models folder. None means unknown."""

    folder: Path
    room: Bytes | None = None
    """What a new file may take."""
    reads: float | None = None
    """Bytes a second."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person asked for; None means: choose."""

    context: Tokens | None = None
    threads: int | None = None
    agent: bool = True
    """Whether coding agents are to be served: long prompts and tools."""
    kv_type: KvType | None = None
    disk: Disk | None = None
    reach: Reach = UNKNOWN
    """What inference reaches here; from the board's profile, or measured."""
    measured: Mapping[str, Reach] = field(default_factory=dict)
    """The same, by the name of the very file that it was measured with."""


NO_WISHES = Wishes()


@dataclass(frozen=True, slots=True)
class DraftPlan:
    """A smaller model that guesses ahead; chosen by edge.catalog.pairing."""

    model: str
    path: Path
    n_ctx: Tokens
    memory: Bytes


@dataclass(frozen=True, slots=True)
class Step:
    """The same plan with less context."""

    n_ctx: Tokens
    memory: Bytes


@dataclass(frozen=True, slots=True)
class Plan:
    """How one model would run here. ``reason`` is for the person."""

    model: str
    path: Path
    architecture: str
    quantization: str
    parameters: int
    n_ctx: Tokens
    kv_type: KvType
    layers: int
    n_gpu_layers: int
    threads: ThreadPlan
    n_batch: int
    n_ubatch: int
    n_sequences: int
    memory: MemoryNeed
    """In the board's own memory, which may be the accelerator's, too."""
    on_device: Bytes
    """In an accelerator's memory of its own."""
    budget: Bytes | None
    fits: bool
    tools: bool
    decode_tokens_per_second: TokensPerSecond | None
    prefill_tokens_per_second: TokensPerSecond | None
    """At a conversation's beginning; ``deep`` behind an agent's prompt, where one fits."""
    deep_decode_tokens_per_second: TokensPerSecond | None
    deep_prefill_tokens_per_second: TokensPerSecond | None
    points: float
    """What it is worth to an agent (quality.py)."""
    here: bool
    reason: str
    file_bytes: Bytes
    load_seconds: Seconds | None = None
    """What the disk takes to read it."""
    made: Making | None = None
    has_room: bool = True
    """Whether the disk has room for what would be made."""
    faults: tuple[str, ...] = ()
    """What speaks against a plan that fits, in the order of weight; "" for nothing."""
    draft: DraftPlan | None = None
    steps: tuple[Step, ...] = ()
    """How it would run with less memory, the largest first; of what is here only."""

    @property
    def memory_bytes(self) -> Bytes:
        """With the model that drafts for it, if one does."""
        return Bytes(self.memory.total + (self.draft.memory if self.draft else 0))

    @property
    def n_threads(self) -> int:
        return self.threads.start

    @property
    def all_on_gpu(self) -> bool:
        return self.n_gpu_layers > self.layers
