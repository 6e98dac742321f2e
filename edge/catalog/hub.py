"""A file of a hub's repository, put into the models folder: gone on with, checked, whole.

Knows names, partial files and what is present; how a hub is asked is hubapi's affair, how
bytes come is download's. Both are imported when they are needed, so that a laptop's install
can import this. Blocking. Called by fetch and cli.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edge.catalog import hubnames, origins, splits
from edge.catalog.folder import (
    FetchProgress,
    FreeBytes,
    Observe,
    alone_in,
    check_room,
    free_bytes,
    ignore,
    partial_file,
    partials_of,
    put,
)
from edge.catalog.hubnames import HubFile, HubName
from edge.catalog.origins import Origin
from edge.catalog.patience import PATIENT, NoLink, Patience
from edge.errors import ModelUnusable
from edge.units import Bytes

if TYPE_CHECKING:
    from edge.catalog.hubapi import FileFacts, Hub

__all__ = ["HubFile", "HubName", "fetch", "find"]


@dataclass(frozen=True, slots=True)
class _Part:
    """One file of a model: where it is on the hub, what is known of it, where it goes."""

    file: HubFile
    facts: FileFacts
    target: Path

    @property
    def partial(self) -> Path:
        return partial_file(self.target, self.facts.sha256 or self.facts.etag or "")

    def missing(self) -> int:
        """Bytes that are still to come."""
        begun = self.partial.stat().st_size if self.partial.exists() else 0
        return 0 if self.target.exists() else max(0, (self.facts.size or 0) - begun)


def find(
    name: HubName,
    *,
    revision: str = "main",
    present: Sequence[str] = (),
    endpoint: str | None = None,
    patience: Patience = PATIENT,
) -> HubFile:
    """The file that a name means, by what the hub lists. Raises ModelUnusable."""
    if name.file is not None:
        return HubFile(name.repository, splits.parts(name.file)[0], revision)
    try:
        files = _hub(endpoint, patience).files(name.repository, revision)
    except NoLink as problem:
        raise _without_link(name.repository, str(problem), present) from None
    return HubFile(name.repository, hubnames.pick(name, files), revision)


def fetch(
    file: HubFile,
    models_dir: Path,
    progress: Observe = ignore,
    *,
    name: str | None = None,
    sha256: str | None = None,
    present: Sequence[str] = (),
    endpoint: str | None = None,
    patience: Patience = PATIENT,
    free_bytes: FreeBytes = free_bytes,
) -> Path:
    """Put the file, and all parts of a model in parts, into ``models_dir``; the (first) path.

    ``name`` is what it is called there, ``sha256`` what the catalogue says of it, ``present``
    the models that can run where there is no link. Raises ModelUnusable; what has come then
    waits in a hidden file for the next call, in this process or another.
    """
    target = models_dir / (name or file.file.rpartition("/")[2])
    try:
        with alone_in(models_dir):
            hub = _hub(endpoint, patience)
            parts = _checked(_parts(hub, file, target), sha256, target)
            needed = sum(part.missing() for part in parts)
            if needed:
                check_room(target.name, needed, free_bytes(models_dir))
            _fetch(hub, parts, progress, patience)
    except NoLink as problem:
        raise _without_link(target.name, str(problem), present) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise ModelUnusable(
            f"{target.name} cannot be stored in {models_dir}: {reason}; what has come of it is kept"
        ) from None
    return target


# --- steps --------------------------------------------------------------------------


def _hub(endpoint: str | None, patience: Patience) -> Hub:
    from edge.catalog.hubapi import Hub

    return Hub(endpoint, patience)


def _parts(hub: Hub, file: HubFile, target: Path) -> list[_Part]:
    """Every file of the model, the hub asked about each."""
    from edge.catalog.hubapi import NoSuchFile

    names = splits.parts(file.file)
    own_names = [one.rpartition("/")[2] for one in names]
    targets = [target] if len(names) == 1 else [target.with_name(one) for one in own_names]
    files = [HubFile(file.repository, one, file.revision) for one in names]
    try:
        return [_Part(one, hub.facts(one), to) for one, to in zip(files, targets, strict=True)]
    except NoSuchFile:
        there = hub.files(file.repository, file.revision)
        missing = next((one for one in names if one not in there), file.file)
        raise ModelUnusable(hubnames.no_such_file(file.repository, missing, there)) from None


def _checked(parts: list[_Part], sha256: str | None, target: Path) -> list[_Part]:
    """With the catalogue's checksum where the hub tells none. Raises ModelUnusable before the
    first byte for what cannot come to a good end."""
    first = parts[0]
    told = first.facts.sha256
    if len(parts) == 1 and sha256 is not None and told is None:
        parts = [replace(first, facts=replace(first.facts, sha256=sha256))]
    elif len(parts) == 1 and sha256 is not None and told is not None and told != sha256:
        raise ModelUnusable(
            f"the hub's {parts[0].file.file} is another file than the catalogue's (checksum"
            f" {told[:12]}… instead of {sha256[:12]}…): name a revision that has it"
        )
    for part in parts:
        if part.target.exists() and not _is_same(part):
            origin = origins.read(part.target)
            whose = f" (of {origin.words()})" if origin is not None and origin.words() else ""
            raise ModelUnusable(
                f"{part.target} is there already{whose} and is another file; remove it first:"
                f" codriver rm {splits.title(target.name)}"
            )
    return parts


def _is_same(part: _Part) -> bool:
    """Whether the present file is the hub's, by its record or else by its bytes."""
    if part.facts.size is not None and part.target.stat().st_size != part.facts.size:
        return False
    if part.facts.sha256 is None:
        return True
    origin = origins.read(part.target)
    if origin is not None and origin.sha256:
        return origin.sha256 == part.facts.sha256
    with part.target.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == part.facts.sha256


