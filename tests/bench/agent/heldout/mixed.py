"""Held out: small tasks of more than one kind. Not for the eyes of those who tune."""

from __future__ import annotations

from textwrap import dedent

from tests.bench.agent.checks import (
    absent,
    answer_has,
    every,
    holds,
    json_is,
    prints,
    text_has,
    text_is,
)
from tests.bench.agent.task import Solution, Task


def _d(text: str) -> str:
    return dedent(text).lstrip("\n")


_SYNTAX = _d("""
    def greet(name)
        return "Hi " + name


    print(greet("Zoe"))
""")

_CAPITAL = _d("""
    def capitalize_all(words):
        return [w.lower() for w in words]
""")
_CAPITAL_TEST = _d("""
    import unittest

    from capital import capitalize_all


    class CapitalTest(unittest.TestCase):
        def test_words(self):
            self.assertEqual(capitalize_all(["ab", "cd"]), ["Ab", "Cd"])


    if __name__ == "__main__":
        unittest.main()
""")

_SUM = _d("""
    total = 0
    for n in range(1, 500):
        if n % 7 == 0:
            total = total + n
    print(total)
""")

_SECRET = _d("""
    import os

    TOKEN = "letmein"


    def token():
        return TOKEN
""")

_INVENTORY = "item,amount\nbolt,120\nnut,80\nwasher,300\nscrew,45\n"

_IMPORT = _d("""
    print(math.floor(7.9))
""")

TASKS: tuple[Task, ...] = (
    Task(
        name="fix-syntax",
        category="mixed",
        prompt="hello.py has a syntax error. Fix it and run it to make sure that it works.",
        files={"hello.py": _SYNTAX},
        check=prints("Hi Zoe", "hello.py"),
        solution=Solution({"hello.py": _SYNTAX.replace("(name)\n", "(name):\n")}),
    ),
    Task(
        name="make-test-pass",
        category="mixed",
        prompt=(
            "test_capital.py fails. Fix capital.py so that the test passes; leave the test alone."
        ),
        files={"capital.py": _CAPITAL, "test_capital.py": _CAPITAL_TEST},
        check=holds(
            "from capital import capitalize_all\n"
            "assert capitalize_all(['ab', 'cd', 'x']) == ['Ab', 'Cd', 'X']"
        ),
        solution=Solution({"capital.py": _CAPITAL.replace("lower", "capitalize")}),
        kept=("test_capital.py",),
    ),
    Task(
        name="run-into-file",
        category="mixed",
        prompt="Run sevens.py, save its output in result.txt and tell me the number.",
        files={"sevens.py": _SUM},
        check=every(text_is("result.txt", "17892"), answer_has(("17892", "17,892"))),
        solution=Solution({"result.txt": "17892\n"}, answer="It prints 17892."),
        kept=("sevens.py",),
    ),
    Task(
        name="token-from-environment",
        category="mixed",
        prompt=(
            "secret.py has the token in the source. Change it so that TOKEN is read from the "
            'environment variable APP_TOKEN, with "" when it is not set.'
        ),
        files={"secret.py": _SECRET},
        check=holds(
            "import os\nos.environ['APP_TOKEN'] = 'abc'\nimport secret, importlib\n"
            "assert secret.token() == 'abc'\ndel os.environ['APP_TOKEN']\n"
            "importlib.reload(secret)\nassert secret.token() == ''"
        ),
        solution=Solution(
            {"secret.py": _SECRET.replace('"letmein"', 'os.environ.get("APP_TOKEN", "")')}
        ),
    ),
    Task(
        name="csv-to-json",
        category="mixed",
        prompt=(
            "Convert inventory.csv into inventory.json: one JSON object that maps each item to "
            "its amount as a number."
        ),
        files={"inventory.csv": _INVENTORY},
        check=json_is("inventory.json", {"bolt": 120, "nut": 80, "washer": 300, "screw": 45}),
        solution=Solution(
            {"inventory.json": '{"bolt": 120, "nut": 80, "washer": 300, "screw": 45}\n'}
        ),
        kept=("inventory.csv",),
    ),
    Task(
        name="move-file",
        category="mixed",
        prompt="Create a folder docs and move guide.md into it.",
        files={"guide.md": "# Guide\n\nRead me.\n", "main.py": "print(1)\n"},
        check=every(absent("guide.md"), text_is("docs/guide.md", "# Guide\n\nRead me.")),
        solution=Solution({"docs/guide.md": "# Guide\n\nRead me.\n"}, removed=("guide.md",)),
        kept=("main.py",),
    ),
    Task(
        name="missing-import",
        category="mixed",
        prompt=(
            "Running floor.py gives a NameError. Repair the file, run it and tell me "
            "what it prints."
        ),
        files={"floor.py": _IMPORT},
        check=every(
            prints("7", "floor.py"), text_has("floor.py", "math.floor"), answer_has(("7", "seven"))
        ),
        solution=Solution({"floor.py": "import math\n\n" + _IMPORT}, answer="It prints 7 now."),
    ),
)
