"""The tasks to tune on. Everyone may look at these.

Two of each category stand here, four more of all but "mixed" in dev/.
"""

from __future__ import annotations

from textwrap import dedent

from tests.bench.agent.checks import (
    answer_has,
    every,
    holds,
    json_is,
    prints,
    text_has,
    text_is,
    text_lacks,
)
from tests.bench.agent.dev import create, edit_many, edit_one, find, run
from tests.bench.agent.task import Solution, Task


def _d(text: str) -> str:
    return dedent(text).lstrip("\n")


_CALC = _d("""
    def add(a, b):
        return a - b


    def multiply(a, b):
        return a * b
""")

_SETTINGS = _d("""
    HOST = "127.0.0.1"
    PORT = 8000
    RETRIES = 3
    DEBUG = False
""")

_SHAPES = _d("""
    def area(width, height):
        return width * height
""")
_SHAPES_MAIN = _d("""
    from shapes import area

    print(area(3, 4))
""")

_V1 = '__version__ = "1.4.0"\n'
_V1_README = "# widget\n\nCurrent version: 1.4.0\n"
_V1_TOML = '[project]\nname = "widget"\nversion = "1.4.0"\n'

_PRIMES = _d("""
    def is_prime(n):
        return n > 1 and all(n % d for d in range(2, int(n ** 0.5) + 1))


    print(sum(n for n in range(1000) if is_prime(n)))
""")

_TEST_TEXT = _d("""
    import unittest

    from slug import slug


    class SlugTest(unittest.TestCase):
        def test_lower(self):
            self.assertEqual(slug("Hello"), "hello")

        def test_spaces(self):
            self.assertEqual(slug("a b c"), "a-b-c")

        def test_trims(self):
            self.assertEqual(slug("  x "), "x")


    if __name__ == "__main__":
        unittest.main()
""")
_SLUG = _d("""
    def slug(text):
        return text.lower().replace(" ", "-")
""")

_STORE = {
    "store/cart.py": "def total(items):\n    return sum(i.price for i in items)\n",
    "store/tax.py": "RATE = 0.19\n\n\ndef with_tax(amount):\n    return amount * (1 + RATE)\n",
    "store/ship.py": "def shipping(weight):\n    return 4.5 if weight < 2 else 9.0\n",
}

_LOG = _d("""
    10:00:01 INFO start
    10:00:04 ERROR disk full on /dev/sda1
    10:00:09 INFO retry
    10:01:17 ERROR connection lost to db7
    10:02:00 WARNING slow query
    10:02:31 ERROR timeout after 30s
    10:03:00 INFO stop
""")

