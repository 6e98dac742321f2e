"""A model's file from a stick, a folder or a plain web server, put into the models folder.

Knows paths and URLs; no hub and no catalogue beyond the checksum it is handed. Blocking.
Called by cli.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from edge.catalog import gguf, origins, splits
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
from edge.catalog.origins import Origin
from edge.catalog.patience import PATIENT, Interrupted, Patience, keep_trying
from edge.errors import ModelUnusable
from edge.units import Bytes

if TYPE_CHECKING:
    import httpx2

CHUNK = 2**20
COPY = "copy"
"""The key of a file that is copied: it is begun anew each time."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the file that is to come: its name in the models folder; the others are
    the catalogue's, None where there is no entry. ``kept`` is its origin on a hub."""

    file: str
    bytes: Bytes | None = None
    sha256: str | None = None
    kept: Origin = Origin()


def is_url(place: str) -> bool:
    return place.lower().startswith(("http://", "https://"))


def bring(
    place: str,
    known: Known,
    models_dir: Path,
    progress: Observe = ignore,
    *,
    patience: Patience = PATIENT,
    free_bytes: FreeBytes = free_bytes,
) -> Path:
    """Put the file, and its further parts, into ``models_dir``; the (first) path. ``place`` is
    a file, a folder that holds it, or a URL of either. Raises ModelUnusable."""
    sources: Sequence[Path | str] = (
        _urls(place, known) if is_url(place) else _paths(Path(place), known)
    )
    targets = [models_dir / name for name in _names(sources, known.file)]
    for target in targets:
        if target.exists():
            raise ModelUnusable(
                f"{target} is there already; remove it first:"
                f" codriver rm {splits.title(targets[0].name)}"
            )
    try:
        with alone_in(models_dir):
            plain = _Bringing(known, progress, patience, free_bytes, len(sources))
            partials = plain.all_brought(sources, targets)
            for partial, target in reversed(list(zip(partials, targets, strict=True))):
                put(partial, target)
            origins.write(targets[0], Origin(place=place) if known.kept == Origin() else known.kept)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ModelUnusable(f"{known.file} cannot be brought from {place}: {reason}") from None
    return targets[0]


# --- where it is --------------------------------------------------------------------


def _paths(place: Path, known: Known) -> list[Path]:
    """The files on a disk. Raises ModelUnusable."""
    try:
        first = place.expanduser()
        if first.is_dir():
            first = first / known.file
        if not first.is_file():
            raise ModelUnusable(f"there is no {first}; name the .gguf file, or its folder")
    except (OSError, RuntimeError) as error:
        raise ModelUnusable(f"{place} cannot be read: {error}") from None
    names = splits.parts(first.name)
    gguf.read(first)  # says what is wrong before anything is copied
    return [first.with_name(name) for name in names]


def _urls(place: str, known: Known) -> list[str]:
    try:
        parsed = urlsplit(place)
    except ValueError as error:
        raise ModelUnusable(f"{place} is no address: {error}") from None
    path = parsed.path
    if not path.lower().endswith(".gguf"):
        path = f"{path.rstrip('/')}/{quote(known.file)}"
    folder, _, name = path.rpartition("/")
    return [parsed._replace(path=f"{folder}/{one}").geturl() for one in splits.parts(name)]


def _names(sources: Sequence[Path | str], file: str) -> Sequence[str]:
    """What the files are called here: parts keep their own names if they have to."""
    if len(sources) == 1:
        return [file]
    own = [str(source).rpartition("/")[2] for source in sources]
    return splits.parts(file) if len(splits.parts(file)) == len(sources) else own


