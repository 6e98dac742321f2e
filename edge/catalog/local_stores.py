"""Models that Ollama and LM Studio keep on this machine, used where they lie.

Reads folders and manifests, never writes; whatever cannot be read is not there. Knows nothing
of these programs but the layout of their stores. Called by app and cli; homes and environment
are handed over.

    Ollama      manifests/HOST/NAMESPACE/MODEL/TAG (JSON) names blobs/sha256-...
    LM Studio   PUBLISHER/REPOSITORY/FILE.gguf
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from edge.catalog.gguf import MAGIC
from edge.catalog.models import ModelRef
from edge.catalog.splits import is_further, title

OLLAMA = "Ollama"
LM_STUDIO = "LM Studio"

_MODEL_LAYER = "application/vnd.ollama.image.model"
_USUAL_NAMESPACE = "library"
_LONGEST_MANIFEST = 2**20


def here(root: Path = Path("/"), environ: Mapping[str, str] = os.environ) -> tuple[ModelRef, ...]:
    """The models of this machine's stores; the home directory lies under ``root`` too."""
    home = environ.get("HOME", "")
    return find(root / home.lstrip("/") if home else None, root, environ)


def find(home: Path | None, root: Path, environ: Mapping[str, str]) -> tuple[ModelRef, ...]:
    """Every model, Ollama's first; what is found twice is named once."""
    found: dict[str, ModelRef] = {}
    for ref in (*_ollama(home, root, environ), *_lm_studio(home)):
        found.setdefault(ref.name.lower(), ref)
    return tuple(found.values())


def _ollama(home: Path | None, root: Path, environ: Mapping[str, str]) -> Iterator[ModelRef]:
    stores = [root / "usr/share/ollama/.ollama/models"]
    if home is not None:
        stores.insert(0, home / ".ollama" / "models")
    if named := environ.get("OLLAMA_MODELS"):
        stores = [root / named.lstrip("/")]
    for store in stores:
        for manifest in _entries(store / "manifests", depth=4):
            blob = _blob(manifest, store / "blobs")
            if blob is not None and _is_gguf(blob):
                yield ModelRef(_ollama_name(manifest), blob, owner=OLLAMA)


def _ollama_name(manifest: Path) -> str:
    """ollama/qwen3:4b; the namespace and the registry where they are not the usual ones."""
    _, namespace, model, tag = manifest.parts[-4:]
    inside = model if namespace == _USUAL_NAMESPACE else f"{namespace}/{model}"
    return f"ollama/{inside}:{tag}"


def _blob(manifest: Path, blobs: Path) -> Path | None:
    """The file of the manifest's model layer; None for a manifest that has none."""
    try:
        if manifest.stat().st_size > _LONGEST_MANIFEST:
            return None
        layers: Any = json.loads(manifest.read_bytes())["layers"]
        kinds = {layer["mediaType"]: layer["digest"] for layer in layers}
        algorithm, _, digits = str(kinds[_MODEL_LAYER]).partition(":")
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return blobs / f"{algorithm}-{digits}" if digits.isalnum() and algorithm.isalnum() else None


def _lm_studio(home: Path | None) -> Iterator[ModelRef]:
    if home is None:
        return
    for store in (home / ".lmstudio" / "models", home / ".cache" / "lm-studio" / "models"):
        for file in _entries(store, depth=3):
            name = file.name.lower()
            skipped = not name.endswith(".gguf") or "mmproj" in name or is_further(file.name)
            if not skipped and _is_gguf(file):
                publisher, repository = file.parts[-3:-1]
                yield ModelRef(
                    f"lmstudio/{publisher}/{repository}/{title(file.name)}", file, owner=LM_STUDIO
                )


def _entries(folder: Path, depth: int) -> list[Path]:
    """The files so many folders deep, hidden ones left out."""
    found = [folder]
    for _ in range(depth):
        found = [inside for one in found for inside in _inside(one)]
    return [one for one in found if _is_file(one)]


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(one for one in folder.iterdir() if not one.name.startswith("."))
    except OSError:
        return []


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _is_gguf(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False
