"""Takes a model's files out of the models folder, and nothing else anywhere.

Knows the folder; asks nobody. Called by cli.
"""

from __future__ import annotations

from pathlib import Path

from edge.catalog import origins, splits
from edge.catalog.folder import alone_in, partials_of, unfinished
from edge.catalog.models import ModelRef
from edge.disk import sync_folder
from edge.errors import ModelUnusable


def remove(ref: ModelRef, models_dir: Path) -> tuple[Path, ...]:
    """Remove the model with all its parts and beginnings of them; the paths that are gone.

    Raises ModelUnusable for a file that is not codriver's to remove, or none.
    """
    _refuse(ref, models_dir)
    models = [ref.path.with_name(name) for name in splits.parts(ref.path.name)]
    gone: list[Path] = []
    try:
        with alone_in(models_dir):
            for model in models:
                for path in (model, *partials_of(model)):
                    if path.exists() or path.is_symlink():
                        path.unlink()
                        gone.append(path)
                origins.origin_file(model).unlink(missing_ok=True)
            sync_folder(models_dir)
    except OSError as error:
        raise ModelUnusable(f"{ref.path} cannot be removed: {error.strerror}") from None
    if not gone:
        raise ModelUnusable(f"{ref.name} is not here: there is nothing to remove")
    return tuple(gone)


def remove_unfinished(name: str, models_dir: Path) -> tuple[Path, ...]:
    """Remove beginnings of the file of that name, with or without its ending, as `codriver models`
    lists them; none where there are none. Raises ModelUnusable if they cannot be, or one grows."""
    found = [one for one in unfinished(models_dir) if name in (one.file, splits.title(one.file))]
    if not found:
        return ()
    paths = tuple(Path(one.path) for one in found)
    try:
        with alone_in(models_dir):
            for path in paths:
                path.unlink(missing_ok=True)
            sync_folder(models_dir)
    except OSError as error:
        raise ModelUnusable(f"{paths[0]} cannot be removed: {error.strerror}") from None
    return paths


def _refuse(ref: ModelRef, models_dir: Path) -> None:
    if ref.owner is not None:
        raise ModelUnusable(f"{ref.name} belongs to {ref.owner}: remove it there")
    if ref.entry is not None and ref.entry.source.embedded:
        raise ModelUnusable(f"{ref.name} is a part of codriver and stays")
    if ref.path.parent.resolve() != models_dir.resolve():
        raise ModelUnusable(
            f"{ref.path} does not lie in the models folder {models_dir}: remove it yourself"
        )
    if not ref.path.name.lower().endswith((".gguf", ".onnx")):
        raise ModelUnusable(f"{ref.path} is no model file")