# --- how it comes -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Bringing:
    known: Known
    progress: Observe
    patience: Patience
    free_bytes: FreeBytes
    parts: int

    def all_brought(self, sources: Sequence[Path | str], targets: Sequence[Path]) -> list[Path]:
        """Every file under a hidden name; of copies that fail nothing is left."""
        copies = [source for source in sources if isinstance(source, Path)]
        needed = sum(source.stat().st_size for source in copies)
        check_room(self.known.file, needed, self.free_bytes(targets[0].parent))
        pairs = zip(sources, targets, strict=True)
        try:
            return [self.brought(*pair, number) for number, pair in enumerate(pairs, 1)]
        except BaseException:
            for target in targets:
                partial_file(target, COPY).unlink(missing_ok=True)
            raise

    def brought(self, source: Path | str, target: Path, number: int) -> Path:
        """The file under a hidden name, judged."""
        if isinstance(source, Path):
            return self.copied(source, target, number)
        return self.downloaded(source, target, number)

    def copied(self, source: Path, target: Path, number: int) -> Path:
        """A copy under a hidden name, judged."""
        size = Bytes(source.stat().st_size)
        self._check_length(size)
        partial = partial_file(target, COPY)
        observe = self._observe(size, number)
        digest = hashlib.sha256()
        with source.open("rb") as file, partial.open("wb") as out:
            while data := file.read(CHUNK):
                out.write(data)
                digest.update(data)
                observe(Bytes(out.tell()))
        self._check_sum(digest.hexdigest())
        return partial

    def downloaded(self, url: str, target: Path, number: int) -> Path:
        """A download under a hidden name, judged."""
        import httpx2

        from edge.catalog.download import Wanted, download

        with httpx2.Client() as client:
            size, mark = _asked(client, url, self.patience)
            self._check_length(size)
            partial = partial_file(target, hashlib.sha256(f"{url} {mark}".encode()).hexdigest())
            for stale in partials_of(target):
                if stale != partial or not mark:
                    stale.unlink()
            begun = partial.stat().st_size if partial.exists() else 0
            check_room(target.name, max(0, (size or 0) - begun), self.free_bytes(target.parent))
            wanted = Wanted(
                name=target.name,
                whose=url,
                url=url,
                refusal=lambda status: f"{url} answers with status {status}; check the address",
                size=size,
                sha256=self.known.sha256 if self.parts == 1 else None,
                is_model=number == 1,
            )
            download(wanted, partial, client, self._observe(size, number), self.patience)
        return partial

    def _observe(self, size: Bytes | None, number: int) -> Callable[[Bytes], None]:
        def observe(done: Bytes) -> None:
            total = size or Bytes(0)
            self.progress(FetchProgress(self.known.file, done, total, number, self.parts))

        return observe

    def _check_length(self, size: Bytes | None) -> None:
        wanted = self.known.bytes
        if self.parts == 1 and wanted is not None and size not in (None, wanted):
            raise ModelUnusable(
                f"{self.known.file} has {size:,} bytes there instead of {wanted:,}: it is another"
                " file, or not whole"
            )

    def _check_sum(self, sha256: str) -> None:
        wanted = self.known.sha256
        if self.parts == 1 and wanted is not None and sha256 != wanted:
            raise ModelUnusable(
                f"{self.known.file} has the checksum {sha256[:12]}… there instead of"
                f" {wanted[:12]}…: it is another file, or damaged"
            )


def _asked(client: httpx2.Client, url: str, patience: Patience) -> tuple[Bytes | None, str]:
    """The file's length, and a mark that changes with it; None and "" where nobody says."""
    import httpx2

    from edge.catalog.download import TRANSIENT, retry_after, translated

    def ask() -> httpx2.Response:
        with translated(patience.stall):
            answer = client.head(url, timeout=patience.stall, follow_redirects=True)
        if answer.status_code in TRANSIENT:
            raise Interrupted(
                f"answers with status {answer.status_code}", retry_after=retry_after(answer)
            )
        return answer

    try:
        answer = keep_trying(patience, ask, lambda: False)
    except httpx2.InvalidURL as error:
        raise ModelUnusable(f"{url} is no address: {error}") from None
    except Interrupted as interruption:
        raise ModelUnusable(f"{url} {interruption}; check that it is served there") from None
    if answer.status_code in (405, 501):
        return None, ""
    if answer.status_code != 200:
        raise ModelUnusable(f"{url} answers with status {answer.status_code}; check the address")
    length = answer.headers.get("content-length", "")
    mark = answer.headers.get("etag") or answer.headers.get("last-modified") or ""
    return (Bytes(int(length)) if length.isdecimal() else None), f"{mark}{length}" if mark else ""
