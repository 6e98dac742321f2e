"""claude-code-router's providers as upstreams. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

_HARMLESS = frozenset(
    (
        "anthropic",
        "openai",
        "deepseek",
        "openrouter",
        "groq",
        "cleancache",
        "streamoptions",
        "maxcompletiontokens",
    )
)
"""Transformers that only name a server's way of speaking, which our dialects know."""

_FOREIGN = re.compile(r"gemini|vertex|qwen-cli|rovo|responses|codex", re.IGNORECASE)
"""Transformers and protocols for servers of another dialect."""

_ANTHROPIC_PATH = re.compile(r"(?:/v1)?/messages/?$")
_OPENAI_PATH = re.compile(r"/chat/completions/?$")
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)\}?")


@dataclass(frozen=True, slots=True)
class Upstream:
    """``theirs`` is the provider's name there; ``key`` its key, never shown; ``variable`` the
    environment variable that held it."""

    name: str
    theirs: str
    dialect: Literal["anthropic", "openai"]
    url: str
    models: tuple[str, ...]
    key: str | None = field(default=None, repr=False)
    variable: str | None = None


def upstreams_of(config: Mapping[str, Any], notes: list[str]) -> list[Upstream]:
    """Every provider that can be one; what cannot be said of them goes to ``notes``."""
    found: list[Upstream] = []
    providers = first(config, "Providers", "providers")
    for number, entry in enumerate(providers if isinstance(providers, list) else (), 1):
        upstream = _upstream(entry, number, {one.name for one in found}, notes)
        if upstream is not None:
            found.append(upstream)
    return found


def _upstream(entry: Any, number: int, taken: set[str], notes: list[str]) -> Upstream | None:
    if not isinstance(entry, dict):
        notes.append(f"provider {number}: it is no object")
        return None
    theirs = text(first(entry, "name", "id")) or f"provider-{number}"
    if entry.get("enabled") is False:
        notes.append(f"provider {theirs}: it is switched off")
        return None
    given = text(first(entry, "api_base_url", "baseUrl", "base_url", "url"))
    transformers = _transformers(entry.get("transformer"))
    protocol = text(first(entry, "protocol", "type")) or ""
    foreign = next((one for one in (*transformers, protocol) if _FOREIGN.search(one)), None)
    if foreign is not None or _FOREIGN.search(given or ""):
        why = foreign or "its address"
        notes.append(f"provider {theirs}: it speaks no dialect of codriver's ({why})")
        return None
    dialect = _dialect(given or "", transformers, protocol)
    url = _base(given or "", dialect)
    if url is None:
        notes.append(f"provider {theirs}: its address is no http:// or https:// address")
        return None
    for name in transformers:
        if name.lower() not in _HARMLESS:
            notes.append(f"provider {theirs}: its transformer {name} has no counterpart")
    secret = text(first(entry, "api_key", "apiKey", "key"))
    variable = _VARIABLE.fullmatch(secret or "")
    return Upstream(
        _name(theirs, taken),
        theirs,
        dialect,
        url,
        _models(entry.get("models")),
        None if variable else secret,
        variable[1] if variable else None,
    )


def _name(theirs: str, taken: set[str]) -> str:
    plain = re.sub(r"[^a-z0-9_-]+", "-", theirs.lower()).strip("-_") or "provider"
    if plain == "local":
        plain = "local-server"
    name, number = plain, 2
    while name in taken:
        name, number = f"{plain}-{number}", number + 1
    return name


def _dialect(
    given: str, transformers: tuple[str, ...], protocol: str
) -> Literal["anthropic", "openai"]:
    spoken = any(one.lower() == "anthropic" for one in transformers)
    if spoken or "anthropic" in protocol.lower() or _ANTHROPIC_PATH.search(given):
        return "anthropic"
    return "openai"


def _base(given: str, dialect: str) -> str | None:
    """The address without the path that the dialect appends."""
    pattern = _ANTHROPIC_PATH if dialect == "anthropic" else _OPENAI_PATH
    base = pattern.sub("", given.partition("?")[0].partition("#")[0]).rstrip("/")
    try:
        url = urlsplit(base)
        usable = url.scheme in ("http", "https") and url.hostname and url.port != 0
    except ValueError:
        return None
    return base if usable and url.username is None else None


def _transformers(value: Any) -> tuple[str, ...]:
    """The names that are used for every model, and those for single ones."""
    if not isinstance(value, dict):
        return ()
    names: list[str] = []
    for key, inside in value.items():
        used = inside if key == "use" else inside.get("use") if isinstance(inside, dict) else None
        for one in used if isinstance(used, list) else ():
            name = one[0] if isinstance(one, list) and one else one
            if isinstance(name, str):
                names.append(name)
    return tuple(dict.fromkeys(names))


def _models(value: Any) -> tuple[str, ...]:
    entries = value if isinstance(value, list) else ()
    named = (
        text(first(one, "id", "name")) if isinstance(one, dict) else text(one) for one in entries
    )
    return tuple(name for name in named if name)


def first(table: Mapping[str, Any], *keys: str) -> Any:
    """The first of the keys that is there."""
    return next((table[key] for key in keys if table.get(key) is not None), None)


def text(value: Any) -> str | None:
    """A text without the space around it; None where it is none or empty."""
    return value.strip() or None if isinstance(value, str) else None
