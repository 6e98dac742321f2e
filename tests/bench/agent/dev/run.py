"""Development tasks in which something is run and its outcome told: make, a script, tests."""

from __future__ import annotations

from tests.bench.agent.checks import answer_has, answer_lacks, every
from tests.bench.agent.task import Solution, Task

_STATS = """\
\"\"\"Prints what is to know about the last column of a CSV file.\"\"\"

import csv
import statistics
import sys


def values(path):
    with open(path, newline="") as file:
        return [float(row["ms"]) for row in csv.DictReader(file)]


def main(path):
    numbers = values(path)
    print(f"rows:    {len(numbers)}")
    print(f"mean:    {statistics.mean(numbers):.2f}")
    print(f"median:  {statistics.median(numbers):.2f}")
    print(f"longest: {max(numbers):.2f}")


if __name__ == "__main__":
    main(sys.argv[1])
"""
_LATENCIES = "request,ms\n" + "".join(
    f"{number},{(number * number * 7919 + 31 * number) % 1931 / 10:.1f}\n"
    for number in range(1, 81)
)
_MAKE = {
    "Makefile": """\
.PHONY: all stats clean

all: stats

stats:
\t@python3 scripts/stats.py data/latency.csv

clean:
\trm -rf build
""",
    "scripts/stats.py": _STATS,
    "data/latency.csv": _LATENCIES,
}

_CHECK_ENV = """\
#!/bin/sh
# Looks whether this machine has what the deployment needs.
# Each thing that is missing has an exit code of its own.

settings=config/app.ini

say() {
    echo "check_env: $1" >&2
}

if [ ! -f "$settings" ]; then
    say "there is no $settings"
    exit 11
fi

if ! grep -q '^\\[mail\\]' "$settings"; then
    say "no section for the mail"
    exit 12
fi

if [ ! -d templates ]; then
    say "the templates are missing"
    exit 13
fi

if [ "$(grep -c '^sender *=' "$settings")" -ne 1 ]; then
    say "there must be one sender"
    exit 17
fi

if [ ! -s templates/welcome.txt ]; then
    say "the welcome text is empty"
    exit 19
fi

echo "all is well"
"""
_ENV = {
    "scripts/check_env.sh": _CHECK_ENV,
    "config/app.ini": """\
[app]
name = postcards

[mail]
server = mail.internal
sender = cards@example.org
port = 587

[newsletter]
sender = news@example.org
""",
    "templates/welcome.txt": "Welcome to postcards!\n",
}

_TESTED = {
    "textkit/__init__.py": "",
    "textkit/case.py": """\
def snake(name):
    out = ""
    for char in name:
        if char.isupper() and out:
            out += "_"
        out += char.lower()
    return out


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


def title(text):
    return text.title()
""",
    "textkit/fit.py": """\
def shorten(text, width):
    if len(text) <= width:
        return text
    return text[: width - 3] + "..."


def centre(text, width):
    left = (width - len(text)) // 2
    return " " * left + text


def wrap(text, width):
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
""",
    "tests/test_case.py": """\
import unittest

from textkit.case import camel, snake, title


class CaseTest(unittest.TestCase):
    def test_snake(self):
        self.assertEqual(snake("userName"), "user_name")

    def test_snake_of_a_class(self):
        self.assertEqual(snake("UserName"), "user_name")

    def test_snake_of_an_abbreviation(self):
        self.assertEqual(snake("readHTML"), "read_html")

    def test_camel(self):
        self.assertEqual(camel("user_name"), "userName")

    def test_camel_of_one_word(self):
        self.assertEqual(camel("user"), "user")

    def test_title(self):
        self.assertEqual(title("a small tale"), "A Small Tale")

    def test_title_with_an_apostrophe(self):
        self.assertEqual(title("the cat's tale"), "The Cat's Tale")


if __name__ == "__main__":
    unittest.main()
""",
    "tests/test_fit.py": """\
import unittest

from textkit.fit import centre, shorten, wrap


class FitTest(unittest.TestCase):
    def test_short_text_stays(self):
        self.assertEqual(shorten("abc", 3), "abc")

    def test_long_text_ends_in_dots(self):
        self.assertEqual(shorten("abcdefgh", 6), "abc...")

    def test_no_room_for_dots(self):
        self.assertEqual(len(shorten("abcdefgh", 2)), 2)

    def test_centre(self):
        self.assertEqual(centre("ab", 6), "  ab  ")

    def test_wrap(self):
        self.assertEqual(wrap("one two three", 8), ["one two", "three"])

    def test_wrap_of_nothing(self):
        self.assertEqual(wrap("", 8), [""])

    def test_wrap_keeps_a_long_word(self):
        self.assertEqual(wrap("a extraordinary b", 8), ["a", "extraordinary", "b"])


if __name__ == "__main__":
    unittest.main()
""",
}

