"""Whether a laptop's directory is one that a glob means. Pure.

    ~/work/*        below anybody's home
    /srv/clients    that directory and everything in it

A glob covers a directory and all that is below it; ``*`` stands for any text, slashes too.
Upper and lower case are one, as on the laptops that have it so: where a glob keeps something
on the box, too much is safer than too little. Called by the conditions and by privacy.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import PurePosixPath


def covers(glob: str, directory: str) -> bool:
    """``directory`` is absolute, of a POSIX or a Windows laptop."""
    pattern = _plain(glob)
    if pattern.startswith("~/"):
        pattern = "*" + pattern[1:]
    path = PurePosixPath(_plain(directory))
    return any(fnmatchcase(str(one), pattern) for one in (path, *path.parents))


def first_cover(globs: Iterable[str], directories: Iterable[str]) -> str | None:
    """The first glob that covers one of them."""
    known = tuple(directories)
    return next((glob for glob in globs if any(covers(glob, one) for one in known)), None)


def _plain(path: str) -> str:
    text = path.replace("\\", "/").lower()
    return text.rstrip("/") or "/"
