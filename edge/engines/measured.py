"""What a worker measured on this board, as files: written by workers, read by whoever plans.

One small file for each model, board, llama.cpp and choice of threads; it is whole or not there,
and what is not exactly as written counts as not there. Knows what the files hold, not what it
means. Blocking; never raises for what a disk does.
"""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec

from edge.disk import replace_file

log = logging.getLogger(__name__)


class Measured(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thread counts that were found best, and why; ``writes`` and ``reads``: tokens a second with
    them, at a prompt's beginning. ``model``: the file's name; ``board``: in words."""

    key: str
    model: str
    board: str
    writing: int
    reading: int
    reason: str
    writes: float
    reads: float


def read_one(folder: Path, key: str) -> Measured | None:
    """What was measured under that key; None where there is nothing."""
    try:
        found = msgspec.json.decode(_path(folder, key).read_bytes(), type=Measured)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return found if found.key == key else None


def read_all(folder: Path) -> tuple[Measured, ...]:
    """Everything in the folder, by key."""
    try:
        keys = sorted(path.stem for path in folder.glob("*.json"))
    except OSError:
        return ()
    found = (read_one(folder, key) for key in keys)
    return tuple(one for one in found if one is not None)


def write(folder: Path, measured: Measured) -> None:
    """With an fsync: not for a thread that others wait for."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(_path(folder, measured.key), msgspec.json.encode(measured))
    except OSError as error:
        log.warning("what was measured is not remembered: %s", error)


def _path(folder: Path, key: str) -> Path:
    return folder / f"{key}.json"
