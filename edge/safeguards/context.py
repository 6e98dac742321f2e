"""The client's ``classifier_context`` as the policy needs it. Called by policy.

What the context does not say is taken as the stricter of the possibilities.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edge.chat import Json, JsonObject
from edge.safeguards import rules
from edge.safeguards.finding import Forbidden
from edge.safeguards.paths import PathRule, Places, locate
from edge.safeguards.rules import Rules

UNSAID_DIRECTORY = "/the working directory"
"""Stands for a working directory that the client did not name: only what is below it is trusted."""


@dataclass(frozen=True, slots=True)
class Context:
    """``prose`` is True where the person forbade something in words that only a model can read."""

    places: Places
    rules: Rules
    platform: str | None = None
    branches: frozenset[str] = field(default_factory=frozenset)
    prose: bool = False


def read(context: JsonObject) -> Context:
    """The whole context; an empty one is that of an unknown directory without rules."""
    cwd = _directory(context.get("live_cwd")) or UNSAID_DIRECTORY
    home = _directory(context.get("home_dir"))
    known = rules.parse(context.get("rules"), context.get("rule_roots"), cwd)
    trusted = _trusted(context.get("trusted_directories")) if context else (UNSAID_DIRECTORY,)
    places = Places(
        cwd=cwd,
        home=home,
        trusted=trusted,
        system_reads=not _blocks_reads(context),
        rule=_path_rule(known, home),
    )
    platform = context.get("platform")
    return Context(
        places,
        known,
        platform if isinstance(platform, str) else None,
        _branches(context.get("git_state")),
        _has_prose(context.get("auto_mode")),
    )


def _path_rule(known: Rules, home: str | None) -> PathRule:
    def check(mode: str, path: str) -> None:
        for rule in (*known.deny, *known.ask):
            if rules.covers_path(rule, mode, path, home):
                raise Forbidden(f"a permission rule of yours is against {path}")

    return check


def _directory(value: Json) -> str | None:
    if isinstance(value, str) and value.startswith("/") and "\0" not in value:
        return locate(value, "/")
    return None


def _trusted(value: Json) -> tuple[str, ...]:
    """Every trusted directory by each of its names; the whole file system never is one."""
    if not isinstance(value, Mapping):
        return ()
    additional = value.get("additional")
    entries = [value.get("primary"), *(additional if isinstance(additional, list | tuple) else ())]
    found = [directory for entry in entries for directory in _names(entry)]
    return tuple(dict.fromkeys(d for d in found if d != "/"))


def _names(entry: Json) -> list[str]:
    if isinstance(entry, str):
        entry = {"path": entry}
    if not isinstance(entry, Mapping):
        return []
    resolved = entry.get("resolved")
    names = [entry.get("path"), *(resolved if isinstance(resolved, list | tuple) else (resolved,))]
    return [directory for name in names if (directory := _directory(name)) is not None]


def _blocks_reads(context: JsonObject) -> bool:
    trusted = context.get("trusted_directories")
    said = isinstance(trusted, Mapping) and trusted.get("block_reads_outside_working_directories")
    return said is not False


def _branches(state: Json) -> frozenset[str]:
    if not isinstance(state, Mapping):
        return frozenset()
    names = (state.get("branch"), state.get("default_branch"))
    return frozenset(name for name in names if isinstance(name, str) and name)


def _has_prose(auto_mode: Json) -> bool:
    if not isinstance(auto_mode, Mapping):
        return False
    lists = (auto_mode.get("soft_deny"), auto_mode.get("hard_deny"))
    return any(entries not in (None, [], (), ["$defaults"]) for entries in lists)
