"""The inside: one request and one stream of events that every dialect and engine share.

Pure data. Knows no wire format, no engine and no clock; rich enough to carry all of
the Anthropic Messages API, the richest dialect. Everyone may import it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from edge.errors import CodriverError
from edge.units import Seconds, Tokens

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
JsonObject: TypeAlias = Mapping[str, Json]

Role = Literal["user", "assistant", "system"]


# --- parts of a message -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CacheMark:
    """A client's hint that the prompt up to here will be sent again."""

    ttl: Literal["5m", "1h"] = "5m"


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Text:
    text: str
    cache: CacheMark | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """Exactly one of ``data`` (decoded bytes), ``url`` and ``file_id`` is set."""

    media_type: str | None
    data: bytes | None = None
    url: str | None = None
    file_id: str | None = None
    cache: CacheMark | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A PDF (``data``), plain text (``text``), nested parts, or a reference to one."""

    media_type: str | None
    data: bytes | None = None
    text: str | None = None
    parts: tuple[Part, ...] = ()
    url: str | None = None
    file_id: str | None = None
    title: str | None = None
    context: str | None = None
    cache: CacheMark | None = None


@dataclass(frozen=True, slots=True)
class Thinking:
    text: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class RedactedThinking:
    data: str


@dataclass(frozen=True, slots=True)
class ToolUse:
    id: str
    name: str
    input: JsonObject
    cache: CacheMark | None = None


@dataclass(frozen=True, slots=True)
class ToolResult:
    tool_use_id: str
    content: tuple[Part, ...]
    is_error: bool = False
    cache: CacheMark | None = None


@dataclass(frozen=True, slots=True)
class ToolReference:
    """A tool named inside a tool search result."""

    name: str


@dataclass(frozen=True, slots=True)
class ToolChange:
    """A tool that joins or leaves in the middle of a conversation (in a system turn).

    ``definition`` is None where the tool is among the request's own ``tools``.
    """

    kind: Literal["addition", "removal"]
    name: str
    definition: ToolSpec | None = None


@dataclass(frozen=True, slots=True)
class Opaque:
    """A block of a kind this version does not know, kept as it came."""

    kind: str
    value: JsonObject


Part: TypeAlias = (
    Text
    | Image
    | Document
    | Thinking
    | RedactedThinking
    | ToolUse
    | ToolResult
    | ToolReference
    | ToolChange
    | Opaque
)


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Message:
    """One turn. A system turn may stand anywhere and may be empty but for options."""

    role: Role
    parts: tuple[Part, ...]
    effort: str | None = None


# --- tools and options --------------------------------------------------------------


@dataclass(frozen=True, slots=True, weakref_slot=True)
class ToolSpec:
    """A tool on offer. ``kind`` is "custom", or a server tool's type (no schema of its own).

    ``deferred`` tools are not shown to the model until a ToolChange or a
    ToolReference brings them in.
    """

    name: str
    description: str = ""
    schema: JsonObject = field(default_factory=dict)
    kind: str = "custom"
    strict: bool = False
    deferred: bool = False
    cache: CacheMark | None = None


@dataclass(frozen=True, slots=True)
class ToolChoice:
    """``name`` is set exactly when ``mode`` is "tool"."""

    mode: Literal["auto", "any", "tool", "none"] = "auto"
    name: str | None = None
    parallel: bool = True


@dataclass(frozen=True, slots=True)
class ThinkingOption:
    mode: Literal["enabled", "adaptive", "disabled"] = "disabled"
    budget: Tokens | None = None
    display: Literal["full", "summarized", "omitted"] | None = None


@dataclass(frozen=True, slots=True)
class Sampling:
    """None means: the model family's default."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    repeat_penalty: float | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True, weakref_slot=True)
class SafeguardRequest:
    """A check the client wants made on the tool calls of this answer."""

    kind: str
    context: JsonObject


