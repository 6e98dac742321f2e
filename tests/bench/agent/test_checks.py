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
