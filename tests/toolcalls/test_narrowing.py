"""Texts cut into the pieces that an argument may be made of."""

from edge.toolcalls.narrowing import MAX_LINES, Narrowing, cuts, is_useful, terminals, texts_of


def test_cuts() -> None:
    assert cuts("def f():\n\treturn 1\n") == ["def f():", "\n", "\t", "return 1", "\n"]
    assert cuts("\n\nx") == ["\n", "\n", "x"]
    assert cuts("") == []


def test_single_lines_make_one_text_and_whole_texts_stay_apart() -> None:
    assert texts_of(["a\n", "b\n"]) == ["a\nb\n"]
    assert texts_of(["a\n", "b"]) == ["a\nb"]
    assert texts_of(["a\nb\n", "c\nd\n"]) == ["a\nb\n", "c\nd\n"]
    assert texts_of(["a\n", "b\nc\n", "d\n"]) == ["a\n", "b\nc\n", "d\n"]
    assert texts_of([]) == []


def test_terminals_are_escaped_for_their_place() -> None:
    narrowing = Narrowing("Edit", "old_string", ['say "é"\n'])
    assert r"say \\\"" in terminals(narrowing, "S", escaped=True)
    assert r"say \"" in terminals(narrowing, "S", escaped=False)
    assert "S: (S_0) & ~/" in terminals(narrowing, "S", escaped=True)


def test_lines_are_bounded() -> None:
    narrowing = Narrowing("Edit", "old_string", ["x\n" * (MAX_LINES - 5), "y\ny\n" * 50, "z\nz\n"])
    text = terminals(narrowing, "S", escaped=False)
    assert text.count('"x"') == MAX_LINES - 5
    assert 0 < text.count('"y"') <= 5
    assert '"z"' not in text


def test_useful() -> None:
    assert is_useful(Narrowing("Edit", "old_string", ["x"]))
    assert not is_useful(Narrowing("Edit", "old_string", ["\n", ""]))
    assert not is_useful(Narrowing("Edit", "old_string", []))
