"""The models folder while something is put into it: one at a time, room first, whole or not.

Knows files and nothing of where the bytes come from. Called by whatever brings model files
(fetch, hub, bring).
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edge.disk import sync_folder
from edge.errors import ModelUnusable
from edge.units import Bytes

SPARE_BYTES = 64 * 2**20
"""Left free on the disk after the largest moment of a download."""

TEMPORARY = ".fetch-"
LOCK = ".fetch.lock"
PARTIAL = ".partial"
KEY_LENGTH = 16


@dataclass(frozen=True, slots=True)
class FetchProgress:
    """``done`` bytes of ``total`` are there (0: not known); ``part`` of ``parts`` is under way."""

    name: str
    done: Bytes
    total: Bytes
    part: int
    parts: int


Observe = Callable[[FetchProgress], None]
FreeBytes = Callable[[Path], int]


def ignore(progress: FetchProgress) -> None:
    """For callers that show none."""


def free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def free_above(folder: Path) -> Bytes | None:
    """What is free for a folder that need not be there yet; None where nothing says."""
    for place in (folder.absolute(), *folder.absolute().parents):
        try:
            return Bytes(free_bytes(place))
        except FileNotFoundError:
            continue
        except OSError:
            return None
    return None


@contextmanager
def alone_in(models_dir: Path) -> Iterator[None]:
    """Hold the folder's lock; what a power cut left of a temporary folder is cleared away.

    Partial files stay: they are gone on with. Raises ModelUnusable if the lock is taken.
    """
    models_dir.mkdir(parents=True, exist_ok=True)
    with (models_dir / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ModelUnusable(
                f"another codriver is fetching into {models_dir}; wait for it"
            ) from None
        for left in models_dir.glob(TEMPORARY + "*/"):
            shutil.rmtree(left)
        yield


def check_room(name: str, needed: int, free: int) -> None:
    """``needed`` is without what is left free. Raises ModelUnusable, with the numbers."""
    needed += SPARE_BYTES
    if free < needed:
        raise ModelUnusable(
            f"{name} needs {needed / 1e9:.1f} GB of disk to fetch and only"
            f" {free / 1e9:.1f} GB are free; make room or choose another models_dir"
        )


def partial_file(target: Path, key: str) -> Path:
    """Where the beginning of a file waits for its rest; the key tells which file it is of."""
    word = "".join(filter(str.isalnum, key))[:KEY_LENGTH]
    return target.with_name(f".{target.name}.{word}{PARTIAL}")


def partials_of(target: Path) -> list[Path]:
    """Beginnings of a file of that name, whatever their key."""
    try:
        names = sorted(target.parent.iterdir())
    except OSError:
        return []
    form = re.compile(rf"\.{re.escape(target.name)}\.\w*{re.escape(PARTIAL)}")
    return [one for one in names if form.fullmatch(one.name)]


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The beginning of a model's file: of a download that was cut off, or of one that was made."""

    file: str
    path: str
    bytes: Bytes


_UNFINISHED = re.compile(rf"\.(.+\.gguf)(\.\w*{re.escape(PARTIAL)}|\.part)", re.IGNORECASE)


def unfinished(models_dir: Path) -> tuple[Unfinished, ...]:
    """All beginnings in the folder; one that grows is among them."""
    found = []
    try:
        for path in sorted(models_dir.iterdir()):
            if (match := _UNFINISHED.fullmatch(path.name)) is not None:
                found.append(Unfinished(match[1], str(path), Bytes(path.stat().st_size)))
    except OSError:
        pass
    return tuple(found)


def put(whole: Path, target: Path) -> None:
    """Give a file that is complete its name, so that it lasts. Raises OSError."""
    descriptor = os.open(whole, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    whole.replace(target)
    sync_folder(target.parent)
