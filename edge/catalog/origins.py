"""Where the files of the models folder came from, kept in a small hidden file beside each.

What it tells is for people and for finding a file by its name on the hub; a file without it
serves just as well. Knows JSON and paths. Called by models, hub, bring, listing and remove.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from edge.catalog.hubnames import USUAL_LEVEL, HubName, level_of
from edge.catalog.splits import is_further
from edge.disk import replace_file

ENDING = ".origin.json"


@dataclass(frozen=True, slots=True)
class Origin:
    """``repository`` and ``file`` name it on a hub; elsewhere ``place`` is a path or a URL."""

    repository: str = ""
    file: str = ""
    revision: str = ""
    sha256: str = ""
    place: str = ""

    def words(self) -> str:
        """For a person."""
        return self.repository or self.place


def origin_file(model: Path) -> Path:
    return model.with_name(f".{model.name}{ENDING}")


def write(model: Path, origin: Origin) -> None:
    """Raises OSError."""
    replace_file(origin_file(model), json.dumps(asdict(origin)).encode())


def read(model: Path) -> Origin | None:
    """None where nothing is known, which a damaged record is too."""
    try:
        told = json.loads(origin_file(model).read_bytes())
        if not all(isinstance(value, str) for value in told.values()):
            return None
        return Origin(**told)
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def find(name: HubName, models_dir: Path) -> Path | None:
    """The present file that was fetched under this name. Raises OSError."""
    found: dict[str, Path] = {}
    for path in sorted(models_dir.glob("*.gguf")):
        origin = None if is_further(path.name) else read(path)
        if origin is not None and origin.repository.lower() == name.repository.lower():
            found[origin.file] = path
    if name.file is not None:
        return found.get(name.file)
    levels = {(level_of(file) or "").removeprefix("UD-"): path for file, path in found.items()}
    levels |= {level_of(file) or "": path for file, path in found.items()}
    if name.level is None and len(found) == 1:
        return next(iter(found.values()))
    return levels.get(name.level or USUAL_LEVEL)
