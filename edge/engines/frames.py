"""The talk between the daemon and a worker: typed messages in length-prefixed frames.

A frame is four bytes of big-endian length and that much MessagePack. Knows neither
llama.cpp nor asyncio; both ends of the socket pair use it.
"""

from __future__ import annotations

import struct
from typing import Any, Literal

import msgspec

HEADER = struct.Struct(">I")
MAX_FRAME_BYTES = 256 * 1024 * 1024


class Load(msgspec.Struct, frozen=True, tag="load"):
    """First frame to a worker: what to load and how."""

    path: str
    n_ctx: int
    n_batch: int
    n_ubatch: int
    n_threads: int
    n_gpu_layers: int
    kv_type: str
    n_sequences: int
    """Token sequences that the KV memory can hold at once, running or retained."""
    n_parallel: int
    """Answers that run at once."""
    prefix_folder: str = ""
    """Where KV state of prompts' beginnings is kept; empty for nowhere."""
    prefix_bytes: int = 0
    """What that folder may hold."""
    draft_path: str = ""
    """A smaller model of the same vocabulary that guesses ahead; empty for none."""
    draft_n_ctx: int = 0
    """Tokens that it can see."""
    try_writing: list[int] = []
    """Thread counts to measure while idle, ``n_threads`` first; empty to measure nothing."""
    try_reading: list[int] = []
    board: str = ""
    """What the board is, in words that differ where the outcome may."""
    threads_folder: str = ""
    """Where the outcome is kept; empty for nowhere."""


class Tool(msgspec.Struct, frozen=True):
    name: str
    description: str
    schema: dict[str, Any]


class Prompt(msgspec.Struct, frozen=True):
    """A conversation in the shape chat templates take."""

    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    enable_thinking: bool
    now: float
    """Seconds since the epoch, for templates that print the date."""
    reasoning_effort: Literal["low", "medium", "high"] | None = None
    """For templates that know levels; None for the model's own."""


class SamplingValues(msgspec.Struct, frozen=True):
    """None means: the model's own default."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    repeat_penalty: float | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    seed: int | None = None


class NarrowedProperty(msgspec.Struct, frozen=True):
    """One string property of one tool that may only be text from ``chunks``, where another
    has a given value or is none of some: edge.toolcalls.Narrowing as it crosses the wire."""

    tool: str
    property: str
    chunks: list[str]
    or_empty: bool = False
    where: tuple[str, str] | None = None
    unless: tuple[str, tuple[str, ...]] | None = None


class Generate(msgspec.Struct, frozen=True, tag="generate"):
    id: int
    prompt: Prompt
    offered: list[Tool]
    choice: Literal["auto", "any", "none"]
    parallel: bool
    sampling: SamplingValues
    stop: list[str]
    max_tokens: int | None
    output_schema: dict[str, Any] | None = None
    narrowed: list[NarrowedProperty] = []
    coached: bool = False
    """Whether a small model is to be held to its choice between speaking and acting."""
    act_from: float = 1.0
    """For a coached model: the share of the first token's probability that means a call."""


class Count(msgspec.Struct, frozen=True, tag="count"):
    id: int
    prompt: Prompt


class Warm(msgspec.Struct, frozen=True, tag="warm"):
    """Bring the beginning of ``prompt``, which has no turns, into memory while nobody asks."""

    id: int
    prompt: Prompt


class Weigh(msgspec.Struct, frozen=True, tag="weigh"):
    """How likely each of ``labels`` is as the next word behind ``prompt``, of which all but the
    last turn is the same in every question of the kind. Nothing is written."""

    id: int
    prompt: Prompt
    labels: list[str]


class Cancel(msgspec.Struct, frozen=True, tag="cancel"):
    id: int


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """Finish what runs, take nothing new, exit."""


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The model is loaded."""

    n_ctx: int
    description: str
    vision: bool
    load_seconds: float
    reasons: list[str] = []


class Unusable(msgspec.Struct, frozen=True, tag="unusable"):
    """The model cannot be loaded; the worker exits after this."""

    message: str


class Accepted(msgspec.Struct, frozen=True, tag="accepted"):
    """The request is sound; ``queued``: others are before it."""

    id: int
    prompt_tokens: int
    queued: bool


class Seated(msgspec.Struct, frozen=True, tag="seated"):
    """Work has begun; so many of the prompt's tokens need not be read."""

    id: int
    cached_tokens: int


class Reading(msgspec.Struct, frozen=True, tag="reading"):
    id: int
    done: int
    total: int


class Piece(msgspec.Struct, frozen=True, tag="piece"):
    """Part of the answer. "open" carries a tool's name, "arguments" JSON text."""

    id: int
    kind: Literal["text", "thought", "open", "arguments", "close"]
    text: str = ""


EndReason = Literal["end_turn", "max_tokens", "stop_sequence", "tool_use", "context"]
"""Why an answer ended; "context" is a full context."""


class Done(msgspec.Struct, frozen=True, tag="done"):
    id: int
    reason: EndReason
    output_tokens: int
    stop_sequence: str | None = None


class Counted(msgspec.Struct, frozen=True, tag="counted"):
    id: int
    tokens: int


class Warmed(msgspec.Struct, frozen=True, tag="warmed"):
    """A warm-up is over, and why: of so many tokens so many are in memory."""

    id: int
    tokens: int = 0
    held: int = 0
    restored: int = 0
    """Those of them that came from disk."""
    reason: str = ""


class Weighed(msgspec.Struct, frozen=True, tag="weighed"):
    """What a ``Weigh`` gave."""

    id: int
    shares: list[float]
    """Of the labels, in their order; together 1."""
    heard: float
    """How likely it is that the next word is one of them at all."""


class Stats(msgspec.Struct, frozen=True, tag="stats"):
    """What the worker has done so far, by name; not about any one request."""

    measures: dict[str, float]


class Note(msgspec.Struct, frozen=True, tag="note"):
    """Something the worker decided while it served, in words, for the log."""

    text: str


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The request cannot be served; the worker goes on."""

    id: int
    kind: Literal["too_long", "schema", "template", "input", "internal"]
    message: str
    tokens: int = 0
    maximum: int = 0


ToWorker = Load | Generate | Count | Warm | Weigh | Cancel | Stop
FromWorker = (
    Ready
    | Unusable
    | Accepted
    | Seated
    | Reading
    | Piece
    | Done
    | Counted
    | Refused
    | Warmed
    | Weighed
    | Stats
    | Note
)

_to_worker: msgspec.msgpack.Decoder[ToWorker] = msgspec.msgpack.Decoder(ToWorker)
_from_worker: msgspec.msgpack.Decoder[FromWorker] = msgspec.msgpack.Decoder(FromWorker)
_encoder = msgspec.msgpack.Encoder()


def encode(message: ToWorker | FromWorker) -> bytes:
    """The whole frame."""
    body = _encoder.encode(message)
    return HEADER.pack(len(body)) + body


def body_length(header: bytes) -> int:
    """Bytes that follow ``header``. Raises ValueError when no sane peer would send that."""
    (length,) = HEADER.unpack(header)
    if length > MAX_FRAME_BYTES:
        raise ValueError(f"frame of {length} bytes is over the limit of {MAX_FRAME_BYTES}")
    return int(length)


def decode_to_worker(body: bytes) -> ToWorker:
    return _to_worker.decode(body)


def decode_from_worker(body: bytes) -> FromWorker:
    return _from_worker.decode(body)
