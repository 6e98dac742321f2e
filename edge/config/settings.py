"""What can be configured, as frozen values: one class per table of the TOML file.

Pure data. The defaults stand in ``data/default.toml``, not here; only the tables
that a person names (upstreams, routes) carry theirs. Everyone may import it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from edge.units import Bytes, Seconds, Tokens


@dataclass(frozen=True, slots=True)
class Between:
    """The least and the greatest value a number may have."""

    low: float
    high: float


Timeout = Annotated[Seconds, Between(0.001, 86_400)]

_CONNECT_TIMEOUT = Seconds(3.0)
_FIRST_BYTE_TIMEOUT = Seconds(60.0)


class ByName:
    """Marks the mapping that takes those tables inside a table that are no key of its own."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    host: str
    port: Annotated[int, Between(0, 65_535)]
    max_body_bytes: Annotated[Bytes, Between(1, 2**40)]
    keepalive_seconds: Timeout
    drain_seconds: Annotated[Seconds, Between(0, 86_400)]


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """``path_or_name`` may be empty; 0 for ``context`` and ``threads`` means: choose, 0 for
    ``idle_unload_seconds``: never. ``draft`` is "auto", "off", or a path or name as well;
    ``kv`` "auto" means: choose."""

    path_or_name: str
    context: Annotated[Tokens, Between(0, 2**31)]
    threads: Annotated[int, Between(0, 1024)]
    idle_unload_seconds: Annotated[Seconds, Between(0, 86_400)]
    models_dir: Path | None
    kv: Literal["auto", "f16", "q8_0", "q4_0"]
    draft: str


@dataclass(frozen=True, slots=True)
class PrefixSettings:
    """0 for ``max_bytes`` means: keep nothing on disk."""

    max_bytes: Annotated[Bytes, Between(0, 2**50)]
    warm: bool


@dataclass(frozen=True, slots=True)
class SafeguardSettings:
    policy: Literal["rules", "deny", "off"]


@dataclass(frozen=True, slots=True)
class LanSettings:
    announce: bool
    name: str


@dataclass(frozen=True, slots=True)
class UplinkSettings:
    """``probe_url`` may be empty; ``modem`` is empty, "auto" or a device's path."""

    watch: bool
    probe_url: str
    modem: str
    metered: Literal["auto", "yes", "no"]


@dataclass(frozen=True, slots=True)
class AuthSettings:
    token_file: Path | None


@dataclass(frozen=True, slots=True)
class CredentialFile:
    """A secret is only ever named by the file that holds it."""

    file: Path


Credential: TypeAlias = Literal["pass", "none"] | CredentialFile


@dataclass(frozen=True, slots=True)
class UpstreamSettings:
    """``model`` may be empty: then a client's id is sent as it is, but for those in
    ``models``, which say what a client's id is called there. ``max_tokens_name`` "auto" means:
    by the host, and by what the server says."""

    dialect: Literal["anthropic", "openai"]
    url: str
    credential: Credential = "pass"
    model: str = ""
    models: Mapping[str, str] = field(default_factory=dict)
    reasoning_effort: bool = False
    max_tokens_name: Literal["auto", "max_tokens", "max_completion_tokens"] = "auto"
    connect_timeout_seconds: Timeout = _CONNECT_TIMEOUT
    first_byte_timeout_seconds: Timeout = _FIRST_BYTE_TIMEOUT


Count = Annotated[Tokens, Between(0, 2**31)]


@dataclass(frozen=True, slots=True)
class WhenSettings:
    """Conditions of a person's own route; edge.routing.rules says what each means."""

    min_tokens: Count | None = None
    max_tokens: Count | None = None
    tools: tuple[str, ...] = ()
    any_tools: bool | None = None
    models: tuple[str, ...] = ()
    efforts: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    projects: tuple[str, ...] = ()
    link: tuple[Literal["online", "weak", "offline"], ...] = ()
    metered: bool | None = None
    silent_for: Mapping[str, Annotated[Seconds, Between(0, 31_536_000)]] = field(
        default_factory=dict
    )
    like: tuple[str, ...] = ()
    likeness: Annotated[float, Between(0, 1)] | None = None
    need: Literal["light", "heavy"] | None = None


@dataclass(frozen=True, slots=True)
class RouteSettings:
    """Engines, first choice first, each as "engine" or "engine:model"; never empty once loaded.

    ``when`` is for a person's own routes, ``threshold`` for longContext alone.
    """

    order: tuple[str, ...]
    only: bool = False
    threshold: Count | None = None
    when: WhenSettings | None = None


@dataclass(frozen=True, slots=True)
class PrivacySettings:
    """What keeps a session on the box; globs of directories, regular expressions, and whether
    keys and tokens do."""

    never_cloud_projects: tuple[str, ...]
    never_cloud_patterns: tuple[str, ...]
    secrets: bool


Dollars = Annotated[float, Between(0, 1_000_000)]
DayTokens = Annotated[Tokens, Between(0, 2**53)]


@dataclass(frozen=True, slots=True)
class PriceSettings:
    """Dollars for a million tokens; a cache costs like the input unless it is said."""

    input: Dollars
    output: Dollars
    cache_read: Dollars | None = None
    cache_write: Dollars | None = None


@dataclass(frozen=True, slots=True)
class UpstreamBudget:
    """None is no cap; without a ``price`` the model's own counts."""

    dollars_a_day: Dollars | None = None
    tokens_a_day: DayTokens | None = None
    price: PriceSettings | None = None


@dataclass(frozen=True, slots=True)
class BudgetSettings:
    """The caps of all upstreams together, and those of each."""

    dollars_a_day: Dollars | None
    tokens_a_day: DayTokens | None
    upstreams: Annotated[Mapping[str, UpstreamBudget], ByName()] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """What is kept to be asked later; times count from when a job is added, and ends."""

    metered: bool
    expires_seconds: Annotated[Seconds, Between(60, 3_024_000)]
    keep_seconds: Annotated[Seconds, Between(60, 31_536_000)]
    max_bytes: Annotated[Bytes, Between(0, 2**40)]
    together: Annotated[int, Between(1, 16)]


@dataclass(frozen=True, slots=True)
class LogSettings:
    level: Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Config:
    server: ServerSettings
    model: ModelSettings
    prefixes: PrefixSettings
    safeguards: SafeguardSettings
    lan: LanSettings
    uplink: UplinkSettings
    auth: AuthSettings
    upstreams: Mapping[str, UpstreamSettings]
    routes: Mapping[str, RouteSettings]
    privacy: PrivacySettings
    budget: BudgetSettings
    queue: QueueSettings
    log: LogSettings
