"""What is told of changed files."""

import pytest

from edge.chat import ToolResult, ToolUse
from edge.prompts.coaching.files import KnownFile, known_files
from edge.prompts.coaching.findings import LOOKED_AT_LIMIT, doubled, leftovers, parse_problem
from edge.prompts.coaching.transcript import Step, steps
from tests.prompts.coaching.sessions import PROJECT, conversation, edit, read


@pytest.mark.parametrize(
    ("path", "text", "problem"),
    [
        ("a.py", "def f():\nreturn 1\n", "line 2: expected an indented block"),
        ("a.py", "x = (", "line 1: '(' was never closed"),
        ("a.json", '{"a": 1,}', "line 1:"),
        ("a.json", '{"a": {"b": 1, "b": 2}}', '"b" stands twice'),
        ("a.toml", "a = ", "Invalid value"),
        ("a.py", "x = 1\0", "null bytes"),
    ],
)
def test_problems(path: str, text: str, problem: str):
    assert problem in (parse_problem(KnownFile(path, text, whole=True)) or "")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", 'x = "\\d"\n'),
        ("a.py", "-" * 30_000 + "1"),
        ("a.json", "[" * 20_000),
        ("a.rs", "fn ("),
        ("a.py", "(" + " " * LOOKED_AT_LIMIT),
        ("a.py", ""),
    ],
)
def test_no_problem_or_none_known(path: str, text: str):
    assert parse_problem(KnownFile(path, text, whole=True)) is None


def test_a_part_of_a_file_is_not_judged():
    assert parse_problem(KnownFile("a.py", "    return 1")) is None


def left(words: str, *made: tuple[str, dict, str, bool]) -> list[str]:
    request = conversation(words, *made)
    return leftovers(steps(request.messages)[-1], words, known_files(request))


def test_a_renamed_name_still_stands():
    found = left(
        "Rename area to rectangle_area",
        read("main.py", "from shapes import area\nprint(area(3))\nsubarea = 1"),
        edit("main.py", "print(area(3))", "print(rectangle_area(3))"),
    )
    assert found == [f"{PROJECT}/main.py, line 1: from shapes import area"]


def test_a_version_still_stands():
    found = left(
        "Bump 1.4.0 to 1.5.0",
        read("README.md", "demo 1.4.0"),
        read("a.toml", 'v = "1.4.0"'),
        edit("a.toml", "1.4.0", "1.5.0"),
    )
    assert found == [f"{PROJECT}/README.md, line 1: demo 1.4.0"]


def test_words_the_task_does_not_name_are_left_alone():
    assert left("Fix it", read("a.py", "x = y\ny = 1"), edit("a.py", "x = y", "x = 2")) == []


def test_not_too_many():
    assert len(left("Drop y", read("a.py", "y\n" * 9 + "z"), edit("a.py", "y\nz", "z"))) <= 4


def doubled_after(text: str, old: str, new: str) -> list[str]:
    file = KnownFile("/p/a.py", text.replace(old, new, 1), whole=True)
    call = ToolUse("1", "Edit", {"file_path": "/p/a.py", "old_string": old, "new_string": new})
    return doubled(Step(call, ToolResult("1", ())), file)


def test_lines_that_were_written_twice():
    text = "first = 1\nsecond = 2\nthird = 3\n"
    assert doubled_after(text, "first = 1", "first = 9\nsecond = 2\nthird = 3") == [
        "second = 2",
        "third = 3",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("first = 1", "first = 9\nsecond = 2"),  # one line may be meant
        ("first = 1\nsecond = 2", "first = 9\nsecond = 2\nmore = 4"),
        ("first = 1", "first = 1\nsecond = 2\nother = 5\nthird = 3"),  # not together
    ],
)
def test_lines_that_are_no_doubles(old: str, new: str):
    assert doubled_after("first = 1\nsecond = 2\nthird = 3\n", old, new) == []


def test_doubles_in_a_file_that_is_not_wholly_known():
    file = KnownFile("/p/a.py", "a = 1000\nb = 2000\n" * 2)
    call = ToolUse("1", "Edit", {"old_string": "x", "new_string": "a = 1000\nb = 2000"})
    assert doubled(Step(call, ToolResult("1", ())), file) == []
