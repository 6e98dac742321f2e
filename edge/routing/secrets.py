"""Finds keys and tokens in a text, by the table in data/secrets.toml. Pure but for loading it.

Time is linear in the text: a pattern is tried only where one of its marks stands, and each
reads a bounded stretch. Knows no request. Called by the scan.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).parent.parent / "data" / "secrets.toml"

LEAST_DIGITS, LEAST_LETTERS = 3, 6
"""Of what is judged by its entropy: fewer are names with a number or a number."""

_JOINTS = re.compile(r"[/_~=+-]+")


@dataclass(frozen=True, slots=True)
class Kind:
    """``name`` is how a reason says it, "a GitHub token"."""

    name: str
    marks: tuple[str, ...]
    pattern: re.Pattern[str]
    entropy: float | None = None
    exempt: tuple[str, ...] = ()


def load_kinds(table: Path = TABLE) -> tuple[Kind, ...]:
    """The shipped table. Blocking."""
    entries = tomllib.loads(table.read_text(encoding="utf-8"))["kind"]
    return tuple(
        Kind(
            entry["name"],
            tuple(entry["marks"]),
            re.compile(entry["pattern"]),
            entry.get("entropy"),
            tuple(entry.get("not", ())),
        )
        for entry in entries
    )


def find_secret(text: str, kinds: Iterable[Kind]) -> str | None:
    """The name of the first kind that the text holds one of; None where it holds none."""
    for kind in kinds:
        if any(_stands(kind, mark, text) for mark in kind.marks):
            return kind.name
    return None


def _stands(kind: Kind, mark: str, text: str) -> bool:
    at = text.find(mark)
    while at >= 0:
        found = kind.pattern.match(text, at)
        if found is not None and _is_secret(kind, found):
            return True
        at = text.find(mark, at + len(mark))
    return False


def _is_secret(kind: Kind, found: re.Match[str]) -> bool:
    if any(word in found[0] for word in kind.exempt):
        return False
    if kind.entropy is None:
        return True
    value = found[1]
    if all(piece.isalpha() or piece.isdigit() for piece in _JOINTS.split(value) if piece):
        return False  # a path or a name made of words
    digits = sum(char.isdigit() for char in value)
    letters = sum(char.isalpha() for char in value)
    return digits >= LEAST_DIGITS and letters >= LEAST_LETTERS and entropy(value) >= kind.entropy


def entropy(text: str) -> float:
    """Shannon's, in bits a character."""
    if not text:
        return 0.0
    shares = (count / len(text) for count in Counter(text).values())
    return -sum(share * math.log2(share) for share in shares)