def _fetch(hub: Hub, parts: Sequence[_Part], progress: Observe, patience: Patience) -> None:
    """Whole files get their names only when all are here, the first as the last."""
    total = Bytes(sum(part.facts.size or 0 for part in parts))
    done = 0
    sums = {}
    for number, part in enumerate(parts, 1):
        before = done

        def observe(there: Bytes, number: int = number, before: int = before) -> None:
            so_far = Bytes(before + there)
            progress(FetchProgress(parts[0].target.name, so_far, total, number, len(parts)))

        if part.target.exists():
            observe(Bytes(part.target.stat().st_size))
        else:
            sums[part.target] = _download(hub, part, observe, patience, is_model=number == 1)
        done += part.facts.size or 0
    for part in reversed(parts):
        if part.target in sums:
            put(part.partial, part.target)
        _remember(part, sums.get(part.target))


def _download(
    hub: Hub, part: _Part, observe: Callable[[Bytes], None], patience: Patience, *, is_model: bool
) -> str:
    from edge.catalog.download import Wanted, download

    for stale in partials_of(part.target):
        if stale != part.partial or not (part.facts.sha256 or part.facts.etag):
            stale.unlink()
    wanted = Wanted(
        name=part.target.name,
        whose="the hub",
        url=hub.url(part.file, part.facts.commit),
        refusal=hub.refusal(part.file),
        size=part.facts.size,
        sha256=part.facts.sha256,
        headers=hub.headers(),
        is_model=is_model,
    )
    return download(wanted, part.partial, hub.client(), observe, patience)


def _remember(part: _Part, sha256: str | None) -> None:
    known = sha256 or part.facts.sha256 or ""
    revision = part.facts.commit or part.file.revision
    origins.write(part.target, Origin(part.file.repository, part.file.file, revision, known))


def _without_link(name: str, problem: str, present: Sequence[str]) -> ModelUnusable:
    instead = f"; what can run now: {', '.join(present)}" if present else ""
    return ModelUnusable(
        f"{name} is not on this box: {problem}; connect once, or bring the file"
        f" (codriver pull NAME --from PATH){instead}"
    )
