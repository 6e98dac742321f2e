"""Held out: tasks that edit one file. Not for the eyes of those who tune."""

from __future__ import annotations

from textwrap import dedent

from tests.bench.agent.checks import every, holds, json_is, text_is, text_lacks
from tests.bench.agent.task import Solution, Task


def _d(text: str) -> str:
    return dedent(text).lstrip("\n")


_STACK = _d("""
    class Stack:
        def __init__(self):
            self.items = []

        def push(self, item):
            self.items.append(item)

        def pop(self):
            return self.items.pop(0)
""")

_GRADES = _d("""
    def grade(points):
        if points > 90:
            return "A"
        if points > 75:
            return "B"
        return "C"
""")

_STYLE = _d("""
    body {
      margin: 2rem;
      color: #222;
    }

    p {
      line-height: 1.35;
      max-width: 38em;
    }
""")

_TEXT_TOOLS = _d("""
    def shout(text):
        return text.upper() + "!"
""")

_REVERSE = _d("""
    def reverse_words(sentence):
        words = sentence.split(" ")
        return " ".join(words)
""")

_USER = _d("""
    class User:
        def __init__(self, name, mail):
            self.name = name
            self.mail = mail

        def label(self):
            return self.name + " <" + self.mail + ">"
""")

_MENU = '{\n  "soup": 4.5,\n  "bread": 2,\n  "tea": 3\n}\n'

TASKS: tuple[Task, ...] = (
    Task(
        name="stack-pop",
        category="edit-one",
        prompt=("pop in stack.py removes the oldest item instead of the newest one. Fix this bug."),
        files={"stack.py": _STACK},
        check=holds(
            "from stack import Stack\ns = Stack()\ns.push(1)\ns.push(2)\ns.push(3)\n"
            "assert s.pop() == 3 and s.pop() == 2 and s.items == [1]"
        ),
        solution=Solution({"stack.py": _STACK.replace("pop(0)", "pop()")}),
    ),
    Task(
        name="grade-boundary",
        category="edit-one",
        prompt=(
            "In grades.py exactly 90 points should already be an A and exactly 75 a B. "
            "Correct the comparisons."
        ),
        files={"grades.py": _GRADES},
        check=holds(
            "from grades import grade\n"
            "assert [grade(p) for p in (100, 90, 89, 75, 74, 0)] == list('AABBCC')"
        ),
        solution=Solution({"grades.py": _GRADES.replace(" > ", " >= ")}),
    ),
    Task(
        name="paragraph-leading",
        category="edit-one",
        prompt="The line-height of paragraphs in style.css should be 1.6 instead of 1.35.",
        files={"style.css": _STYLE},
        check=text_is("style.css", _STYLE.replace("1.35", "1.6")),
        solution=Solution({"style.css": _STYLE.replace("1.35", "1.6")}),
    ),
    Task(
        name="add-whisper",
        category="edit-one",
        prompt=(
            "Add a function whisper(text) to text_tools.py that returns the text in lower case "
            'followed by "...". Keep shout.'
        ),
        files={"text_tools.py": _TEXT_TOOLS},
        check=holds(
            "from text_tools import shout, whisper\n"
            "assert whisper('Hey YOU') == 'hey you...' and shout('a') == 'A!'"
        ),
        solution=Solution(
            {
                "text_tools.py": _TEXT_TOOLS
                + '\n\ndef whisper(text):\n    return text.lower() + "..."\n'
            }
        ),
    ),
    Task(
        name="reverse-words",
        category="edit-one",
        prompt=(
            "reverse_words in words.py should return the words in reverse order, but it returns "
            "them unchanged. Fix it."
        ),
        files={"words.py": _REVERSE},
        check=holds(
            "from words import reverse_words\n"
            "assert reverse_words('one two three') == 'three two one'\n"
            "assert reverse_words('solo') == 'solo'"
        ),
        solution=Solution({"words.py": _REVERSE.replace("join(words)", "join(reversed(words))")}),
    ),
    Task(
        name="rename-method",
        category="edit-one",
        prompt="Rename the method label of the class User in user.py to display_name.",
        files={"user.py": _USER},
        check=every(
            holds(
                "from user import User\nu = User('Eve', 'eve@example.org')\n"
                "assert u.display_name() == 'Eve <eve@example.org>'\n"
                "assert not hasattr(u, 'label')"
            ),
            text_lacks("user.py", "def label"),
        ),
        solution=Solution({"user.py": _USER.replace("label", "display_name")}),
    ),
    Task(
        name="menu-price",
        category="edit-one",
        prompt="In menu.json the tea should cost 3.5 now. Change only that.",
        files={"menu.json": _MENU},
        check=json_is("menu.json", {"soup": 4.5, "bread": 2, "tea": 3.5}),
        solution=Solution({"menu.json": _MENU.replace('"tea": 3', '"tea": 3.5')}),
    ),
)
