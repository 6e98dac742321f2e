"""How fast the disk under a folder reads and writes: measured on request, and remembered.

It costs a few seconds and, once, 64 MiB of a card's life; so no other fact of the board waits for
it. Blocking. Called by `codriver probe --disk`; what is remembered is read by app, too.
"""

from __future__ import annotations

import logging
import mmap
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

import msgspec

from edge.disk import replace_file
from edge.errors import StartFailed
from edge.state import Storage

log = logging.getLogger(__name__)

MOST_WRITTEN = 67_108_864
"""Bytes; memory cards wear."""

MOST_READ = 268_435_456
LONGEST = 2.0
"""Seconds that reading and writing each go on, and the piece in hand."""

PIECE = 4_194_304
SPARE_BYTES = 268_435_456
"""Left free on the disk, else nothing is written."""

Clock = Callable[[], float]


class DiskSpeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bytes a second; ``disk``: which one, in words. ``writes`` None where there was no room."""

    disk: str
    reads: float
    writes: float | None


def disk_words(storage: Storage | None) -> str:
    """What a measured speed belongs to."""
    if storage is None:
        return "unknown"
    return f"{storage.kind} {storage.name} {storage.size}"


def measure(folder: Path, disk: str, clock: Clock, large: Path | None = None) -> DiskSpeed:
    """Write a file that has no name, so that nothing stays of it whatever happens, and read it, or
    the ``large`` file that is there. Raises StartFailed."""
    try:
        free = shutil.disk_usage(folder).free
        if free >= MOST_WRITTEN + SPARE_BYTES:
            with tempfile.TemporaryFile(dir=folder) as file:
                writes = _written(file, clock)
                return DiskSpeed(disk, _read(large or _again(file), clock), writes)
        if large is not None:
            return DiskSpeed(disk, _read(large, clock), None)
    except OSError as error:
        raise StartFailed(f"the disk of {folder} cannot be measured: {error.strerror}") from None
    raise StartFailed(
        f"the disk of {folder} cannot be measured: {free / 1e9:.2f} GB are free, and"
        f" {(MOST_WRITTEN + SPARE_BYTES) / 1e9:.2f} GB are wanted"
    )


def large_file(paths: list[Path]) -> Path | None:
    """The largest that is worth reading: no holes, and more than a moment long."""
    sizes: dict[Path, int] = {}
    for path in paths:
        try:
            stat = path.stat()
        except OSError:
            continue
        if min(stat.st_size, stat.st_blocks * 512) >= MOST_WRITTEN:
            sizes[path] = stat.st_size
    return max(sizes, key=lambda path: sizes[path], default=None)


def remembered(file: Path, disk: str) -> DiskSpeed | None:
    """What was measured of that disk; None where nothing was."""
    try:
        found = msgspec.json.decode(file.read_bytes(), type=DiskSpeed)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return found if found.disk == disk and found.reads > 0 else None


def remember(file: Path, speed: DiskSpeed) -> None:
    """Never raises for what a disk does."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, msgspec.json.encode(speed))
    except OSError as error:
        log.warning("what was measured is not remembered: %s", error)


def _written(file: IO[bytes], clock: Clock) -> float:
    """Each piece is safe on the disk before the next, so that no cache answers for it."""
    piece, done, start = os.urandom(PIECE), 0, clock()
    while done < MOST_WRITTEN and clock() - start < LONGEST:
        file.write(piece)
        file.flush()
        os.fdatasync(file.fileno())
        done += PIECE
    return done / max(clock() - start, 1e-9)


def _again(file: IO[bytes]) -> Path:
    """A file without a name, to be opened once more."""
    return Path(f"/proc/self/fd/{file.fileno()}")


def _read(path: Path, clock: Clock) -> float:
    """Past the kernel's cache where the file system can, else after it was asked to forget."""
    try:
        return _pieces(path, os.O_DIRECT, clock)
    except OSError:
        return _pieces(path, 0, clock)


def _pieces(path: Path, flags: int, clock: Clock) -> float:
    descriptor = os.open(path, os.O_RDONLY | flags)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        done, start = 0, clock()
        # Memory of its own pages is aligned as reading past the cache wants it.
        with mmap.mmap(-1, PIECE) as piece:
            while done < MOST_READ and clock() - start < LONGEST:
                got = os.preadv(descriptor, [piece], done)
                done += got
                if got < PIECE:
                    break
        return done / max(clock() - start, 1e-9)
    finally:
        os.close(descriptor)
