"""Held out: tasks that create a file or a program. Not for the eyes of those who tune."""

from __future__ import annotations

from textwrap import dedent

from tests.bench.agent.checks import every, holds, json_is, outputs, prints, text_has, text_is
from tests.bench.agent.task import Solution, Task


def _d(text: str) -> str:
    return dedent(text).lstrip("\n")


TASKS: tuple[Task, ...] = (
    Task(
        name="squares-program",
        category="create",
        prompt=(
            "Write a Python script squares.py that prints the squares of 1 to 10, "
            "one number per line."
        ),
        files={},
        check=prints("\n".join(str(n * n) for n in range(1, 11)), "squares.py"),
        solution=Solution({"squares.py": "for n in range(1, 11):\n    print(n * n)\n"}),
    ),
    Task(
        name="temperature-module",
        category="create",
        prompt=(
            "Create temperature.py with two functions: c_to_f(c) converts Celsius to "
            "Fahrenheit, f_to_c(f) converts Fahrenheit to Celsius."
        ),
        files={},
        check=holds(
            "from temperature import c_to_f, f_to_c\n"
            "assert abs(c_to_f(100) - 212) < 1e-9 and abs(f_to_c(32)) < 1e-9\n"
            "assert abs(f_to_c(c_to_f(37)) - 37) < 1e-9"
        ),
        solution=Solution(
            {
                "temperature.py": _d("""
                    def c_to_f(c):
                        return c * 9 / 5 + 32


                    def f_to_c(f):
                        return (f - 32) * 5 / 9
                """)
            }
        ),
    ),
    Task(
        name="gitignore",
        category="create",
        prompt=("Add a .gitignore with exactly three lines: *.pyc, then build/, then .env"),
        files={"main.py": "print('ok')\n"},
        check=text_is(".gitignore", "*.pyc\nbuild/\n.env"),
        solution=Solution({".gitignore": "*.pyc\nbuild/\n.env\n"}),
        kept=("main.py",),
    ),
    Task(
        name="shell-greeter",
        category="create",
        prompt=(
            "Create a bash script greet.sh that takes a name as its first argument and "
            "prints: Hello, NAME! For example `bash greet.sh Ada` prints Hello, Ada!"
        ),
        files={},
        check=every(
            outputs("Hello, Ada!", "bash", "greet.sh", "Ada"),
            outputs("Hello, Bo!", "bash", "greet.sh", "Bo"),
        ),
        solution=Solution({"greet.sh": '#!/usr/bin/env bash\necho "Hello, $1!"\n'}),
    ),
    Task(
        name="people-csv",
        category="create",
        prompt=(
            "Make a CSV file people.csv with the header name,age and two rows: "
            "Ann is 31 and Ben is 45. No spaces after the commas."
        ),
        files={},
        check=text_is("people.csv", "name,age\nAnn,31\nBen,45"),
        solution=Solution({"people.csv": "name,age\nAnn,31\nBen,45\n"}),
    ),
    Task(
        name="package-json",
        category="create",
        prompt=(
            'Create package.json: name is "site", version is "0.1.0", private is true, and '
            'scripts has one entry, "start", whose value is "node server.js".'
        ),
        files={"server.js": "console.log('up');\n"},
        check=json_is(
            "package.json",
            {
                "name": "site",
                "version": "0.1.0",
                "private": True,
                "scripts": {"start": "node server.js"},
            },
        ),
        solution=Solution(
            {
                "package.json": _d("""
                    {
                      "name": "site",
                      "version": "0.1.0",
                      "private": true,
                      "scripts": {"start": "node server.js"}
                    }
                """)
            }
        ),
        kept=("server.js",),
    ),
    Task(
        name="palindrome-module",
        category="create",
        prompt=(
            "Create a file palindrome.py with a function is_palindrome(text) that returns True "
            "if the text reads the same backwards, ignoring case, and False otherwise."
        ),
        files={},
        check=every(
            holds(
                "from palindrome import is_palindrome as p\n"
                "assert p('Level') is True and p('') is True and p('abc') is False"
            ),
            text_has("palindrome.py", "def is_palindrome"),
        ),
        solution=Solution(
            {
                "palindrome.py": _d("""
                    def is_palindrome(text):
                        lowered = text.lower()
                        return lowered == lowered[::-1]
                """)
            }
        ),
    ),
)
