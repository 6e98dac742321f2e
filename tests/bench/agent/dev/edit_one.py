"""Development tasks in which one file is changed: JSON, INI, a long Python module, a script."""

from __future__ import annotations

from tests.bench.agent.checks import edited, every, holds, json_is, meanwhile
from tests.bench.agent.task import Solution, Task

_PACKAGE = """\
{
  "name": "garden-planner",
  "version": "0.7.2",
  "private": true,
  "type": "module",
  "scripts": {
    "dev": "vite",
    "build": "vite build",
    "test": "vitest run"
  },
  "dependencies": {
    "date-fns": "^3.6.0",
    "preact": "^10.22.0"
  },
  "devDependencies": {
    "eslint": "^9.5.0",
    "vite": "^5.3.1",
    "vitest": "^1.6.0"
  }
}
"""
_PACKAGE_END = {
    "name": "garden-planner",
    "version": "0.7.2",
    "private": True,
    "type": "module",
    "scripts": {
        "dev": "vite",
        "build": "vite build",
        "test": "vitest run",
        "lint": "eslint src",
    },
    "dependencies": {"date-fns": "^3.6.0", "preact": "^10.22.0"},
    "devDependencies": {"eslint": "^9.5.0", "vite": "^5.3.1", "vitest": "^1.6.0"},
}

_PROD_INI = """\
; Production. All timeouts are in seconds.

[http]
host = 0.0.0.0
port = 8080
timeout = 30
workers = 4

[database]
host = db.internal
port = 5432
name = orders
pool = 12
timeout = 10

[cache]
host = cache.internal
port = 6379
timeout = 5

[log]
level = warning
file = /var/log/orders/server.log
"""
_DB_TIMEOUT = "pool = 12\ntimeout = 10\n"
_STAGING_INI = _PROD_INI.replace("Production", "Staging").replace("internal", "staging.internal")

_STOCK = '''\
"""The stock of the shop: which articles there are, and how many pieces of each."""

import json
from pathlib import Path


class NotEnough(Exception):
    """More pieces were wanted than there are."""


class Stock:
    """Articles by name with the number of pieces.

    Names are kept as they are given; two names that differ only in case are two articles.
    """

    def __init__(self):
        self._pieces = {}
        self._notes = {}

    # -- changing -------------------------------------------------------------

    def put(self, name, pieces=1):
        """Add pieces of an article; an article that is new is made."""
        if not name:
            raise ValueError("an article needs a name")
        if pieces < 1:
            raise ValueError("at least one piece")
        self._pieces[name] = self._pieces.get(name, 0) + pieces

    def take(self, name, pieces=1):
        """Take pieces of an article out of the stock."""
        if pieces < 1:
            raise ValueError("at least one piece")
        if name not in self._pieces:
            raise KeyError(name)
        if self._pieces[name] < pieces:
            raise NotEnough(f"{name}: wanted {pieces}, there are {self._pieces[name]}")
        self._pieces[name] -= pieces

    def rename(self, old, new):
        """Give an article another name; the pieces go along."""
        if new in self._pieces:
            raise ValueError(f"{new} is already there")
        self._pieces[new] = self._pieces.pop(old)
        if old in self._notes:
            self._notes[new] = self._notes.pop(old)

    def note(self, name, text):
        """Write a note on an article, or take it away with an empty text."""
        if name not in self._pieces:
            raise KeyError(name)
        if text:
            self._notes[name] = text
        else:
            self._notes.pop(name, None)

    def merge(self, other):
        """Add everything that another stock holds."""
        for name in other.names():
            self.put(name, other.count(name))

    # -- asking ---------------------------------------------------------------

    def count(self, name):
        """How many pieces there are; none of an article that is not there."""
        return self._pieces.get(name, 0)

    def names(self):
        """The articles in alphabetical order."""
        return sorted(self._pieces)

    def total(self):
        """All pieces together."""
        return sum(self._pieces.values())

    def scarce(self, limit=3):
        """The articles of which there are fewer pieces than the limit."""
        return [name for name in self.names() if self._pieces[name] < limit]

    def lines(self):
        """One line for each article, as they are shown on the screen."""
        return [self._line(name) for name in self.names()]

    def _line(self, name):
        note = self._notes.get(name)
        tail = f"  ({note})" if note else ""
        return f"{name:20}{self._pieces[name]:>6}{tail}"

    # -- keeping --------------------------------------------------------------

    def save(self, path):
        """Write the stock to a JSON file."""
        content = {"pieces": self._pieces, "notes": self._notes}
        Path(path).write_text(json.dumps(content, indent=2, sort_keys=True))

    @classmethod
    def load(cls, path):
        """Read a stock that save() has written."""
        content = json.loads(Path(path).read_text())
        stock = cls()
        stock._pieces = dict(content["pieces"])
        stock._notes = dict(content["notes"])
        return stock
'''
_SHOP = {
    "shop/__init__.py": "",
    "shop/stock.py": _STOCK,
    "shop/prices.py": "PRICES = {'apple': 40, 'pear': 55}\n\n\ndef price(name):\n"
    "    return PRICES.get(name, 0)\n",
    "main.py": "from shop.stock import Stock\n\nstock = Stock()\nstock.put('apple', 3)\n"
    "stock.take('apple', 2)\nprint('\\n'.join(stock.lines()))\n",
}
_GONE_WITH_THE_LAST = """
from shop.stock import NotEnough, Stock

def stock():
    made = Stock()
    made.put("apple", 3)
    made.put("pear")
    return made

s = stock()
s.take("apple", 2)
assert s.names() == ["apple", "pear"] and s.count("apple") == 1 and s.total() == 2
s.take("apple")
assert s.names() == ["pear"] and s.count("apple") == 0 and s.scarce() == ["pear"]
assert len(s.lines()) == 1 and s.lines()[0].split() == ["pear", "1"]
s.put("apple", 5)
assert s.names() == ["apple", "pear"] and s.count("apple") == 5
s = stock()
s.take("apple", 3)
t = Stock()
t.merge(s)
assert t.names() == ["pear"]
s = stock()
for wanted, kind in ((("apple", 4), NotEnough), (("plum", 1), KeyError), (("pear", 0), ValueError)):
    try:
        s.take(*wanted)
    except kind:
        pass
    else:
        raise AssertionError(wanted)
assert s.count("apple") == 3 and s.count("pear") == 1
s.note("apple", "red")
s.rename("apple", "plum")
assert [line.split() for line in s.lines()] == [["pear", "1"], ["plum", "3", "(red)"]]
"""
_TAKEN = "        self._pieces[name] -= pieces\n"
_TAKEN_AND_GONE = (
    _TAKEN + "        if self._pieces[name] == 0:\n"
    "            del self._pieces[name]\n"
    "            self._notes.pop(name, None)\n"
)

