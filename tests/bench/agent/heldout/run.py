"""Held out: tasks that run something and report. Not for the eyes of those who tune."""

from __future__ import annotations

from textwrap import dedent

from tests.bench.agent.checks import answer_has
from tests.bench.agent.task import Solution, Task


def _d(text: str) -> str:
    return dedent(text).lstrip("\n")


_FIB = _d("""
    a, b = 0, 1
    for _ in range(40):
        a, b = b, a + b
    print(a)
""")

_BROKEN = _d("""
    prices = {"apple": 2, "pear": 3}
    basket = ["apple", "pear", "plum"]
    total = 0
    for item in basket:
        total += prices[item]
    print(total)
""")

_CHECK = _d("""
    import sys

    text = open("data.txt").read()
    odd = [n for n, line in enumerate(text.splitlines(), 1) if len(line.split(",")) != 3]
    print("bad lines:", odd)
    sys.exit(1 if odd else 0)
""")
_CHECK_DATA = "".join("a,b,c\n" if n not in (14, 29) else "a,b\n" for n in range(1, 41))

_TESTS = _d("""
    import unittest


    def double(x):
        return x + x if x < 100 else x


    class DoubleTest(unittest.TestCase):
        def test_small(self):
            self.assertEqual(double(4), 8)

        def test_zero(self):
            self.assertEqual(double(0), 0)

        def test_large(self):
            self.assertEqual(double(150), 300)

        def test_negative(self):
            self.assertEqual(double(-3), -6)


    if __name__ == "__main__":
        unittest.main()
""")

_SCRIPT = _d("""
    #!/usr/bin/env bash
    total=0
    for n in $(seq 1 57); do
      total=$((total + n * 3))
    done
    echo "total: $total"
""")

_WORDS = _d("""
    import sys

    counts = {}
    for word in open(sys.argv[1]).read().split():
        counts[word] = counts.get(word, 0) + 1
    best = max(counts, key=counts.get)
    print(best, counts[best])
""")
_POEM = ("rain on the road " * 3 + "river under bridge " * 5 + "the river bends ") * 2 + "\n"

TASKS: tuple[Task, ...] = (
    Task(
        name="run-fibonacci",
        category="run",
        prompt="Run fib.py. What number does it print?",
        files={"fib.py": _FIB},
        check=answer_has(("102334155", "102,334,155")),
        solution=Solution(answer="It prints 102334155."),
        kept=("fib.py",),
    ),
    Task(
        name="run-crash",
        category="run",
        prompt=(
            "Run basket.py. It fails: tell me the type of the exception and the key that "
            "is missing. Do not fix it."
        ),
        files={"basket.py": _BROKEN},
        check=answer_has("KeyError", "plum"),
        solution=Solution(answer="It raises a KeyError: 'plum' is missing from prices."),
        kept=("basket.py",),
    ),
    Task(
        name="run-validator",
        category="run",
        prompt="Run check.py and tell me which line numbers it reports as bad.",
        files={"check.py": _CHECK, "data.txt": _CHECK_DATA},
        check=answer_has("14", "29"),
        solution=Solution(answer="Lines 14 and 29 are bad."),
        kept=("check.py", "data.txt"),
    ),
    Task(
        name="run-unit-tests",
        category="run",
        prompt="Run the unit tests in test_double.py and tell me the name of the test that fails.",
        files={"test_double.py": _TESTS},
        check=answer_has("test_large"),
        solution=Solution(answer="test_large fails (150 instead of 300)."),
        kept=("test_double.py",),
    ),
    Task(
        name="run-shell-script",
        category="run",
        prompt="Execute sum.sh with bash and report the total.",
        files={"sum.sh": _SCRIPT},
        check=answer_has(("4959", "4,959")),
        solution=Solution(answer="The total is 4959."),
        kept=("sum.sh",),
    ),
    Task(
        name="run-with-argument",
        category="run",
        prompt=(
            "Run top_word.py with poem.txt as its argument. Which word is the most frequent and "
            "how often does it occur?"
        ),
        files={"top_word.py": _WORDS, "poem.txt": _POEM},
        check=answer_has("river", "12"),
        solution=Solution(answer='The most frequent word is "river": 12 times.'),
        kept=("top_word.py", "poem.txt"),
    ),
    Task(
        name="count-python-lines",
        category="run",
        prompt="Use wc to count the lines of records.txt and tell me how many there are.",
        files={"records.txt": "".join(f"{n};{n * 7 % 13}\n" for n in range(283))},
        check=answer_has("283"),
        solution=Solution(answer="records.txt has 283 lines."),
        kept=("records.txt",),
    ),
)