TASKS: tuple[Task, ...] = (
    Task(
        name="hello-program",
        category="create",
        prompt="Create a Python program hello.py that prints Hello, road! and nothing else.",
        files={},
        check=prints("Hello, road!", "hello.py"),
        solution=Solution({"hello.py": 'print("Hello, road!")\n'}),
    ),
    Task(
        name="json-config",
        category="create",
        prompt=(
            'Create a file config.json with a JSON object: "name" is "demo", "port" is the '
            'number 9090, "tags" is a list with the strings "a" and "b".'
        ),
        files={},
        check=json_is("config.json", {"name": "demo", "port": 9090, "tags": ["a", "b"]}),
        solution=Solution({"config.json": '{"name": "demo", "port": 9090, "tags": ["a", "b"]}\n'}),
    ),
    Task(
        name="fix-add",
        category="edit-one",
        prompt="The function add in calc.py is wrong: it subtracts. Fix it.",
        files={"calc.py": _CALC},
        check=holds("from calc import *\nassert add(2, 3) == 5 and multiply(2, 3) == 6"),
        solution=Solution({"calc.py": _CALC.replace("a - b", "a + b")}),
    ),
    Task(
        name="change-port",
        category="edit-one",
        prompt="Change PORT in settings.py to 8443. Leave everything else as it is.",
        files={"settings.py": _SETTINGS},
        check=text_is("settings.py", _SETTINGS.replace("8000", "8443")),
        solution=Solution({"settings.py": _SETTINGS.replace("8000", "8443")}),
    ),
    Task(
        name="rename-across",
        category="edit-many",
        prompt=(
            "Rename the function area in shapes.py to rectangle_area, and update main.py, "
            "which uses it. main.py must still run."
        ),
        files={"shapes.py": _SHAPES, "main.py": _SHAPES_MAIN},
        check=every(
            prints("12", "main.py"),
            holds("import shapes\nassert shapes.rectangle_area(2, 5) == 10"),
            text_lacks("shapes.py", "def area("),
            text_has("main.py", "rectangle_area"),
        ),
        solution=Solution(
            {
                "shapes.py": _SHAPES.replace("area", "rectangle_area"),
                "main.py": _SHAPES_MAIN.replace("area", "rectangle_area"),
            }
        ),
        max_turns=10,
    ),
    Task(
        name="bump-version",
        category="edit-many",
        prompt="Bump the version from 1.4.0 to 1.5.0 in version.py, README.md and pyproject.toml.",
        files={"version.py": _V1, "README.md": _V1_README, "pyproject.toml": _V1_TOML},
        check=every(
            text_is("version.py", _V1.replace("1.4.0", "1.5.0")),
            text_is("README.md", _V1_README.replace("1.4.0", "1.5.0")),
            text_is("pyproject.toml", _V1_TOML.replace("1.4.0", "1.5.0")),
        ),
        solution=Solution(
            {
                "version.py": _V1.replace("1.4.0", "1.5.0"),
                "README.md": _V1_README.replace("1.4.0", "1.5.0"),
                "pyproject.toml": _V1_TOML.replace("1.4.0", "1.5.0"),
            }
        ),
        max_turns=10,
    ),
    Task(
        name="run-primes",
        category="run",
        prompt="Run primes.py and tell me the number it prints.",
        files={"primes.py": _PRIMES},
        check=answer_has(("76127", "76,127")),
        solution=Solution(answer="It prints 76127."),
        kept=("primes.py",),
    ),
    Task(
        name="run-tests",
        category="run",
        prompt="Run the tests in test_slug.py. Which test fails? Tell me its name; change nothing.",
        files={"slug.py": _SLUG, "test_slug.py": _TEST_TEXT},
        check=answer_has("test_trims"),
        solution=Solution(answer="One test fails: test_trims."),
        kept=("slug.py", "test_slug.py"),
    ),
    Task(
        name="find-rate",
        category="find",
        prompt="Which file in the folder store sets the tax rate, and what is the rate?",
        files=_STORE,
        check=answer_has(("tax.py", "store/tax.py"), ("0.19", "19%", "19 %")),
        solution=Solution(answer="store/tax.py sets it: RATE = 0.19."),
        kept=tuple(_STORE),
    ),
    Task(
        name="count-errors",
        category="find",
        prompt="How many ERROR lines are in app.log, and which database was lost?",
        files={"app.log": _LOG},
        check=answer_has(("3", "three"), "db7"),
        solution=Solution(answer="There are 3 ERROR lines; the lost database is db7."),
        kept=("app.log",),
    ),
    Task(
        name="fix-and-run",
        category="mixed",
        prompt=(
            "average.py crashes. Find out why, fix it so that average([]) returns 0, and "
            "make sure the script runs."
        ),
        files={
            "average.py": _d("""
                def average(values):
                    return sum(values) / len(values)


                print(average([4, 8]))
                print(average([]))
            """)
        },
        check=holds(
            "from average import average\nassert average([]) == 0 and average([1, 2]) == 1.5"
        ),
        solution=Solution(
            {
                "average.py": _d("""
                    def average(values):
                        return sum(values) / len(values) if values else 0


                    print(average([4, 8]))
                    print(average([]))
                """)
            }
        ),
    ),
    Task(
        name="write-and-report",
        category="mixed",
        prompt=(
            "Count the lines of words.txt and write only that number to count.txt. "
            "Then tell me the number."
        ),
        files={"words.txt": "".join(f"word{n}\n" for n in range(37))},
        check=every(text_is("count.txt", "37"), answer_has("37")),
        solution=Solution({"count.txt": "37\n"}, answer="words.txt has 37 lines."),
        kept=("words.txt",),
    ),
    *create.TASKS,
    *edit_one.TASKS,
    *edit_many.TASKS,
    *run.TASKS,
    *find.TASKS,
)
