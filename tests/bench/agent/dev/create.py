"""Development tasks in which something new is made: a script, a table, tests, a page."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

from tests.bench.agent.checks import csv_is, every, fails, holds, meanwhile, unittest_passes
from tests.bench.agent.task import Solution, Task

_NOTES = {
    "notes/monday.txt": "call the plumber\n",
    "notes/shopping list.txt": "milk\nbread\neggs\n",
    "notes/sketch.md": "# A sketch\n\nnot for the backup\n",
}
# Run twice, so that the folder is missing once and there once, with a note nobody knew of.
_BACKS_UP = """
import shutil, subprocess
from pathlib import Path

shutil.rmtree("backup", ignore_errors=True)
added = Path("notes", "added one.txt")
added.write_text("added")
try:
    for _ in range(2):
        subprocess.run(["bash", "backup.sh"], stdout=subprocess.DEVNULL, timeout=4)
    notes = {path.name: path.read_text() for path in Path("notes").iterdir()}
    saved = {path.name: path.read_text() for path in Path("backup").iterdir()}
finally:
    added.unlink()
assert sorted(notes) == ["added one.txt", "monday.txt", "shopping list.txt", "sketch.md"]
assert saved == {name: text for name, text in notes.items() if name.endswith(".txt")}
"""
_BACKUP = """\
#!/usr/bin/env bash
set -eu
mkdir -p backup
cp notes/*.txt backup/
"""

_TEAM = "name,age,city\nAnn,31,Oslo\nBea,40,Graz\nCarlos,29,Porto\n"

_DISCOUNT = '''\
"""Discounts of the shop."""


def discounted(price, percent):
    """The price with the percentage taken off."""
    if percent < 0 or percent > 100:
        raise ValueError("percent must be from 0 to 100")
    return price * (100 - percent) / 100
'''
# Each is wrong in one of the three cases that the tests are to cover, and only there.
_WRONG_DISCOUNTS = (
    _DISCOUNT.replace("(100 - percent)", "(100 - 2 * percent)"),
    _DISCOUNT.replace("    return", "    if percent == 0:\n        return price + 1\n    return"),
    _DISCOUNT.replace(" or percent > 100", ""),
)
_DISCOUNT_TESTS = """\
import unittest

from discount import discounted


class DiscountedTest(unittest.TestCase):
    def test_ten_percent(self):
        self.assertEqual(discounted(100, 10), 90)

    def test_zero_changes_nothing(self):
        self.assertEqual(discounted(59, 0), 59)

    def test_more_than_all(self):
        with self.assertRaises(ValueError):
            discounted(100, 101)


if __name__ == "__main__":
    unittest.main()
"""

_RECIPES = {
    name: f"<!DOCTYPE html>\n<title>{title}</title>\n<h1>{title}</h1>\n<p>{text}</p>\n"
    for name, title, text in (
        ("soup.html", "Tomato soup", "Ten tomatoes, one onion, an hour."),
        ("bread.html", "Rye bread", "Rye, water, salt and a night of patience."),
        ("cake.html", "Apple cake", "Four apples and whatever the cupboard has."),
    )
}
_INDEX = """\
<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>My Recipes</title>
</head>
<body>
  <h1>My Recipes</h1>
  <ul>
    <li><a href="soup.html">Tomato soup</a></li>
    <li><a href="bread.html">Rye bread</a></li>
    <li><a href="cake.html">Apple cake</a></li>
  </ul>
</body>
</html>
"""


class _Page(HTMLParser):
    """The titles, headings and links of a page; a link counts as listed inside ul and li."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.texts: dict[str, list[str]] = {"title": [], "h1": [], "a": []}
        self.links: list[str] = []
        self.unlisted = False
        self._open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("ul", "li", *self.texts):
            self._open.append(tag)
        if tag in self.texts:
            self.texts[tag].append("")
        if tag == "a":
            self.links.append((dict(attrs).get("href") or "").removeprefix("./"))
            self.unlisted |= not {"ul", "li"} <= set(self._open)

    def handle_endtag(self, tag: str) -> None:
        while tag in self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        for tag in set(self._open) & set(self.texts):
            self.texts[tag][-1] += data

    def words(self, tag: str) -> list[str]:
        return [" ".join(text.split()) for text in self.texts[tag]]


def _is_recipe_page(root: Path, _answer: str) -> bool:
    try:
        page = _Page((root / "index.html").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return False
    return (
        page.words("title") == page.words("h1") == ["My Recipes"]
        and sorted(page.links) == sorted(_RECIPES)
        and not page.unlisted
        and all(page.words("a"))
    )


TASKS: tuple[Task, ...] = (
    Task(
        name="backup-script",
        category="create",
        prompt=(
            "write me a bash script backup.sh, it should copy all the .txt files from notes/ to "
            "backup/ and make that folder if its missing. thx"
        ),
        files=_NOTES,
        check=holds(_BACKS_UP),
        solution=Solution({"backup.sh": _BACKUP}),
        kept=tuple(_NOTES),
    ),
    Task(
        name="team-table",
        category="create",
        prompt=(
            "Could you please put our team into a new file data/team.csv? The columns are name, "
            "age and city. Ann is thirty-one and lives in Oslo, Bea is forty and lives in Graz, "
            "and Carlos is twenty-nine and lives in Porto. Write the ages in digits."
        ),
        files={},
        check=csv_is(
            "data/team.csv",
            ("name", "age", "city"),
            ("Ann", "31", "Oslo"),
            ("Bea", "40", "Graz"),
            ("Carlos", "29", "Porto"),
        ),
        solution=Solution({"data/team.csv": _TEAM}),
    ),
    Task(
        name="discount-tests",
        category="create",
        prompt=(
            "Write test_discount.py with unittest for the function in discount.py. Cover these "
            "cases: 100 with 10 percent off is 90, zero percent changes nothing, and more than "
            "100 percent raises a ValueError. Don't touch discount.py."
        ),
        files={"discount.py": _DISCOUNT},
        check=every(
            unittest_passes("test_discount"),
            *(
                meanwhile({"discount.py": wrong}, fails(unittest_passes("test_discount")))
                for wrong in _WRONG_DISCOUNTS
            ),
        ),
        solution=Solution({"test_discount.py": _DISCOUNT_TESTS}),
        kept=("discount.py",),
    ),
    Task(
        name="recipe-page",
        category="create",
        prompt=(
            "make an index.html for my recipe site: title and h1 are both My Recipes, below that "
            "a ul with links to soup.html, bread.html and cake.html"
        ),
        files=_RECIPES,
        check=_is_recipe_page,
        solution=Solution({"index.html": _INDEX}),
        kept=tuple(_RECIPES),
    ),
)
