"""Small private files that are either whole or not there, whatever the power does.

Blocking: call before the event loop starts, or off it. Used by tokens and identity.
"""

from __future__ import annotations

from pathlib import Path

from edge.disk import replace_file
from edge.errors import StartFailed


def read_word(path: Path) -> str | None:
    """The file's one word, or None if there is no file or no word in it."""
    try:
        text = path.read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    except OSError as error:
        raise StartFailed(f"{path}: cannot be read: {error.strerror}") from error
    return text if text.isprintable() and text and " " not in text else None


def write_word(path: Path, word: str) -> None:
    """Put ``word`` there, readable by its owner alone; an old file stands until the new is safe."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, f"{word}\n".encode("ascii"))
    except OSError as error:
        raise StartFailed(f"{path}: cannot be written: {error.strerror}") from error


def set_aside(path: Path) -> Path | None:
    """Keep a damaged file under another name; None if there was none."""
    damaged = path.with_name(f"{path.name}.damaged")
    try:
        path.replace(damaged)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StartFailed(f"{path}: cannot be set aside: {error.strerror}") from error
    return damaged
