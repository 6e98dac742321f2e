"""The model families that could be fetched, and their files at every level as if they were there.

Knows edge/data/families.toml; reaches no hub and no disk of models. Called by app, to plan with
what is not here yet, and by `codriver pull`.
"""

from __future__ import annotations

import importlib.resources
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from edge.catalog.facts import GgufFacts
from edge.catalog.levels import LEVELS, MIXTURES
from edge.catalog.shapes import EXPERTS_IN_MXFP4, Shape, facts_of, mixed, resized
from edge.errors import ModelUnusable
from edge.units import Bytes


@dataclass(frozen=True, slots=True)
class Release:
    """One file of a family on its hub; None where it is not known."""

    level: str
    file: str
    bytes: Bytes | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """A model that codriver knows, at the levels it is offered at."""

    name: str
    aliases: tuple[str, ...]
    title: str
    licence: str
    ability: float
    """0 to 100: how well it does an agent's work on code, its weights whole."""
    tools: bool
    calls: str | None
    """The format of its tool calls, as toolcalls.Family names it."""
    repository: str
    releases: tuple[Release, ...]
    shape: Shape

    def release(self, level: str) -> Release | None:
        """The file at a level, whatever the case of its name."""
        return next((one for one in self.releases if one.level.lower() == level.lower()), None)

    def asked(self, level: str) -> Release:
        """The same. Raises ModelUnusable, with the levels that there are."""
        if (found := self.release(level)) is not None:
            return found
        known = ", ".join(one.level for one in self.releases)
        raise ModelUnusable(f"{self.name} is not offered at {level}; there are {known}")

    def facts(self, release: Release) -> GgufFacts:
        """What the file's header would say, as far as memory and speed depend on it."""
        level = MIXTURES.get(release.level, release.level)
        facts = facts_of(self.shape, level, tools=self.tools)
        if release.bytes is None:
            return facts
        fit = mixed if release.level in MIXTURES else resized
        return fit(facts, release.bytes)


@cache
def load_families() -> tuple[Family, ...]:
    """The shipped ones."""
    text = importlib.resources.files("edge").joinpath("data", "families.toml").read_text("utf-8")
    return parse_families(text)


def parse_families(text: str) -> tuple[Family, ...]:
    """Families from TOML. Raises ModelUnusable, with the family's name, for a wrong one."""
    return tuple(_family(table) for table in tomllib.loads(text)["family"])


def find_family(name: str, families: Sequence[Family] | None = None) -> Family | None:
    """The family of that name or alias, whatever its case."""
    wanted = name.lower()
    every = load_families() if families is None else families
    return next((one for one in every if wanted in (one.name, *one.aliases)), None)


def named(word: str, families: Sequence[Family] | None = None) -> tuple[Family, str | None] | None:
    """The family and the level that NAME or NAME:LEVEL means; None for another word."""
    name, _, level = word.partition(":")
    if family := find_family(word, families) or find_family(name, families):
        whole = find_family(word, families) is not None
        return family, (None if whole else level or None)
    return None


def in_folder(family: Family, level: str | None, models_dir: Path) -> Path | None:
    """The family's file that lies there, of that level if one is named."""
    for release in family.releases:
        path = models_dir / release.file
        if level in (None, release.level) and path.is_file():
            return path
    return None


def family_of(facts: GgufFacts, families: Sequence[Family] | None = None) -> Family | None:
    """The family whose shape a file has; None for one of no family, or of several."""
    every = load_families() if families is None else families
    alike = [one for one in every if _has_shape(facts, one.shape)]
    return alike[0] if len(alike) == 1 else None


def _has_shape(facts: GgufFacts, shape: Shape) -> bool:
    return (
        facts.architecture == shape.architecture
        and facts.layers == shape.layers
        and facts.embedding_length == shape.width
        and facts.heads == shape.heads
        and max(facts.kv_heads, default=0) == shape.kv_heads
        and facts.integer("context_length") == shape.context
        and (facts.integer("expert_count") or 0) == shape.experts
    )


def _family(table: Mapping[str, Any]) -> Family:
    name = table.get("name", "?")
    try:
        known = {one["level"]: one for one in table.get("releases", ())}
        levels = [*table["levels"], *(level for level in known if level not in table["levels"])]
        return Family(
            name=table["name"],
            aliases=tuple(table["aliases"]),
            title=table["title"],
            licence=table["licence"],
            ability=float(table["ability"]),
            tools=table["tools"],
            calls=table.get("calls"),
            repository=table["repository"],
            releases=tuple(_release(level, table["file"], known.get(level)) for level in levels),
            shape=Shape(**table["shape"]),
        )
    except KeyError as error:
        raise ModelUnusable(f"the family {name} lacks {error.args[0]}") from None
    except (TypeError, ValueError) as error:
        raise ModelUnusable(f"the family {name} is wrong: {error}") from None


def _release(level: str, file: str, known: Mapping[str, Any] | None) -> Release:
    if level not in LEVELS and level not in MIXTURES and level != EXPERTS_IN_MXFP4:
        raise ValueError(f"no level is called {level}")
    if known is None:
        return Release(level, file.replace("{level}", level))
    return Release(level, known["file"], Bytes(known["bytes"]), known["sha256"])
