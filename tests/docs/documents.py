"""The project's pages as tests read them: their blocks, their commands, their links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PAGES = tuple(
    sorted(
        path.relative_to(ROOT)
        for pattern in ("*.md", "docs/**/*.md", "hw/**/*.md", "systemd/**/*.md", "images/**/*.md")
        for path in ROOT.glob(pattern)
    )
)

_INDENTED = re.compile(r"(?:^ {4}.*\n(?:[ \t]*\n(?= {4}))*)+", re.MULTILINE)
_FENCED = re.compile(r"^```.*\n((?:.*\n)*?)```$", re.MULTILINE)


def text_of(page: Path) -> str:
    return (ROOT / page).read_text("utf-8")


def blocks(page: Path) -> list[str]:
    """What a page shows to be typed or written into a file, without its indentation."""
    text = text_of(page)
    indented = [re.sub(r"^ {4}", "", found, flags=re.M) for found in _INDENTED.findall(text)]
    return [*indented, *_FENCED.findall(text)]


def spans(page: Path) -> list[str]:
    """What stands between backticks in the text."""
    return re.findall(r"`([^`\n]+)`", text_of(page))


def command_lines(page: Path) -> list[str]:
    """Block lines without their comments, and spans, that begin with ``codriver``."""
    lines = [line for block in blocks(page) for line in block.splitlines()]
    typed = [re.sub(r"\s+#.*", "", line) for line in (*lines, *spans(page))]
    return [line for line in typed if re.match(r"codriver [a-z-]", line)]


def toml_blocks(page: Path) -> list[str]:
    return [block for block in blocks(page) if re.match(r"\[[\w.]+\]$", block.splitlines()[0])]


def make_targets(page: Path) -> list[str]:
    """Targets that the page names in a block or between backticks."""
    lines = [line for block in blocks(page) for line in block.splitlines()]
    found = (re.match(r"make ([a-z][a-z-]*)", text) for text in (*spans(page), *lines))
    return [match[1] for match in found if match]


def links(page: Path) -> Iterator[str]:
    """Relative links, without the place inside the page they lead to."""
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if "://" not in target and not target.startswith("#"):
            yield target.partition("#")[0]
