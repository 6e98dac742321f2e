"""Models in several files, as their names tell it: name-00001-of-00003.gguf.

Pure: names in, names out. llama.cpp is given the first and finds the others beside it.
Anyone in the catalogue may call it.
"""

from __future__ import annotations

import re

MOST_PARTS = 500
"""More than any real model has; a name that claims more is one file's."""

_PART = re.compile(r"(.+)-(\d{5})-of-(\d{5})(\.gguf)", re.IGNORECASE)


def parts(name: str) -> tuple[str, ...]:
    """The names of all the files of a model, of which ``name`` is one."""
    match = _PART.fullmatch(name)
    if match is None or not 1 <= int(match[3]) <= MOST_PARTS:
        return (name,)
    stem, count, end = match[1], int(match[3]), match[4]
    return tuple(f"{stem}-{number:05}-of-{count:05}{end}" for number in range(1, count + 1))


def is_further(name: str) -> bool:
    """Whether it is a part behind the first, which is no model by itself."""
    return name != parts(name)[0]


def title(name: str) -> str:
    """What a person calls it: without the number of parts and the ending."""
    match = _PART.fullmatch(name)
    stem = name if match is None or len(parts(name)) == 1 else match[1]
    return stem[: -len(".gguf")] if stem.lower().endswith(".gguf") else stem
