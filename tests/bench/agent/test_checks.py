"""The checkers themselves: what they accept, and that a failure is False, not an exception."""

from pathlib import Path

import pytest

from tests.bench.agent import checks


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        ("It prints 42.", True),
        ("42", True),
        ("the sum is **42**, as asked", True),
        ("142", False),
        ("4.42", False),
        ("42.5", False),
        ("42,000", False),
        ("x42", False),
    ],
)
def test_a_fact_is_named_only_as_a_word_of_its_own(
    tmp_path: Path, answer: str, named: bool
) -> None:
    assert checks.answer_has("42")(tmp_path, answer) is named


def test_equal_wordings_and_case_do_not_matter(tmp_path: Path) -> None:
    assert checks.answer_has(("3", "three"), "Tax.py")(tmp_path, "Three, in tax.py.")


def test_answer_lacks(tmp_path: Path) -> None:
    assert checks.answer_lacks("b.py")(tmp_path, "a.py")
    assert not checks.answer_lacks("b.py")(tmp_path, "a.py and b.py")


def test_missing_files_are_false(tmp_path: Path) -> None:
    for check in (
        checks.text_is("a", ""),
        checks.text_has("a"),
        checks.text_lacks("a", "x"),
        checks.json_is("a", {}),
        checks.prints("", "a"),
        checks.outputs("x", "no-such-program"),
        checks.lines_are("a", ""),
        checks.edited("a", "x\n", "x", "y"),
        checks.csv_is("a", ["x"]),
        checks.unittest_passes("test_a"),
    ):
        assert check(tmp_path, "") is False


def test_code_that_exits_early_does_not_hold(tmp_path: Path) -> None:
    (tmp_path / "early.py").write_text("raise SystemExit(0)\n")
    assert not checks.holds("import early")(tmp_path, "")
    assert checks.holds("import json")(tmp_path, "")
    assert not checks.holds("assert False")(tmp_path, "")


def test_trailing_white_space_is_no_matter(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x  \ny\n\n")
    assert checks.text_is("a.txt", "x\ny")(tmp_path, "")
    assert not checks.text_is("a.txt", "x\n\ny")(tmp_path, "")


def test_bytes_that_are_not_text_are_false(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe")
    assert not checks.text_has("a.txt")(tmp_path, "")


def test_absent(tmp_path: Path) -> None:
    assert checks.absent("a")(tmp_path, "")
    (tmp_path / "a").mkdir()
    assert not checks.absent("a")(tmp_path, "")


def test_fails_is_the_opposite(tmp_path: Path) -> None:
    assert checks.fails(checks.holds("assert False"))(tmp_path, "")
    assert not checks.fails(checks.absent("a"))(tmp_path, "")


def test_meanwhile_lays_out_and_puts_back(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    there = checks.every(checks.text_is("a.txt", "new"), checks.text_is("b.txt", "new"))
    assert checks.meanwhile({"a.txt": "new", "b.txt": "new"}, there)(tmp_path, "")
    assert (tmp_path / "a.txt").read_text() == "old"
    assert not (tmp_path / "b.txt").exists()


def test_meanwhile_where_nothing_can_be_laid_out(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert not checks.meanwhile({"a": "x"}, checks.every())(tmp_path, "")


def test_blank_lines_are_no_matter_to_lines_are(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x\n\n\n  y \n")
    assert checks.lines_are("a.txt", "x\n  y\n")(tmp_path, "")
    assert not checks.lines_are("a.txt", "x\ny\n")(tmp_path, "")


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("a.b\nport = 2\nc\n", True),
        ("a.b\nport=2\nc", True),
        ("a.b\nport = 23\nc\n", False),
        ("a-b\nport = 2\nc\n", False),
        ("a.b\nport = 2\n", False),
        ("a.b\nport = 1\nc\n", False),
    ],
)
def test_edited_in_one_place_only(tmp_path: Path, text: str, passes: bool) -> None:
    (tmp_path / "a.ini").write_text(text)
    check = checks.edited("a.ini", "a.b\nport = 1\nc\n", "port = 1", "port *= *2")
    assert check(tmp_path, "") is passes


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("a,b\n1,2\n3,4\n", True),
        ('a, b\n\n"3", "4"\n1,2', True),
        ("b,a\n1,2\n3,4\n", False),
        ("1,2\n3,4\n", False),
        ("a,b\n1,2\n", False),
        ("a;b\n1;2\n3;4\n", False),
    ],
)
def test_csv_is(tmp_path: Path, text: str, passes: bool) -> None:
    (tmp_path / "a.csv").write_text(text)
    assert checks.csv_is("a.csv", ["a", "b"], ["1", "2"], ["3", "4"])(tmp_path, "") is passes


@pytest.mark.parametrize(("ends", "passes"), [("self.assertTrue(1)", True), ("self.fail()", False)])
def test_unittest_passes(tmp_path: Path, ends: str, passes: bool) -> None:
    (tmp_path / "test_a.py").write_text(
        f"import unittest\nclass T(unittest.TestCase):\n  def test_a(self):\n    {ends}\n"
    )
    assert checks.unittest_passes("test_a")(tmp_path, "") is passes
