"""Reads small kernel files the way a probe has to: absent is None, trouble is a warning.

Called by the probes of this package only.
"""

from __future__ import annotations

import logging
from pathlib import Path

log = logging.getLogger(__name__)

MOST_BYTES = 2**20


def read_bytes(path: Path) -> bytes | None:
    """A kernel file's content; None where there is none or it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        log.warning("cannot read %s: %s", path, error.strerror or error)
        return None


def read_text(path: Path) -> str | None:
    """The same as text, without the zero bytes and blanks around it."""
    data = read_bytes(path)
    return None if data is None else data.decode("utf-8", "replace").strip("\0 \n\t")


def read_list(path: Path) -> tuple[str, ...]:
    """A device tree property that lists strings."""
    data = read_bytes(path)
    return () if data is None else tuple(data.decode("utf-8", "replace").strip("\0\n").split("\0"))


def read_number(path: Path) -> int | None:
    """A file that holds one decimal number; None for anything else ("max")."""
    text = read_text(path)
    return int(text) if text is not None and text.isascii() and text.isdigit() else None


def names(folder: Path, pattern: str) -> tuple[str, ...]:
    """Sorted names in a folder; none where it is missing or closed to us."""
    try:
        return tuple(sorted(path.name for path in folder.glob(pattern)))
    except OSError as error:
        log.warning("cannot list %s: %s", folder, error.strerror or error)
        return ()
