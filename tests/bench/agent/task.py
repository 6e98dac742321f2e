"""What an everyday task is: files, a developer's sentence, an exact checker, a reference solution.

Pure data. Knows no client and no server. Task sets build these, the runner plays them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias, get_args

Category = Literal["create", "edit-one", "edit-many", "run", "find", "mixed"]
CATEGORIES: tuple[Category, ...] = get_args(Category)

Checker: TypeAlias = Callable[[Path, str], bool]
"""Says of a directory and the client's final text whether the task is done."""


@dataclass(frozen=True, slots=True)
class Solution:
    """What a good engineer would leave behind: files as they end, and the final text."""

    files: Mapping[str, str] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    answer: str = "Done."

    def apply(self, root: Path) -> None:
        """Bring a directory from where the task starts to where it should end."""
        lay_out(self.files, root)
        for path in self.removed:
            (root / path).unlink()


@dataclass(frozen=True, slots=True)
class Task:
    """One task. ``kept`` names files that must end exactly as they were laid out."""

    name: str
    category: Category
    prompt: str
    files: Mapping[str, str]
    check: Checker
    solution: Solution
    kept: tuple[str, ...] = ()
    max_turns: int = 8
    timeout_s: float = 240.0

    def passed(self, root: Path, answer: str) -> bool:
        """Whether ``root`` and ``answer`` are what the prompt asked for."""
        intact = all(_is(root / path, self.files[path]) for path in self.kept)
        return intact and self.check(root, answer)


def lay_out(files: Mapping[str, str], root: Path) -> None:
    """Write ``files`` (relative path to text) under ``root``."""
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")


def _is(path: Path, content: str) -> bool:
    return path.is_file() and path.read_bytes() == content.encode()