_IMPORT = """\
\"\"\"Reads orders from a CSV file: python3 import_orders.py FILE\"\"\"

import csv
import sys


class BadOrder(Exception):
    pass


def cents(text):
    euros, _, rest = text.partition(".")
    return int(euros) * 100 + int(rest or 0)


def read(path):
    seen = set()
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            name = row["order"]
            if name in seen:
                raise BadOrder(f"order {name} comes twice")
            seen.add(name)
            if int(row["pieces"]) * cents(row["price"]) != cents(row["sum"]):
                raise BadOrder(f"order {name}: the sum does not fit")
            yield name, cents(row["sum"])


def main(argv):
    try:
        orders = list(read(argv[1]))
    except BadOrder as error:
        print(f"stopped: {error}", file=sys.stderr)
        return 1
    print(f"{len(orders)} orders, {sum(total for _, total in orders) / 100:.2f} euros")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
"""


def _order(number: int) -> str:
    pieces = number * 7 % 9 + 1
    price = number * 37 % 400 + 105
    total = pieces * price + (10 if number == 41 else 0)
    return (
        f"A-{2050 + number * 3},{pieces},{price // 100}.{price % 100:02},"
        f"{total // 100}.{total % 100:02}\n"
    )


_ORDERS = {
    "import_orders.py": _IMPORT,
    "data/orders.csv": "order,pieces,price,sum\n" + "".join(_order(n) for n in range(1, 61)),
}

TASKS: tuple[Task, ...] = (
    Task(
        name="make-stats",
        category="run",
        prompt="run make stats, whats the median?",
        files=_MAKE,
        check=answer_has(("91.75", "91.75ms", "91,75")),
        solution=Solution(answer="The median is 91.75."),
        kept=tuple(_MAKE),
    ),
    Task(
        name="exit-code",
        category="run",
        prompt=(
            "Please run scripts/check_env.sh with sh, from this folder, and tell me the exit code "
            "it ends with. Don't repair anything yet."
        ),
        files=_ENV,
        check=answer_has("17"),
        solution=Solution(answer="It ends with exit code 17."),
        kept=tuple(_ENV),
    ),
    Task(
        name="count-tests",
        category="run",
        prompt=(
            "Run all the tests with `python3 -m unittest discover tests` and report how many "
            "tests were run and how many of them failed. I only want to know the two numbers, so "
            "do not fix anything."
        ),
        files=_TESTED,
        check=every(
            answer_has(("14", "fourteen"), ("4", "four")),
            answer_lacks("10 failed", "10 tests failed", "ten failed", "ten tests failed"),
        ),
        solution=Solution(answer="14 tests were run, 4 of them failed."),
        kept=tuple(_TESTED),
    ),
    Task(
        name="bad-order",
        category="run",
        prompt="Try import_orders.py with data/orders.csv. Which order does it stop at?",
        files=_ORDERS,
        check=answer_has(("A-2173", "2173")),
        solution=Solution(answer="It stops at order A-2173: the sum does not fit."),
        kept=tuple(_ORDERS),
    ),
)