@dataclass(frozen=True, slots=True)
class Wire:
    """The request as it came, for an upstream of the same dialect: bytes stay untouched."""

    dialect: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One chat completion, whatever door it came through."""

    model: str
    messages: tuple[Message, ...]
    max_tokens: Tokens | None = None
    system: tuple[Text, ...] = ()
    tools: tuple[ToolSpec, ...] = ()
    tool_choice: ToolChoice = ToolChoice()
    sampling: Sampling = Sampling()
    stop: tuple[str, ...] = ()
    thinking: ThinkingOption = ThinkingOption()
    effort: str | None = None
    output_schema: JsonObject | None = None
    stream: bool = False
    stream_usage: bool = True
    """Whether the client wants a stream's counts; some dialects leave it to the client."""
    exact_model: bool = False
    """Whether ``model`` is what an engine itself calls it: a route says so, no client does."""
    user_id: str | None = None
    session: str | None = None
    agent: str | None = None
    parent_agent: str | None = None
    betas: tuple[str, ...] = ()
    safeguards: tuple[SafeguardRequest, ...] = ()
    deadline: Seconds | None = None
    """How long the whole answer may take, from when an engine is asked."""
    wire: Wire | None = field(default=None, repr=False, compare=False)
    as_events: bool = field(default=False, compare=False)
    """An upstream's answer is wanted as events even where its bytes could be relayed: another
    engine may have to go on with it."""
    patient: bool = field(default=False, compare=False)
    """Whether the client waits and asks again by itself where it is told to come back in a
    moment; any other is better served by the engine behind."""


# --- events -------------------------------------------------------------------------

StopReason = Literal[
    "end_turn",
    "tool_use",
    "max_tokens",
    "stop_sequence",
    "refusal",
    "pause_turn",
    "model_context_window_exceeded",
]


@dataclass(frozen=True, slots=True)
class Usage:
    """Cumulative. The prompt is the sum of the first three; ``input`` is the uncached part."""

    input: Tokens = Tokens(0)
    cache_read: Tokens = Tokens(0)
    cache_creation: Tokens = Tokens(0)
    output: Tokens = Tokens(0)


@dataclass(frozen=True, slots=True)
class Started:
    """First of every stream: an engine took the request. ``usage`` counts the prompt.

    ``reason`` is what the engine chose for this request by itself, in words; often nothing.
    """

    model: str
    usage: Usage
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """The prompt is being read; no content yet."""

    done: Tokens
    total: Tokens


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ToolCallStarted:
    """A call opens; until its ToolCallEnded no other content event comes."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A piece of the arguments' JSON text; the pieces joined are one JSON object."""

    json: str


@dataclass(frozen=True, slots=True)
class ToolCallEnded:
    """The call is whole: its arguments are valid for the tool's schema."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One safeguard's word on one tool call; ``explanation`` is for the person."""

    outcome: Literal["not_flagged", "flagged"]
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class SafeguardResult:
    """The verdicts of one requested safeguard, by tool call id."""

    kind: str
    verdicts: tuple[tuple[str, Verdict], ...] = ()


@dataclass(frozen=True, slots=True)
class Finished:
    """Last of a stream that went well."""

    reason: StopReason
    usage: Usage
    stop_sequence: str | None = None
    safeguards: tuple[SafeguardResult, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """Last of a stream that broke: never render it as a success.

    ``drop``: the client asks again if its connection is cut, so that is what it is told.
    """

    error: CodriverError
    drop: bool = False


@dataclass(frozen=True, slots=True)
class Continued:
    """From here on another engine goes on with the same answer; ``reason`` is for the person."""

    engine: str
    reason: str
    blocks: int = 0
    """Behind relayed bytes: how many content blocks these have begun,"""
    open: Literal["text", "thinking"] | None = None
    """and whether the last of them is still open."""


@dataclass(frozen=True, slots=True)
class RelayStarted:
    """First of a stream that is another server's answer, in the request's own dialect."""

    status: int
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RelayChunk:
    """Bytes of a relayed answer, untouched."""

    data: bytes


Event: TypeAlias = (
    Started
    | Progress
    | TextDelta
    | ThinkingDelta
    | ToolCallStarted
    | ToolCallDelta
    | ToolCallEnded
    | Continued
    | Finished
    | Failed
    | RelayStarted
    | RelayChunk
)
