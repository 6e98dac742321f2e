"""Development tasks in which several files are changed: a name, a constant, a version, a module."""

from __future__ import annotations

from tests.bench.agent.checks import absent, edited, every, holds, lines_are, text_is
from tests.bench.agent.task import Solution, Task

_LARKBOX = {
    "README.md": """\
# Larkbox

Larkbox plays the songs of your neighbourhood birds when the morning comes.

## Start

Open `web/index.html` in a browser and let Larkbox use the speaker.
""",
    "docs/faq.md": """\
# Questions

**Does Larkbox need the internet?** No. The songs are in `web/songs`.

**Can I add my own birds?** Yes, put an MP3 file into `web/songs` and load the page again.
""",
    "web/index.html": """\
<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>Larkbox</title>
  <script src="js/player.js" defer></script>
</head>
<body>
  <h1>Welcome to Larkbox</h1>
  <button id="play">Play</button>
  <p id="status"></p>
</body>
</html>
""",
    "web/js/player.js": """\
const NAME = "Larkbox";
const songs = ["blackbird.mp3", "robin.mp3", "wren.mp3"];

let next = 0;

function say(text) {
  document.getElementById("status").textContent = `${NAME}: ${text}`;
}

function play() {
  const song = songs[next];
  next = (next + 1) % songs.length;
  new Audio(`songs/${song}`).play();
  say(`playing ${song}`);
}

document.getElementById("play").addEventListener("click", play);
""",
}
_FINCHBOX = {path: text.replace("Larkbox", "Finchbox") for path, text in _LARKBOX.items()}

_LIMIT = "MAX_BYTES = 5_000_000\n"
_UPLOAD = f'''\
"""Takes files from the visitors."""

{_LIMIT}

def accepts(size):
    return 0 < size <= MAX_BYTES


def refusal(size):
    if accepts(size):
        return ""
    return f"a file may have 1 to {{MAX_BYTES}} bytes, this one has {{size}}"
'''
_RESIZE = f'''\
"""Makes pictures smaller until they fit."""

{_LIMIT}
STEP = 2


def halvings(size):
    """How often a picture has to be halved."""
    count = 0
    while size > MAX_BYTES:
        size //= STEP
        count += 1
    return count
'''
_IMPORTED = "from limits import MAX_BYTES\n"
# The one limit decides in both modules, however they import it.
_SHARED = """
import ast
from pathlib import Path

for name in ("upload.py", "resize.py"):
    for node in ast.walk(ast.parse(Path(name).read_text())):
        assert not (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
                    and node.id == "MAX_BYTES"), name
import limits

assert limits.MAX_BYTES == 5_000_000
limits.MAX_BYTES = 10
import resize, upload

assert upload.accepts(10) and not upload.accepts(11) and not upload.accepts(0)
assert upload.refusal(10) == ""
assert upload.refusal(11) == "a file may have 1 to 10 bytes, this one has 11"
assert [resize.halvings(size) for size in (10, 11, 20, 44)] == [0, 1, 1, 3]
"""

_PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "tidepool"
version = "2.1.0"
description = "Tide tables for small harbours."
requires-python = ">=3.9"
dependencies = ["requests>=2.31"]
"""
_WORKFLOW = """\
name: tests

on: [push, pull_request]

jobs:
  test:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        python-version: ["3.9", "3.10", "3.11"]
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: ${{ matrix.python-version }}
      - run: pip install .
      - run: python -m unittest
"""
_README = """\
# tidepool

Tide tables for small harbours.

Needs Python 3.9 or newer.

    pip install tidepool
    tidepool Husum
"""
_VERSIONS = '["3.9", "3.10", "3.11"]'
_WORKFLOW_PATH = ".github/workflows/test.yml"
# A list in brackets or one version a line; 3.10 needs its quotes, or it is the number 3.1.
_VERSIONS_LEFT = (
    r"(?: +\[ *(?P<a>[\"'])3\.10(?P=a) *, *(?P<b>[\"']?)3\.11(?P=b) *\]"
    r"|\n {8,}- +(?P<c>[\"'])3\.10(?P=c)\n {8,}- +(?P<d>[\"']?)3\.11(?P=d))"
)

_MAIN = """\
import sys

