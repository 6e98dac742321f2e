"""Names on a bench's command line, "a,b,c"."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping


def names_of(known: Mapping[str, object]) -> Callable[[str], list[str]]:
    """A reader that takes names in ``known`` only; empty stands for none."""

    def names(words: str) -> list[str]:
        found = [name for name in words.split(",") if name]
        if wrong := [name for name in found if name not in known]:
            raise argparse.ArgumentTypeError(f"{wrong[0]!r} is none of {', '.join(known)}")
        return found

    return names
