"""Takes a model's files out of the models folder, and nothing else anywhere.

Knows the folder; asks nobody. Called by cli.
"""

from __future__ import annotations

from pathlib import Path

from edge.catalog import origins, splits
from edge.catalog.folder import alone_in, partials_of
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


def _refuse(ref: ModelRef, models_dir: Path) -> None:
    if ref.owner is not None:
        raise ModelUnusable(f"{ref.name} belongs to {ref.owner}: remove it there")
    if ref.entry is not None and ref.entry.source.embedded:
        raise ModelUnusable(f"{ref.name} is a part of codriver and stays")
    if ref.path.parent.resolve() != models_dir.resolve():
        raise ModelUnusable(
            f"{ref.path} does not lie in the models folder {models_dir}: remove it yourself"
        )
    if not ref.path.name.lower().endswith(".gguf"):
        raise ModelUnusable(f"{ref.path} is no model file")