from columns import widths
from legacy_export import export_all


def table(rows):
    sizes = widths(rows)
    for row in rows:
        print(" | ".join(cell.ljust(size) for cell, size in zip(row, sizes)))


def main():
    rows = [["name", "length"], ["Elbe", "1094"], ["Weser", "452"]]
    table(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
"""
_RIVERS = """\
# rivers

Prints rivers as a table.

- `main.py`: the program
- `columns.py`: how wide the columns are
- `legacy_export.py`: the old XML export
- `README.md`: this text
"""
_IMPORT_LINE = "from legacy_export import export_all\n"
_README_LINE = "- `legacy_export.py`: the old XML export\n"
_RIVER_FILES = {
    "main.py": _MAIN,
    "README.md": _RIVERS,
    "columns.py": """\
def widths(rows):
    return [max(len(cell) for cell in column) for column in zip(*rows)]
""",
    "legacy_export.py": """\
from xml.etree import ElementTree


def export_all(rows):
    root = ElementTree.Element("rows")
    for row in rows:
        node = ElementTree.SubElement(root, "row")
        for cell in row:
            ElementTree.SubElement(node, "cell").text = cell
    return ElementTree.tostring(root)
""",
}

TASKS: tuple[Task, ...] = (
    Task(
        name="new-name",
        category="edit-many",
        prompt=(
            "We have to give our product another name: Larkbox is called Finchbox from now on. "
            "Please change it everywhere in this project."
        ),
        files=_LARKBOX,
        check=every(*(text_is(path, text) for path, text in _FINCHBOX.items())),
        solution=Solution(_FINCHBOX),
        max_turns=12,
    ),
    Task(
        name="shared-limit",
        category="edit-many",
        prompt=(
            "MAX_BYTES is defined twice, in upload.py and in resize.py. Move it to a new file "
            "limits.py and import it from there in both."
        ),
        files={"upload.py": _UPLOAD, "resize.py": _RESIZE},
        check=holds(_SHARED),
        solution=Solution(
            {
                "limits.py": _LIMIT,
                "upload.py": _UPLOAD.replace(_LIMIT, _IMPORTED),
                "resize.py": _RESIZE.replace(_LIMIT, _IMPORTED),
            }
        ),
        max_turns=12,
    ),
    Task(
        name="drop-old-python",
        category="edit-many",
        prompt=(
            "we drop support for python 3.9, three-ten is the minimum now. change pyproject.toml, "
            ".github/workflows/test.yml and README.md accordingly pls"
        ),
        files={"pyproject.toml": _PYPROJECT, _WORKFLOW_PATH: _WORKFLOW, "README.md": _README},
        check=every(
            edited("pyproject.toml", _PYPROJECT, '">=3.9"', r"([\"'])>= *3\.10(?:\.0)?\1"),
            edited(_WORKFLOW_PATH, _WORKFLOW, f" {_VERSIONS}", _VERSIONS_LEFT),
            edited(
                "README.md",
                _README,
                "Python 3.9 or newer",
                r"Python (?:3\.10 or (?:newer|later|higher|above)|3\.10\+|>= ?3\.10)",
            ),
        ),
        solution=Solution(
            {
                "pyproject.toml": _PYPROJECT.replace("3.9", "3.10"),
                _WORKFLOW_PATH: _WORKFLOW.replace('"3.9", ', ""),
                "README.md": _README.replace("3.9", "3.10"),
            }
        ),
        max_turns=12,
    ),
    Task(
        name="drop-module",
        category="edit-many",
        prompt=(
            "Nobody uses legacy_export.py any more. Delete the file, and take out its import in "
            "main.py and its line in README.md."
        ),
        files=_RIVER_FILES,
        check=every(
            absent("legacy_export.py"),
            lines_are("main.py", _MAIN.replace(_IMPORT_LINE, "")),
            lines_are("README.md", _RIVERS.replace(_README_LINE, "")),
        ),
        solution=Solution(
            {
                "main.py": _MAIN.replace(_IMPORT_LINE, ""),
                "README.md": _RIVERS.replace(_README_LINE, ""),
            },
            removed=("legacy_export.py",),
        ),
        kept=("columns.py",),
        max_turns=12,
    ),
)