_LINECOUNT = """\
#!/usr/bin/env bash
# Prints how many lines each file of a folder has, and the total.
# usage: linecount.sh FOLDER
set -eu

folder=$1
total=0

for file in $(ls $folder); do
    lines=$(wc -l < $folder/$file)
    echo "$file: $lines"
    total=$((total + lines))
done

echo "total: $total"
"""
_SAMPLES = {
    "samples/alpha.txt": "one\ntwo\n",
    "samples/beta notes.txt": "one\ntwo\nthree\n",
    "samples/gamma.txt": "one\n",
}
_COUNTS = """
import subprocess

command = ["bash", "tools/linecount.sh", "samples"]
done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
*files, total = [line.split(": ") for line in done.stdout.strip().splitlines()]
assert sorted((name, int(lines)) for name, lines in files) == {files}
assert total[0] == "total" and int(total[1]) == {total}
"""
_LINECOUNT_FIXED = _LINECOUNT.replace(
    'for file in $(ls $folder); do\n    lines=$(wc -l < $folder/$file)\n    echo "$file',
    'for file in "$folder"/*; do\n    lines=$(wc -l < "$file")\n    echo "${file##*/}',
)


def _counts(files: list[tuple[str, int]]) -> str:
    total = sum(lines for _, lines in files)
    return _COUNTS.replace("{files}", repr(files)).replace("{total}", str(total))


_THREE = [("alpha.txt", 2), ("beta notes.txt", 3), ("gamma.txt", 1)]

TASKS: tuple[Task, ...] = (
    Task(
        name="lint-script",
        category="edit-one",
        prompt='web/package.json: add a script "lint", it is "eslint src"',
        files={"web/package.json": _PACKAGE},
        check=json_is("web/package.json", _PACKAGE_END),
        solution=Solution(
            {
                "web/package.json": _PACKAGE.replace(
                    '"vitest run"\n', '"vitest run",\n    "lint": "eslint src"\n'
                )
            }
        ),
    ),
    Task(
        name="database-timeout",
        category="edit-one",
        prompt=(
            "Our production server gives up on the database too early. Please raise the timeout "
            "of the database to two minutes in deploy/prod/server.ini."
        ),
        files={"deploy/prod/server.ini": _PROD_INI, "deploy/staging/server.ini": _STAGING_INI},
        check=edited(
            "deploy/prod/server.ini",
            _PROD_INI,
            _DB_TIMEOUT,
            r"pool = 12\ntimeout *[=:] *120(?: *[;#][^\n]*)?\n",
        ),
        solution=Solution(
            {"deploy/prod/server.ini": _PROD_INI.replace(_DB_TIMEOUT, "pool = 12\ntimeout = 120\n")}
        ),
        kept=("deploy/staging/server.ini",),
    ),
    Task(
        name="last-piece",
        category="edit-one",
        prompt=(
            "Hi! There's a bug in the stock of our little shop program: when I take the last "
            "piece of an article, the article stays in the list with 0 pieces. It should be gone "
            "from the stock then. Could you find the place and fix it? The rest works fine, so "
            "please leave that as it is. Thanks a lot!"
        ),
        files=_SHOP,
        check=holds(_GONE_WITH_THE_LAST),
        solution=Solution({"shop/stock.py": _STOCK.replace(_TAKEN, _TAKEN_AND_GONE)}),
        kept=("shop/prices.py", "main.py"),
    ),
    Task(
        name="spaces-in-names",
        category="edit-one",
        prompt="tools/linecount.sh brakes when a file name has a space in it. can you fix that?",
        files={"tools/linecount.sh": _LINECOUNT, **_SAMPLES},
        check=every(
            holds(_counts(_THREE)),
            meanwhile(
                {"samples/two  blanks here.txt": "x\n" * 4},
                holds(_counts([*_THREE, ("two  blanks here.txt", 4)])),
            ),
        ),
        solution=Solution({"tools/linecount.sh": _LINECOUNT_FIXED}),
        kept=tuple(_SAMPLES),
    ),
)
